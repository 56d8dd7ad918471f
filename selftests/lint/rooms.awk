# SPDX-License-Identifier: GPL-2.0-only
# What the file "rooms" says, for the rules "includes" and "include-paths". Read with it as the first file.

function as_regex(glob)
{
	gsub(/[.+()|^$]/, "\\\\&", glob)
	gsub(/\*/, ".*", glob)
	return "^" glob "$"
}

# fits(NAME, PATTERNS): one of the patterns, separated by blanks, is for the name.
function fits(name, patterns,    list, n, i)
{
	n = split(patterns, list, " ")
	for (i = 1; i <= n; i++)
		if (name ~ as_regex(list[i]))
			return 1
	return 0
}

# room_of(FILE, TABLE): the longest name in the table that the file begins with, or "".
function room_of(file, table,    name, best)
{
	best = ""
	for (name in table)
		if (index(file, name) == 1 && length(name) > length(best))
			best = name
	return best
}

# normal(PATH): without "." and "..".
function normal(path,    part, n, i, out, m)
{
	n = split(path, part, "/")
	m = 0
	for (i = 1; i <= n; i++) {
		if (part[i] == "" || part[i] == ".")
			continue
		if (part[i] == ".." && m > 0)
			m--
		else
			out[++m] = part[i]
	}
	path = m ? out[1] : ""
	for (i = 2; i <= m; i++)
		path = path "/" out[i]
	return path
}

FNR == NR {
	if (/^#/ || NF == 0)
		next
	rest = $0
	if ($1 == "-I") {
		sub(/^-I +[^ ]+ */, "", rest)
		paths[$2] = rest
	} else {
		sub(/^[^ ]+ */, "", rest)
		if ($1 == "owned:")
			owned = rest
		else
			may[$1] = rest
	}
	next
}
