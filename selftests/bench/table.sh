#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# table.sh FILE: the rows of match.sh as a table. Fails if our match costs more than the in-tree one.
awk -F '\t' '
	NF == 2 { cost[$1] = $2 }
	END {
		print "| rule that does not match | legacy | its own | nft | its own |"
		print "|---|---|---|---|---|"
		n = split("floor,address,in-tree pinned,ours pinned", rows, ",")
		for (i = 1; i <= n; i++) {
			printf "| %s |", rows[i]
			for (t = 1; t <= 2; t++) {
				tool = t == 1 ? "iptables-legacy" : "iptables-nft"
				all = cost[tool " " rows[i]]
				own = all - cost[tool " floor"]
				if (rows[i] ~ /pinned/) printf " %.1f | %.1f |", all, own
				else printf " %.1f | |", all
				if (all == "") missing = 1
				if (rows[i] == "ours pinned" && all > cost[tool " in-tree pinned"]) worse = 1
			}
			print ""
		}
		if (missing) print "a row is missing"
		if (worse) print "our match costs more than the in-tree one"
		exit missing || worse
	}' "$1"
