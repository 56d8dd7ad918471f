#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule: a file includes only what its room may know (selftests/lint/rooms)
. "$(dirname "$0")/../lib.sh"

mapfile -t sources < <(lint_files '*.c' '*.h' '*.cc' '*.S')
[ ${#sources[@]} -gt 0 ] || exit 0

# A name is a header of the project if one has that name, seen from the including file or from any folder.
# shellcheck disable=SC2016 # awk's own
awk "$(cat "$lint_dir/rooms.awk")"'
	function header(name, from,    path) {
		path = normal(from "/" name)
		if (path in source)
			return path
		for (path in source)
			if (substr("/" path, length(path) + 1 - length(name)) == "/" name)
				return path
		return ""
	}
	BEGIN { for (i = 2; i < ARGC; i++) source[ARGV[i]] = 1 }
	/^[ \t]*#[ \t]*include[ \t]/ {
		what = $0
		sub(/^[ \t]*#[ \t]*include[ \t]*/, "", what)
		quote = substr(what, 1, 1)
		name = substr(what, 2)
		sub(/[">].*/, "", name)
		folder = FILENAME
		sub(/\/?[^\/]*$/, "", folder)
		room = room_of(FILENAME, may)
		where = FILENAME ":" FNR ": "
		path = header(name, folder)
		if (room == "")
			print where "stands in no room of selftests/lint/rooms"
		else if (path != "" && !fits(path, may[room]))
			print where room " may not include " path
		else if (path == "" && fits("<" name ">", owned) && !fits("<" name ">", may[room]))
			print where room " may not include <" name ">"
		else if (path == "" && quote == "\"" && !fits(name, "generated.h *.skel.h"))
			print where "no header of the project is called \"" name "\""
	}' "$lint_dir/rooms" "${sources[@]}"
