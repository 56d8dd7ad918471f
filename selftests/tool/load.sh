#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# iptables-bpf load: programs and maps are pinned, all or none; what is wrong is named with the way out. stats: counting is
# switched on and off.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/ext.sh
. ../lib/tool.sh
pins=/sys/fs/bpf/tool
parameters=/sys/module/xt_ebpf/parameters

load() { iptables-bpf load "$@"; }
pinned() { same "$(cd $pins && find . -mindepth 1 | sort | xargs)" "$*"; }
empty() { rm -rf $pins && mkdir $pins; }

loads_and_pins()
{
	empty
	ends 0 "$pins/count: program " load "$bpf_dir/count_per_cpu.bpf.o" $pins/count && pinned ./count "./$map" &&
		same "$(bpftool -j prog show pinned $pins/count | jq .map_ids[0])" "$(bpftool -j map show pinned "$pins/$map" | jq .id)" &&
		add iptables-legacy --object-pinned $pins/count && same "$(judged iptables-legacy)" 2 && iptables-legacy -F
}

makes_folders()
{
	empty
	load "$bpf_dir/match_all.bpf.o" $pins/a/b/all && pinned ./a ./a/b ./a/b/all
}

one_of_several()
{
	empty
	load --program second "$bpf_dir/two_of_them.bpf.o" $pins/second >/dev/null && pinned ./second &&
		same "$(bpftool -j prog show pinned $pins/second | jq -r .name)" second
}

# fails TEXT ARGUMENT...: and nothing is pinned beside what was before.
fails()
{
	empty
	ends 1 "$1" load "${@:2}" && pinned ''
}

taken_is_kept()
{
	empty
	load "$bpf_dir/match_all.bpf.o" $pins/all >/dev/null &&
		ends 1 "$pins/all is taken by program $(id_of all) (match_all): choose another path" load "$bpf_dir/match_none.bpf.o" $pins/all &&
		same "$(bpftool -j prog show pinned $pins/all | jq -r .name)" match_all
}

# A second program of the object in the same folder.
maps_are_shared_on_request()
{
	empty
	load "$bpf_dir/count_per_cpu.bpf.o" $pins/one >/dev/null &&
		ends 1 '--share-maps uses the map that is there' load "$bpf_dir/count_per_cpu.bpf.o" $pins/two && pinned ./one "./$map" &&
		load --share-maps "$bpf_dir/count_per_cpu.bpf.o" $pins/two >/dev/null &&
		same "$(bpftool -j prog show pinned $pins/two | jq .map_ids[0])" "$(bpftool -j prog show pinned $pins/one | jq .map_ids[0])"
}

other_map_is_not_shared()
{
	empty
	bpftool map create "$pins/$map" type hash key 8 value 16 entries 3 name selftest
	ends 1 'cannot load program' load --share-maps "$bpf_dir/count_per_cpu.bpf.o" $pins/two && pinned "./$map"
}

log_is_shown()
{
	empty
	ends 1 "R1 invalid mem access" load "$bpf_dir/not_loaded.bpf.o" $pins/x &&
		ends 1 "the kernel's verifier refuses program not_loaded" load "$bpf_dir/not_loaded.bpf.o" $pins/x && pinned ''
}

netfilter()
{
	empty
	if grep -q netfilter_prog_ops /proc/kallsyms; then
		ends 0 'type netfilter' load "$bpf_dir/nf_accept.bpf.o" $pins/nf
	else
		ends 1 'Linux 6.4 and later do' load "$bpf_dir/nf_accept.bpf.o" $pins/nf && pinned ''
	fi
}

want() { mkdir -p "$files/pins.d" && printf '%s\n' "$@" >"$files/pins.d/test.conf"; }
boot() { load --boot --pins "$files/pins.d"; }

boot_makes_all()
{
	empty
	want "# comment" "$pins/all $bpf_dir/match_all.bpf.o" "\"$pins/two words\" $bpf_dir/two_of_them.bpf.o second"
	boot >/dev/null && pinned ./all ./two words && same "$(bpftool -j prog show pinned "$pins/two words" | jq -r .name)" second
}

boot_twice_changes_nothing()
{
	local id
	empty
	want "$pins/all $bpf_dir/match_all.bpf.o"
	boot >/dev/null && id=$(id_of all) && ends 0 "program $id (match_all) is there already" boot && same "$(id_of all)" "$id"
}

boot_goes_on()
{
	empty
	want "$pins/none $files/none.o" 'nonsense' "$pins/all $bpf_dir/match_all.bpf.o"
	ends 4 "$files/pins.d/test.conf:1: cannot read $files/none.o" boot && pinned ./all &&
		ends 4 "$files/pins.d/test.conf:2: this is not PIN FILE [PROGRAM]" boot
}

boot_of_nothing()
{
	rm -rf "$files/pins.d"
	ends 0 'asks for no pins' boot
}

switches()
{
	iptables-bpf stats off >/dev/null
	ends 0 'rules are not counted, and not timed' iptables-bpf stats &&
		ends 0 'rules are counted, and not timed' iptables-bpf stats on && same "$(cat $parameters/count $parameters/time | xargs)" 'Y N' &&
		ends 0 'rules are counted, and timed' iptables-bpf stats on --time && same "$(cat $parameters/time)" Y &&
		ends 0 'rules are counted, and not timed' iptables-bpf stats off --time &&
		ends 0 'rules are not counted, and not timed' iptables-bpf stats off && same "$(cat $parameters/count)" N
}

stats_are_roots() { ends 3 'try sudo' as_nobody iptables-bpf stats on && same "$(cat $parameters/count)" N; }
stats_need_the_module()
{
	wait_until 5 modprobe -r xt_ebpf && ends 3 'sudo modprobe xt_ebpf' iptables-bpf stats
	local status=$?
	modprobe xt_ebpf
	return $status
}

tool_begin "$@"
load "$bpf_dir/count_per_cpu.bpf.o" $pins/count >/dev/null
map=$(cd $pins && find . -type f ! -name count | sed 's|./||')

ktap_plan 23
check "program and maps are pinned, and a rule runs it" loads_and_pins
check "folders are made" makes_folders
check "one of several programs is chosen" one_of_several
check "none of several is not guessed" fails 'choose one by --program, of first, second' "$bpf_dir/two_of_them.bpf.o" $pins/x
check "a file that is not there" fails "cannot read $files/none.o: No such file" "$files/none.o" $pins/x
check "a file that is no object" fails '/etc/passwd is no object with BPF programs' /etc/passwd $pins/x
check "a pin outside of a BPF file system" fails '/tmp is not in a BPF file system' "$bpf_dir/match_all.bpf.o" /tmp/x
check "a name that a BPF file system does not take" fails 'takes no name with a dot' "$bpf_dir/count_per_cpu.bpf.o" $pins/a.b
check "a pin that is taken" taken_is_kept
check "maps are shared only on request" maps_are_shared_on_request
check "a map of another kind is not shared" other_map_is_not_shared
check "the verifier's log is shown" log_is_shown
check "SEC(\"netfilter\") is loaded where the kernel knows it" netfilter
check "it is root's alone" ends 3 'try sudo' as_nobody iptables-bpf load "$bpf_dir/match_all.bpf.o" $pins/nobody
check "the pins of a boot are made" boot_makes_all
check "a second time changes nothing" boot_twice_changes_nothing
check "one that cannot be made keeps no other away, and is named" boot_goes_on
check "no folder asks for nothing" boot_of_nothing
check "counting is switched on and off" switches
check "that is root's alone" stats_are_roots
check "without the module, it says how to load it" stats_need_the_module
check "an option that is none is named" ends 2 'see iptables-bpf load --help' iptables-bpf load --bogus
check "a word that is none is named" ends 2 'maybe' iptables-bpf stats maybe
ktap_end
