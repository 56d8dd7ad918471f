#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# trace_table.sh FILE: the rows of trace.sh as a table. Fails if nobody's session costs anything, or an event of ours costs
# more than one of the kernel's own trace.
awk -F '\t' '
	NF == 2 { cost[$1] = $2 }
	END {
		print "| tracing | instructions |"
		print "|---|---|"
		n = split("in-tree TRACE, a rule|ours, a rule|ours, mean of enter, rule and leave|" \
			  "ours with --cost, a rule|ours with --cost, mean of enter, rule and leave|" \
			  "a packet that is not selected|a packet that has not the mark|module loaded, no session|after a session", rows, "|")
		for (i = 1; i <= n; i++) {
			if (!(rows[i] in cost)) missing = 1
			printf "| %s | %s |\n", rows[i], cost[rows[i]]
		}
		if (cost["module loaded, no session"] != 0 || cost["after a session"] != 0) idle = 1
		if (cost["ours, a rule"] + 0 > cost["in-tree TRACE, a rule"] + 0) worse = 1
		if (missing) print "a row is missing"
		if (idle) print "tracing costs something where nobody traces"
		if (worse) print "our trace costs more than the in-tree one"
		exit missing || idle || worse
	}' "$1"
