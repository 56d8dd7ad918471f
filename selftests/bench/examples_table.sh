#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# examples_table.sh FILE: the rows of examples.sh as a table, and as JSON beside FILE.
awk -F '\t' -v json="$(dirname "$1")/examples.json" '
	NF == 2 { cost[$1] = $2 }
	function cell(tool, what) {
		if (what == "") return ""
		if (cost[tool " " what] == "") missing = missing " \"" tool " " what "\""
		printf("%s  \"%s %s\": %d", (cells++ ? ",\n" : ""), tool, what, cost[tool " " what]) >json
		return cost[tool " " what]
	}
	function row(program, what, rules, said) {
		printf "| `%s` | %s | %s | %s | %s | %s |\n", said ? said : program, cell("iptables-legacy", program), cell("iptables-nft", program),
			rules, cell("iptables-legacy", what), cell("iptables-nft", what)
	}
	END {
		printf "{\n" >json
		print "| example, of a packet that does not match | legacy | nft | instead of | legacy | nft |"
		print "|---|---|---|---|---|---|"
		row("address_set of 1000", "1000 addresses", "1,000 rules with `-s`")
		row("address_set of 5000", "5000 addresses", "5,000 rules with `-s`")
		row("port_set", "100 ports", "100 rules with `-p udp --dport`")
		row("source_rate", "hashlimit", "`-m hashlimit --hashlimit-above`")
		row("vxlan_vni", "u32 of VNI", "`-m u32`, one VNI")
		row("syn_without_mss", "no tcp-option", "`--syn -m tcp ! --tcp-option 2`")
		row("dns_name", "string of a name", "`-m string --icase`, one name")
		row("dhcp_client_id", "string of an id", "`-m string`, one client")
		row("payload_string in a kilobyte", "string in a kilobyte", "`-m string --to`")
		row("payload_string at the beginning", "string at the beginning", "`-m string --from --to`")
		row("tcp_fingerprint", "", "")
		printf "\n}\n" >json
		if (missing) print "missing:" missing
		exit missing != ""
	}' "$1"
