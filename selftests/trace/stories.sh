#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The guide "Debugging with iptables-trace" is true: this types what stands in it, story by story, and compares. Of its
# blocks, "sh" makes the network (anew for each story), "iptables-save" is what the router's rules are set to, and in
# "console" a prompt names the host of a command, and what follows is what the command prints. While iptables-trace runs, what
# the client tried last is tried again. With GUIDE_RENEWED=FILE, FILE becomes the guide with what was really printed.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh

guide=${GUIDE:-/usr/share/doc/iptables-ebpf/debugging.md}
hosts='client router server'
prompt="^(${hosts// /|})([#$]) (.+)$"
[ -r "$guide" ] || skip_all "the guide is not installed"
for host in $hosts; do
	[ ! -e "/run/netns/$host" ] || skip_all "there is a network namespace with the name $host already"
done

work=$(mktemp -d)
cleanup_push rm -rf "$work"
renewed=${GUIDE_RENEWED:-/dev/null}
: >"$renewed"
# As the guide says it, whatever this host's own default is.
mkdir "$work/bin"
for tool in iptables iptables-save iptables-restore; do ln -s "$(command -v "${tool/tables/tables-legacy}")" "$work/bin/$tool"; done
export PATH="$work/bin:$PATH"

on() { nsenter --net=/run/netns/"$1" -- "${@:2}"; }

remove_network()
{
	local host pids
	for host in $hosts; do
		[ -e "/run/netns/$host" ] || continue
		mapfile -t pids < <(ip netns pids "$host")
		[ ${#pids[@]} = 0 ] || kill "${pids[@]}"
		ip netns del "$host"
	done
}
cleanup_push remove_network

listening() { on server ss -Hlnt | grep -q ':443 ' && on router ss -Hlnt | grep -q ':9100 '; }
make_network()
{
	remove_network
	bash -e "$work/sh" >/dev/null 2>&1
	{
		wait_until 10 on client ping -nqc1 -W1 10.0.2.2
		wait_until 10 on client ping -nqc1 -W1 10.0.4.1
		wait_until 10 listening
	} | diag
}

# Ends by itself, or is ended: then it shows no summary of its own accord, and differs.
is_over() { ! kill -0 "$1"; }
under_way() { grep -q '^iptables-trace: tracing' "$work/trace" || is_over "$1"; }
trace_it()
{
	local pid
	# That an earlier one was under way says nothing.
	: >"$work/trace"
	nsenter --net=/run/netns/"$1" -- bash -c "exec $2" >"$work/trace" 2>&1 &
	pid=$!
	wait_until 30 under_way $pid
	on client bash -c "$tried" >/dev/null 2>&1
	wait_until 20 is_over $pid || kill $pid
	wait $pid 2>/dev/null
	cat "$work/trace"
}

# What differs from run to run: time of day, durations, the port of a client, round trip times, how much of a connection
# came after the packet that was asked for.
steady()
{
	sed -E -e 's/^[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6} /TIME /' -e 's/  [0-9.]+ (u|m)?s$/  T/' \
		-e 's/(10\.0\.[0-9]\.[0-9]:)(3[2-9]|[45][0-9]|6[0-5])[0-9]{3}\b/\1PORT/g' \
		-e 's/echo (request|reply) id [0-9]+/echo \1 id ID/' -e 's/^rtt .*/RTT/; s/, time [0-9]+ms$/, time T/' \
		-e 's/(packets?), [0-9]+ events,/\1, N events,/' -e 's/ +$//'
}

# What a command prints is what stands in the guide; one that prints nothing succeeds.
tells_the_truth()
{
	same "$(steady <<<"$printed")" "$(steady <<<"$told")" && { [ -n "$told" ] || [ "$ended" = 0 ]; }
}

# run_command: what it prints is left in $printed, how it ends in $ended.
run_command()
{
	printed='' ended=0
	[ -z "$left_out" ] || return 0
	case $command in
	iptables-trace*) printed=$(trace_it "$host" "$command") || ended=$? ;;
	*) printed=$(on "$host" bash -c "$command" 2>&1) || ended=$? ;;
	esac
	[ "$host$sign" != 'client$' ] || tried=$command
}

# After the last line of what a command prints: runs it and compares.
finish_command()
{
	[ -n "$command" ] || return 0
	run_command
	told=${told%$'\n'}
	step=$((step + 1))
	check "$story, step $step: $command" tells_the_truth
	[ -z "$printed" ] || printf '%s\n' "$printed" >>"$renewed"
	command='' told=''
}

# rules_are FILE: iptables-save shows them as the story does, in whatever order of tables.
rules_are()
{
	same "$(sed -n 's/^\*//p' "$1" | while read -r table; do on router iptables-save -t "$table" | grep '^[-*]'; done)" \
		"$(grep '^[-*]' "$1")"
}

# story_wanted STORY: one of its cases is, by their names.
story_wanted()
{
	local name
	while read -r name; do
		wanted "$name" && return 0
	done < <(awk -v story="$1" -v prompt="$prompt" '/^## / { on = $0 == "## " story }
		on && /^```iptables-save/ { print story ": the rules" }
		on && $0 ~ prompt { sub(/^[a-z]*[#$] /, ""); print story ", step " ++step ": " $0 }' "$guide")
	return 1
}

ktap_plan $(($(grep -cE "$prompt" "$guide") + $(grep -c '^```iptables-save' "$guide") + 1))
check "there are five stories, each with a trace before the repair and one after it" \
	same "$(awk '/^## [0-9]/ { stories++ } /^router# iptables-trace/ { traces[stories]++ }
		END { for (s = 1; s <= stories; s++) printf "%d ", traces[s] }' "$guide")" '2 2 2 2 2 '

story='' block='' command='' told='' tried='' step=0 left_out=''
while IFS= read -r line <&3; do
	case "$block $line" in
	' ```'*[a-z])
		block=${line#\`\`\`}
		[ "$block" = console ] || : >"$work/$block"
		;;
	' ## '[0-9]*)
		story=${line#'## '} step=0 tried='' left_out=''
		if story_wanted "$story"; then make_network; else left_out=1; fi
		;;
	'console ```')
		finish_command
		block=''
		;;
	'iptables-save ```')
		[ -n "$left_out" ] || on router iptables-restore <"$work/iptables-save"
		check "$story: the rules" rules_are "$work/iptables-save"
		block=''
		;;
	'sh ```') block='' ;;
	console*)
		if [[ $line =~ $prompt ]]; then
			finish_command
			host=${BASH_REMATCH[1]} sign=${BASH_REMATCH[2]} command=${BASH_REMATCH[3]}
		else
			told+=$line$'\n'
			continue
		fi
		;;
	'iptables-save '* | 'sh '*) printf '%s\n' "$line" >>"$work/$block" ;;
	esac
	printf '%s\n' "$line" >>"$renewed"
done 3<"$guide"
ktap_end
