#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# observe_table.sh FILE: the rows of observe.sh as a table. Fails if one is missing, or if packets that no session selects pay
# for the observed matches of legacy tables.
awk -F '\t' '
	NF == 2 { cost[$1] = $2 }
	END {
		print "| beyond tracing | instructions |"
		print "|---|---|"
		n = split("a walk that is observed|a match that is observed|a table that is observed, of a packet that is not selected|" \
			  "a match in it|a chain that is observed|a match of iptables-nft that is observed|" \
			  "such a match, of a packet that is not selected", rows, "|")
		for (i = 1; i <= n; i++) {
			if (!(rows[i] in cost)) missing = 1
			printf "| %s | %s |\n", rows[i], cost[rows[i]]
		}
		if (cost["a table that is observed, of a packet that is not selected"] + cost["a match in it"] != 0) taxed = 1
		if (missing) print "a row is missing"
		if (taxed) print "packets that are not selected pay for matches that are observed"
		exit missing || taxed
	}' "$1"
