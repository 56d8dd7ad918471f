# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # pin_dir is from match.sh
#
# Whether a program can be moved to another CPU while it runs. Source after match.sh.

# stays_on_cpu NAME MAKE_RULE...: a case: a program that lingers, in the output path of a process that is pushed from CPU to
# CPU meanwhile, behind the rule that MAKE_RULE adds to the right namespace.
stays_on_cpu()
{
	if ! preempt_everywhere; then
		ktap_skip "$1" "this kernel never preempts in the kernel"
	elif [ ! -e "$pin_dir/linger" ] && ! pin linger linger; then
		ktap_skip "$1" "this kernel has no bpf_loop()"
	else
		check "$1" pushed_around "${@:2}"
	fi
}

# preempt_everywhere: makes the kernel preempt where a program could be preempted at all, until the script ends.
preempt_everywhere()
{
	local file=/sys/kernel/debug/sched/preempt mode
	[[ $(uname -v) != *' PREEMPT '* ]] || return 0
	mode=$(sed -n 's/.*(\(.*\)).*/\1/p' "$file" 2>/dev/null)
	[ -n "$mode" ] && echo full >"$file" && cleanup_push eval "echo $mode >$file"
}

lingered() { bpftool -j map lookup pinned "$pin_dir/linger-maps/lingered" key "$1" 0 0 0 | jq .formatted.value; }

pushed_around()
{
	local runs moves
	drop_rules
	load_ours && "$@" || return 1
	runs=$(lingered 0) moves=$(lingered 1)
	in_right bin/udp_send -n 100 -H 192.0.2.1 1000
	same "$(($(lingered 0) - runs)) runs, $(($(lingered 1) - moves)) moved" "100 runs, 0 moved"
}
