# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Sessions of iptables_trace without the tool. Source after ktap.sh and net.sh.
# shellcheck disable=SC2034 # what is set here is for the scripts that read this
# shellcheck disable=SC2154 # net.sh has been read before this

trace_bin=$(dirname "${BASH_SOURCE[0]}")/../bin
trace_bpf=$(dirname "${BASH_SOURCE[0]}")/../bpf
trace_work=$(mktemp -d)
cleanup_push rm -rf "$trace_work"
declare -A trace_pid

modprobe iptables_trace

# Classic BPF on a protocol number of IPv4, or of IPv6 without extension headers.
filter_ipv4() { echo "7,48 0 0 0,84 0 0 240,21 0 3 64,48 0 0 9,21 0 1 $1,6 0 0 65535,6 0 0 0"; }
# Echo requests and nothing else.
filter_ping='7,48 0 0 9,21 0 4 1,177 0 0 0,80 0 0 0,21 0 1 8,6 0 0 65535,6 0 0 0'
filter_ping6='6,48 0 0 6,21 0 2 58,48 0 0 40,21 1 0 128,6 0 0 0,6 0 0 65535'
filter_ipv6() { echo "7,48 0 0 0,84 0 0 240,21 0 3 96,48 0 0 6,21 0 1 $1,6 0 0 65535,6 0 0 0"; }

# trace_start NAME OPTION...: a session, see trace_run.c, with the programs of $trace_object in the namespace $right; what it
# prints goes to $trace_work/NAME.
trace_object=trace_record
trace_start()
{
	local name=$1
	shift
	rm -f "$trace_work/$name"
	nsenter --net="/run/netns/$right" -- "$trace_bin/trace_run" "$@" "$trace_bpf/$trace_object.bpf.o" \
		>"$trace_work/$name" 2>&1 &
	trace_pid[$name]=$!
	wait_until 20 grep -q '^ready' "$trace_work/$name" || {
		cat "$trace_work/$name"
		return 1
	}
}

# trace_stop NAME: ends it; all that it saw is in $trace_work/NAME then.
trace_stop()
{
	kill -TERM "${trace_pid[$1]}"
	wait "${trace_pid[$1]}"
}

trace_kill()
{
	kill -KILL "${trace_pid[$1]}"
	wait "${trace_pid[$1]}" 2>/dev/null
	true
}

# events NAME PATTERN: its events that match an extended regular expression.
events() { grep -E '^(enter|rule|leave|matches) ' "$trace_work/$1" | grep -E -- "$2"; }

count_events() { events "$1" "$2" | wc -l; }

# rules_of NAME [PATTERN]: the rules met, as the kernel's own TRACE names them.
rules_of()
{
	events "$1" "${2:-}" | awk '
		{ for (i = 2; i <= NF; i++) { n = index($i, "="); v[substr($i, 1, n - 1)] = substr($i, n + 1) } }
		$1 == "rule" { print v["table"] ":" v["chain"] ":" v["type"] ":" v["rule"] }'
}

# stat_of NAME FIELD: of its statistics, the last that it printed.
stat_of() { sed -n "s/^stats .*\\b$2=\\([^ ]*\\).*/\\1/p" "$trace_work/$1" | tail -n 1; }

# whole NAME: every packet's events are numbered 1, 2, 3 ..., and there are as many as the module says.
whole()
{
	local events
	events=$(stat_of "$1" events)
	awk -v events="$events" '
		/^(enter|rule|leave|matches) / {
			seen++
			packet = $2; sub(/.*=/, "", packet)
			seq = $3; sub(/.*=/, "", seq)
			if (seq != ++last[packet]) { print "packet " packet ": event " seq " after " last[packet] - 1; bad = 1 }
		}
		END {
			if (seen != events) { print "seen " seen " of " events; bad = 1 }
			exit bad
		}' "$trace_work/$1"
}

# observe_start, observe_stop: packets as others see them meanwhile; what was seen is in $trace_work/observed then.
observe_start()
{
	modprobe xt_mark
	"$trace_bin/trace_observe" "$trace_bpf/trace_observe.bpf.o" >"$trace_work/observed" 2>&1 &
	trace_pid[observe]=$!
	wait_until 20 grep -q '^ready' "$trace_work/observed" || {
		cat "$trace_work/observed"
		return 1
	}
}

observe_stop() { trace_stop observe; }

# observed PLACE PROTOCOL: "MARKED UNMARKED" packets.
observed()
{
	awk -v place="$1" -v protocol="$2" '
		$1 == place && $2 == protocol { marked = $4; unmarked = $6 }
		END { print marked + 0, unmarked + 0 }' "$trace_work/observed"
}

debugfs() { mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug; }

# probes: the kernel functions at which iptables_trace has probes, or others have.
probes()
{
	debugfs
	awk '{ sub(/\+.*/, "", $3); print $3 }' /sys/kernel/debug/kprobes/list | sort
}

# load_logger: what writes TRACE's lines to the kernel log; two modules before 5.13.
load_logger() { modprobe nf_log_syslog 2>/dev/null || modprobe -a nf_log_ipv4 nf_log_ipv6; }

# log_lines COMMAND...: what of the kernel's TRACE reaches its log meanwhile, without what differs between any two packets.
log_lines()
{
	local mark="mark $RANDOM$RANDOM"
	echo "$mark" >/dev/kmsg
	"$@" >/dev/null 2>&1
	dmesg | sed "0,/$mark/d" | grep -o 'TRACE: .*' | sed -E 's/ (ID|SPT|DPT|SEQ|ACK|FLOWLBL|WINDOW)=[0-9]+//g'
}

# Traffic on all CPUs, in both directions, from softirqs and from processes, until traffic_stop.
traffic=()
traffic_start()
{
	traffic=()
	# No more than the machine has time for besides the test: what is sent while the reader is busy would only be lost.
	local cpu sender interval=$((2000 * ${TEST_SLOWNESS:-1} * ${TEST_SLOWNESS:-1}))
	for ((cpu = 0; cpu < $(nproc); cpu++)); do
		sender=(nice -n 19 taskset -c "$cpu" "$trace_bin/udp_send" -i "$interval")
		nsenter --net="/run/netns/$left" -- "${sender[@]}" 192.0.2.2 9 >/dev/null 2>&1 &
		traffic+=($!)
		nsenter --net="/run/netns/$right" -- "${sender[@]}" 192.0.2.1 9 >/dev/null 2>&1 &
		traffic+=($!)
	done
}
traffic_stop()
{
	kill "${traffic[@]}"
	wait "${traffic[@]}" 2>/dev/null
}

# without_module: takes the module away, and it is gone.
without_module() { modprobe -r iptables_trace && [ ! -e /sys/module/iptables_trace ]; }

# walks NAME [PATTERN]: of its events that match: what the matches said and which rules were met, in order.
walks()
{
	events "$1" "${2:-.}" | awk '
		{ for (i = 2; i <= NF; i++) { n = index($i, "="); v[substr($i, 1, n - 1)] = substr($i, n + 1) } }
		$1 == "matches" { print v["said"] }
		$1 == "rule" { print v["chain"] ":" v["type"] ":" v["rule"] }' | xargs
}

# observed_walks NAME [PATTERN]: how many walks were observed, of how many.
observed_walks() { echo "$(events "$1" '^enter.*flags=[a-z,]*observed,' | grep -cE "${2:-.}") of $(events "$1" '^enter' | grep -cE "${2:-.}")"; }

# accounted NAME: each walk was observed, or is counted as one that was not.
accounted()
{
	local walks
	walks=$(observed_walks "$1")
	same "$((${walks% of *} + $(stat_of "$1" busy) + $(stat_of "$1" unknown)))" "${walks#* of }"
}

# name_again NAME: has the session observe what rules its tables have by now.
named() { [ "$(grep -c '^observing' "$trace_work/$1")" -gt "$2" ]; }
name_again()
{
	local before
	before=$(grep -c '^observing' "$trace_work/$1")
	kill -USR2 "${trace_pid[$1]}"
	wait_until 10 named "$1" "$before"
}
