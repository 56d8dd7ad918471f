#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# trace_table.sh FILE [KERNEL]: the rows of trace.sh and reader.sh as a table. Fails if nobody's session costs anything, an event
# of ours costs more than one of the kernel's own trace, or one that is lost more than one that is written; and on the kernel
# for which it is promised, 6.12, if an event takes more than 900 instructions, as the mean of a packet's entry, its rule and
# its verdict, or a table more than 340 for a packet that is not selected.
awk -F '\t' -v kernel="${2:-}" '
	NF == 2 { cost[$1] = $2 }
	END {
		print "| tracing | instructions |"
		print "|---|---|"
		n = split("in-tree TRACE, a rule|ours, a rule|ours, mean of enter, rule and leave|" \
			  "ours with --cost, a rule|ours with --cost, mean of enter, rule and leave|" \
			  "written, a rule|written, mean of enter, rule and leave|lost, a rule|lost, mean of enter, rule and leave|" \
			  "a packet that is not selected|a packet that has not the mark|module loaded, no session|after a session|" \
			  "the search for the number of rule 10000", rows, "|")
		for (i = 1; i <= n; i++) {
			if (!(rows[i] in cost)) missing = 1
			printf "| %s | %s |\n", rows[i], cost[rows[i]]
		}
		if (cost["module loaded, no session"] != 0 || cost["after a session"] != 0) idle = 1
		if (cost["ours, a rule"] + 0 > cost["in-tree TRACE, a rule"] + 0) worse = 1
		if (cost["lost, a rule"] + 0 > cost["written, a rule"] + 0) slow = 1
		if (cost["lost, mean of enter, rule and leave"] + 0 > cost["written, mean of enter, rule and leave"] + 0) slow = 1
		if (kernel == "6.12") {
			if (cost["ours, mean of enter, rule and leave"] + 0 > 900) over = 1
			if (cost["a packet that is not selected"] + 0 > 340 || cost["a packet that has not the mark"] + 0 > 340) over = 1
		}
		if (missing) print "a row is missing"
		if (idle) print "tracing costs something where nobody traces"
		if (worse) print "our trace costs more than the in-tree one"
		if (slow) print "an event that is lost costs more than one that is written"
		if (over) print "a figure is beyond what is promised: 900 an event, 340 a table for a packet that is not selected"
		exit missing || idle || worse || slow || over
	}' "$1"
