#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# nft_table.sh FILE: the rows of nft.sh as a table. Fails if nobody's session costs anything, or an event of ours costs more
# than one of the kernel's own trace.
awk -F '\t' '
	NF == 2 { cost[$1] = $2 }
	END {
		print "| tracing in nf_tables | instructions |"
		print "|---|---|"
		n = split("nft monitor trace, a rule|ours, a rule of nf_tables|ours, mean of enter, rule and leave of a chain|" \
			  "a packet in a chain that is not selected|such a packet, a rule|in a chain after a session", rows, "|")
		for (i = 1; i <= n; i++) {
			if (!(rows[i] in cost)) missing = 1
			printf "| %s | %s |\n", rows[i], cost[rows[i]]
		}
		if (cost["in a chain after a session"] != 0) idle = 1
		if (cost["ours, a rule of nf_tables"] + 0 > cost["nft monitor trace, a rule"] + 0) worse = 1
		if (missing) print "a row is missing"
		if (idle) print "tracing costs something where nobody traces"
		if (worse) print "our trace costs more than the in-tree one"
		exit missing || idle || worse
	}' "$1"
