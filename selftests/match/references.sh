#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Who keeps a program alive: its rules, and nobody after them. Programs are watched by id, as bpftool lists them.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/match.sh

ktap_plan 11

legacy_interface
make_pair
load_ours || exit 1

# pinned OBJECT [TYPE]: loads it, leaves its pin at $pin_dir/program and its id in $id.
pinned()
{
	rm -f "$pin_dir/program"
	pin "$1" program "${2:-socket}" && id=$(program_id program)
}

freed() { wait_until 10 program_gone "$id" || { bpftool prog show id "$id"; return 1; }; }

# The rule is the last to hold the program, and goes on running it.
kept_by_a_rule()
{
	pinned match_all && in_right "$1" -A INPUT -p udp -m bpf --object-pinned "$pin_dir/program" || return 1
	rm "$pin_dir/program"
	datagrams 2 "$(peer_of "$1")" 1000
	same "$(counts "$1")" "filter INPUT 2" && program_exists "$id" || return 1
	in_right "$1" -F && freed && held xt_ebpf 0
}

# An unrelated change makes the kernel look up all programs of a legacy table again, and let go of the old ones.
kept_once()
{
	local i
	pinned match_all && in_right "$1" -A INPUT -p udp -m bpf --object-pinned "$pin_dir/program" || return 1
	for i in 1 2 3 4 5; do in_right "$1" -A INPUT -p tcp --dport "$i" || return 1; done
	rm "$pin_dir/program"
	in_right "$1" -F && freed && held xt_ebpf 0
}

# A restore that fails at its last rule changes nothing: not the table, not what is held.
failed_restore()
{
	local status=0 good wrong
	pinned match_all && good=$id && pin match_none wrong xdp && wrong=$(program_id wrong) || return 1
	in_right "$1" -A INPUT -p udp -m bpf --object-pinned "$pin_dir/program" || return 1
	{
		echo '*filter'
		for i in 1 2 3 4; do echo "-A INPUT -m bpf --object-pinned $pin_dir/program -m bpf --bytecode \"$code_all\""; done
		echo "-A INPUT -m bpf --object-pinned $pin_dir/wrong"
		echo COMMIT
	} | in_right "$1-restore" 2>/dev/null && { echo "it was restored"; return 1; }
	held xt_ebpf 1 && same "$(counts "$1")" "filter INPUT 0" || return 1
	rm "$pin_dir/program" "$pin_dir/wrong"
	in_right "$1" -F
	id=$wrong && freed && id=$good && freed && held xt_ebpf 0
}

for tool in iptables-legacy iptables-nft; do
	check "$tool: a program lives as long as its rule" kept_by_a_rule "$tool"
	check "$tool: a program is held once, however often the table changes" kept_once "$tool"
	check "$tool: a restore that fails holds nothing" failed_restore "$tool"
	drop_rules
done

# let_go WORD: a rule by WORD is refused, for the type of the program, which then is not held.
let_go()
{
	pinned match_all xdp || return 1
	same "$(in_right bin/nft_rule ip 1 "$1")" EINVAL && same "$(in_right bin/xt_rule raw 0 "$1")" EINVAL || return 1
	rm "$pin_dir/program"
	freed && held xt_ebpf 0
}
check "a program of the wrong type is not held, by path" let_go "path=$pin_dir/program"
check "a program of the wrong type is not held, by file descriptor" let_go "open=$pin_dir/program"

held_by_descriptor()
{
	pinned match_all && in_right "${@:1:$#-1}" "open=$pin_dir/program" || return 1
	rm "$pin_dir/program"
	program_exists "$id" && held xt_ebpf 1 || return 1
	drop_rules
	freed
}
check "nft: a rule by file descriptor keeps its program" held_by_descriptor bin/nft_rule ip 1 -
check "legacy: a rule by file descriptor keeps its program" held_by_descriptor bin/xt_rule raw 0 -

gone_with_namespace()
{
	local ns=${left/left/short}
	pinned match_all && ip netns add "$ns" || return 1
	in_netns "$ns" bin/xt_rule raw 0 "path=$pin_dir/program" && in_netns "$ns" bin/nft_rule ip 0 "path=$pin_dir/program"
	held xt_ebpf 2
	rm "$pin_dir/program"
	ip netns del "$ns"
	freed && held xt_ebpf 0
}
check "a program goes with the network namespace of its rules" gone_with_namespace

ktap_end
