#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# dkms-source.sh DIR: puts what DKMS needs, and no more, into DIR/iptables-ebpf-VERSION, and prints that name. The one
# place that knows the list; kernel/ includes nothing from outside it.

set -e
dir=${1:?usage: dkms-source.sh DIR}
top=$(cd "$(dirname "$0")/.." && pwd)
version=$(sed -n 's/.*IPTABLES_EBPF_VERSION "\(.*\)"/\1/p' "$top/kernel/version.h")
mkdir -p "$dir"
target=$(cd "$dir" && pwd)/iptables-ebpf-$version

cd "$top"
find Kbuild dkms.conf LICENSE kernel -type f ! -name '.*' ! -name '*~' | while read -r file; do
	install -D -m 644 "$file" "$target/$file"
done
echo "$target"
