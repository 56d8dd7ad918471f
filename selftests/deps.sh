#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# deps.sh: installs what selftests/deps lists and this machine lacks; says what, asks nothing.

set -euo pipefail
list=$(dirname "$0")/deps
missing=()
while read -r package _; do
	case $package in '' | '#'*) continue ;; esac
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done <"$list"
[ ${#missing[@]} -gt 0 ] || exit 0

command -v apt-get >/dev/null || {
	echo "This machine has no apt-get. Install the equivalents of: ${missing[*]}" >&2
	exit 1
}
sudo=()
[ "$(id -u)" = 0 ] || sudo=(sudo)
echo "==> installing ${missing[*]}" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() { "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install "${missing[@]}"; }
{ "${sudo[@]}" apt-get -q update && install; } >"$log" 2>&1 || {
	tail -n 20 "$log" >&2
	echo "deps.sh: could not install: ${missing[*]}" >&2
	exit 1
}
