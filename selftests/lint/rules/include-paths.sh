#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule: a room's Makefile gives it no other room's folders (selftests/lint/rooms)
. "$(dirname "$0")/../lib.sh"

mapfile -t makefiles < <(lint_files '*Makefile' '*Kbuild' '*Kbuild.include' '*.mk')
[ ${#makefiles[@]} -gt 0 ] || exit 0

# Folders of the system, and those under build/, belong to nobody.
# shellcheck disable=SC2016 # awk's own
awk "$(cat "$lint_dir/rooms.awk")"'
	/^#/ { next }
	{
		line = $0
		while (match(line, /-(I|isystem|iquote) *[^ ]+/)) {
			dir = substr(line, RSTART, RLENGTH)
			line = substr(line, RSTART + RLENGTH)
			sub(/^-(isystem|iquote|I) */, "", dir)
			if (dir ~ /^\/usr\// || dir ~ /^\$\(([A-Z_]*BUILD|obj|compat-obj)\)/)
				continue
			folder = FILENAME
			sub(/\/?[^\/]*$/, "", folder)
			sub(/^\$\((src|CURDIR)\)/, ".", dir)
			path = normal(folder "/" dir)
			room = room_of(FILENAME, paths)
			if (!fits(path, paths[room]))
				print FILENAME ":" FNR ": " (room == "" ? "no room" : room) " may not have -I " path
		}
	}' "$lint_dir/rooms" "${makefiles[@]}"
