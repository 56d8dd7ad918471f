# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Traces without what differs from run to run and from kernel to kernel: times, numbers that the kernel chose, and the order in
# which packets came to their ends. Each function reads standard input. Source after trace.sh.

# masked tree|line|folded|json
masked()
{
	case $1 in
	tree) trees_by_packet | mask_text ;;
	line) lines_by_packet | mask_text ;;
	folded) sed -E 's/ [0-9]+$/ N/' ;;
	json) mask_json ;;
	esac
}

mask_text()
{
	sed -E -e 's/^[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6} /TIME /' \
		-e 's/(^| )[0-9]+\.[0-9] [um]?s( |$|,)/\1T\2/g' \
		-e 's/(request|reply) id [0-9]+ seq/\1 id ID seq/'
}

# Only where somebody else measures, or the kernel gives them, are there segment_ns, net_ns and cookies; and only newer kernels
# have nf_tables take a packet away that it drops.
mask_json()
{
	jq -cs '
		def mask: walk(if type == "object" then del(.netns_cookie, .net_ns, .segment_ns) | with_entries(
			if .key | IN("time", "kernel", "tool", "netns_inode", "cpu", "walk", "parent_walk", "ruleset", "generation",
				"handle", "handles", "index", "id", "echo_id", "header", "duration_ns") then .value = "-"
			elif .key == "flags" then .value -= ["stolen"] else . end) else . end);
		def place: if .type == "start" then [0]
			elif .type == "ruleset" or .type == "nft_ruleset" then [1, .type, .family, .table]
			elif .type == "summary" then [3]
			else [2, .packet] end;
		sort_by(place)[] | mask'
}
