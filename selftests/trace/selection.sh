#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What is asked of packets besides the expression is held against them in the kernel: others are not traced, also those that
# differ a little.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/trace.sh
. lib/trace_select.sh

make_pair
make_far
in_right iptables-legacy-restore <<-END
	*raw
	-A PREROUTING -p udp -m udp --dport 7 -j ACCEPT
	COMMIT
	*mangle
	-A PREROUTING -p udp -m udp --dport 6 -j MARK --set-xmark 0x7/0xffffffff
	-A PREROUTING -p udp -m udp --dport 7 -j MARK --set-xmark 0x17/0xffffffff
	-A PREROUTING -p udp -m udp --dport 8 -j MARK --set-xmark 0x27/0xffffffff
	COMMIT
	*filter
	-A INPUT -p udp -j ACCEPT
	-A FORWARD -p udp -j ACCEPT
	-A OUTPUT -p udp -j ACCEPT
	COMMIT
END
in_left iptables-legacy -A OUTPUT -p udp -j ACCEPT
in_far iptables-legacy -A INPUT -p udp -j ACCEPT

forwarded() { in_left bin/send_packet 192.0.2.1 198.51.100.2 17 "$(udp_payload "$1")"; }
backward() { in_far bin/send_packet 198.51.100.2 192.0.2.1 17 "$(udp_payload "$1")"; }
# send PORT [COMMAND...]: a datagram of a process of the right namespace.
send() { in_right "${@:2}" bash -c "echo x >/dev/udp/192.0.2.1/$1"; }

ktap_plan 10
asked --in eth0 --out eth1
udp 1
backward 3
forwarded 2
done_after 1
check "--in and --out hold at the same table" same "$(begins)" "2 mangle FORWARD"
asked --in eth
udp 1
trace_stop asked
check "--in is the whole name of a device" same "$(begins)" ""
asked --in eth1+
udp 1
send 2
backward 3
done_after 1
check "... or with a + the beginning of one" same "$(begins)" "3 raw PREROUTING"
asked --mark 0x10/0xf0
udp 6
udp 8
udp 7
done_after 1
check "--mark is compared under its mask, from where it is set" same "$(begins)" "7 mangle INPUT"
asked --hook input,FORWARD
send 3
udp 1
forwarded 2
done_after 2
check "--hook" same "$(begins)" $'1 mangle INPUT\n2 mangle FORWARD'
check "... and nothing of others is shown" same "$(of enter .hook | sort -u | xargs)" "FORWARD INPUT"
asked --table filter
udp 1
done_after 1
check "--table, and nothing of others is shown" same "$(begins), $(of enter .table | xargs)" "1 filter INPUT, filter"

asked --netns "$right" --netns "$far"
forwarded 1
done_after 2
check "--netns takes several, and no others" same "$(of enter .netns | sort -u)" "$(printf '%s\n' "$far" "$right" | sort)"
brief=brief-${right#right-}
ip netns add "$brief"
cleanup_push ip netns del "$brief"
in_netns "$brief" iptables-legacy -A OUTPUT -p udp -j ACCEPT
ip -n "$brief" link set lo up
asked --netns "$right" --netns "$brief"
in_netns "$brief" bin/send_packet 127.0.0.1 127.0.0.1 17 "$(udp_payload 1)"
ip netns del "$brief"
wait_until 10 has_traced 2
udp 2
done_after 3
check "a trace of several goes on when one has ended" same "$(begins)" $'1 filter INPUT\n1 filter OUTPUT\n2 raw PREROUTING'

refused() { says "$1" iptables-trace --netns "$right" "${@:2}"; }
check "a name longer than a device can have" refused 'longer than a name can be' --in a234567890123456 udp
ktap_end
