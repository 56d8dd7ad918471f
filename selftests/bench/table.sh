#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# table.sh FILE: the rows of match.sh as a table, and as JSON beside FILE. Fails if our match costs more than the in-tree one.
awk -F '\t' -v json="$(dirname "$1")/match.json" '
	NF == 2 { cost[$1] = $2 }
	END {
		print "| rule that does not match | legacy | its own | nft | its own |"
		print "|---|---|---|---|---|"
		n = split("floor;address;port;u32;in-tree pinned;ours pinned;ours pinned, revision 2;counted;timed", rows, ";")
		said["floor"] = "any match that returns false at once"
		said["address"] = "`-s 198.51.100.1`"
		said["port"] = "`-p udp --dport 10`"
		said["u32"] = "`-m u32`, a UDP port"
		said["in-tree pinned"] = "in-tree `-m bpf --object-pinned`"
		said["ours pinned"] = "ours, revision 1"
		said["ours pinned, revision 2"] = "ours, revision 2"
		said["counted"] = "ours, revision 2, runs and matches counted"
		said["timed"] = "ours, revision 2, and timed"
		printf "{\n" >json
		for (i = 1; i <= n; i++) {
			printf "| %s |", said[rows[i]]
			for (t = 1; t <= 2; t++) {
				tool = t == 1 ? "iptables-legacy" : "iptables-nft"
				all = cost[tool " " rows[i]]
				if (all == "") missing = missing " \"" tool " " rows[i] "\""
				if (i > 4) printf " %.1f | %.1f |", all, all - cost[tool " floor"]
				else printf " %.1f | |", all
				printf("%s  \"%s: %s\": %.1f", (i + t > 2 ? ",\n" : ""), (t == 1 ? "legacy" : "nft"), rows[i], all) >json
				if (rows[i] ~ /^ours/ && all > cost[tool " in-tree pinned"]) worse = 1
			}
			print ""
		}
		printf "\n}\n" >json
		if (missing) print "missing:" missing
		if (worse) print "our match costs more than the in-tree one"
		exit missing || worse
	}' "$1"
