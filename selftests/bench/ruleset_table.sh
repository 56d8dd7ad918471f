#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# ruleset_table.sh FILE: the rows of ruleset.sh as a table. Fails if rules of ours cost more than one and a half times what
# rules with a comment cost, or keep more than one program.
awk -F '\t' '
	NF == 2 { cost[$1] = $2 }
	function times(what, column,   all) {
		all = cost[column ": " what]
		if (all == "-") return "refused"
		if (all == "") { missing = missing " \"" column ": " what "\""; return "" }
		all /= cost[column ": comment"]
		if (what !~ /^in-tree/ && all > 1.5) dear = dear " \"" column ": " what "\""
		return sprintf("%.2f", all)
	}
	END {
		print "| 5,000 rules with | legacy: restore | append | programs | nft: restore | append | programs |"
		print "|---|---|---|---|---|---|---|"
		n = split("comment|pinned|bytecode|expression|in-tree pinned|in-tree bytecode", rows, "|")
		for (i = 1; i <= n; i++) {
			printf "| %s |", rows[i]
			for (t = 1; t <= 2; t++) {
				tool = t == 1 ? "iptables-legacy" : "iptables-nft"
				programs = cost[tool " programs: " rows[i]]
				if (rows[i] !~ /^in-tree/ && programs > 1) many = 1
				printf " %s | %s | %d |", times(rows[i], tool " restore"), times(rows[i], tool " append"), programs
			}
			print ""
		}
		if (missing) print "missing:" missing
		if (dear) print "more than 1.5 times the cost of a comment:" dear
		if (many) print "rules that say the same keep more than one program"
		exit missing || dear || many
	}' "$1"
