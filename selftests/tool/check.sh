#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# iptables-bpf check: what it says about a saved ruleset is what iptables-restore does with it, now or after a boot, and each
# problem is named with its line.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/ext.sh
. ../lib/tool.sh
pins=/sys/fs/bpf/tool
fake=/lib/modules/9.9.9-selftest
enabled=/etc/systemd/system/sysinit.target.wants

# ruleset OPTIONS...: a rule for each, from line 4 on.
ruleset()
{
	printf '%s\n' '*filter' ':INPUT ACCEPT [0:0]' '-A INPUT -p udp -j ACCEPT'
	[ $# = 0 ] || printf -- '-A INPUT -m bpf %s -j ACCEPT\n' "$@"
	echo COMMIT
}

check_now() { ruleset "$@" | iptables-bpf check --now -; }
check_boot() { ruleset "$@" | iptables-bpf check --pins "$files/pins.d" -; }

# code N: bytecode of N instructions, in pieces that iptables-restore takes.
code()
{
	local i text=$1
	for ((i = 1; i < $1; i++)); do text+=',48 0 0 9'; done
	text+=',6 0 0 1'
	while [ ${#text} -gt 1000 ]; do
		printf -- '--bytecode "%s\\\\" ' "${text:0:1000}"
		text=${text:1000}
	done
	printf -- '--bytecode "%s"' "$text"
}

# Rules that check has nothing against are restored by each tool, all at once.
good_is_restored()
{
	local rules
	rules=("--object-pinned $pins/all" '--bytecode "1,6 0 0 1"' '--expression "tcp port 443 or not udp"' '! --expression udp'
		"--object-file $bpf_dir/match_all.bpf.o" "--object-file $files/two.o --program second" "$(code 200)"
		"! --object-pinned \"$pins/two words\"")
	ends 0 "${#rules[@]} of them with -m bpf, 0 problems" check_now "${rules[@]}" &&
		ruleset "${rules[@]}" | ours "$1-restore" && same "$(ours "$1" -S INPUT | grep -c 'm bpf')" ${#rules[@]} && ours "$1" -F
}

# bad OPTIONS TEXT: check names the line and says TEXT, and the rule is not restored.
bad()
{
	local tool
	ends 4 "standard input:4: " check_now "$1" && ends 4 "$2" check_now "$1" || return
	for tool in "${tools[@]}"; do
		! ruleset "$1" | ours "$tool-restore" 2>/dev/null || { echo "$tool restores it"; return 1; }
	done
}

# problem OPTIONS TEXT: it is restored, or may be, and not what was meant.
problem() { ends 4 "$2" check_now "$1"; }

other_family()
{
	ruleset '--expression icmp' >"$files/rules"
	ends 0 '0 problems' iptables-bpf check --now -4 "$files/rules" &&
		ends 4 "$files/rules:4: expression 'icmp': expression rejects all packets" iptables-bpf check --now -6 "$files/rules"
}

each_with_its_line()
{
	local said
	said=$(check_now '--bytecode "1,0 0 0 1"' '--expression tcp' '--expression "tcp prt 1"' "--object-pinned $pins/none")
	same "$(grep -o '^standard input:[0-9]*:' <<<"$said" | xargs)" 'standard input:4: standard input:6: standard input:7:' &&
		same "$(tail -n 1 <<<"$said")" \
			"standard input: 5 rules, 4 of them with -m bpf, 3 problems on kernel $(uname -r) as it is now"
}

from_a_file()
{
	ruleset "--object-pinned $pins/none" >"$files/rules.v4"
	ends 4 "$files/rules.v4:4: $pins/none: nothing is pinned there" iptables-bpf check --now "$files/rules.v4"
}

enable() { mkdir -p $enabled && ln -sf /lib/systemd/system/iptables-ebpf-pins.service $enabled/; }
disable() { rm -f $enabled/iptables-ebpf-pins.service; }
want() { mkdir -p "$files/pins.d" && printf '%s\n' "$@" >"$files/pins.d/test.conf"; }

# What is pinned now does not outlive a boot.
boot_needs_who_pins()
{
	want
	ends 4 "$pins/all: nothing is known that pins it at boot; write \"$pins/all FILE.o\"" check_boot "--object-pinned $pins/all" &&
		ends 0 '0 problems' check_now "--object-pinned $pins/all"
}

boot_knows_who_pins()
{
	want "$pins/later $bpf_dir/match_all.bpf.o"
	enable
	ends 0 '0 problems' check_boot "--object-pinned $pins/later" && disable &&
		ends 4 'iptables-ebpf-pins.service is not enabled' check_boot "--object-pinned $pins/later"
}

boot_looks_at_objects()
{
	enable
	want "$pins/later $files/none.o"
	ends 4 "$pins/later is to be pinned by $files/pins.d/test.conf:1: cannot read $files/none.o" \
		check_boot "--object-pinned $pins/later" || return
	want "$pins/later $bpf_dir/not_loaded.bpf.o"
	ends 4 "the kernel's verifier refuses program not_loaded: " check_boot "--object-pinned $pins/later" || return
	want "$pins/later"
	ends 4 "$files/pins.d/test.conf:1: this is not PIN FILE" check_boot "--object-pinned $pins/later"
	local status=$?
	disable
	return $status
}

boot_knows_other_units()
{
	want
	mkdir -p /run/systemd/system
	echo "ExecStart=bpftool prog load x.o $pins/mine" >/run/systemd/system/my-pins.service
	ends 0 'is named by my-pins.service, which has to pin it before the rules are restored, and is not enabled' \
		check_boot "--object-pinned $pins/mine"
	local status=$?
	rm /run/systemd/system/my-pins.service
	return $status
}

# on_fake_kernel OPTIONS: for a kernel that does not run.
on_fake_kernel() { ruleset "$@" | iptables-bpf check --now -k "${fake##*/}" -; }

make_fake_kernel()
{
	rm -rf $fake
	mkdir -p $fake/kernel $fake/updates
	touch $fake/kernel/xt_bpf.ko
	echo 'kernel/xt_bpf.ko:' >$fake/modules.dep
}

without_our_module()
{
	make_fake_kernel
	ends 0 'the in-tree xt_bpf will serve the rules' on_fake_kernel '--bytecode "1,6 0 0 1"' || return
	local rule
	for rule in '--expression tcp' '! --bytecode "1,6 0 0 1"' "$(code 65)" "--object-file $bpf_dir/match_all.bpf.o"; do
		ends 4 'xt_ebpf.ko is not installed for kernel 9.9.9-selftest; rules here need revision 2' on_fake_kernel "$rule" ||
			return
	done
}

for_another_kernel()
{
	make_fake_kernel
	cp "$(modinfo -n xt_ebpf)" $fake/updates/
	echo "updates/$(basename "$(modinfo -n xt_ebpf)"):" >>$fake/modules.dep
	ends 4 "was built for kernel $(uname -r), not for 9.9.9-selftest" on_fake_kernel '--expression tcp'
}

neither_module()
{
	make_fake_kernel
	: >$fake/modules.dep
	ends 4 'xt_bpf.ko is not installed for kernel 9.9.9-selftest' on_fake_kernel '--bytecode "1,6 0 0 1"'
}

# An object of another kernel is looked at, and not loaded.
not_loaded_for_another()
{
	make_fake_kernel
	echo 'kernel/xt_ebpf.ko:' >>$fake/modules.dep
	touch $fake/kernel/xt_ebpf.ko
	ends 0 'not loaded, as kernel 9.9.9-selftest is not running' on_fake_kernel "--object-file $bpf_dir/not_loaded.bpf.o" &&
		ends 4 "cannot read $files/none.o" on_fake_kernel "--object-file $files/none.o"
}

nobody_can_try()
{
	ruleset "--object-file $bpf_dir/match_all.bpf.o" '--expression "tcp prt 1"' >"$files/rules"
	chmod 644 "$files/rules"
	ends 4 'loading is root' as_nobody iptables-bpf check --now "$files/rules" &&
		ends 4 "$files/rules:5: expression 'tcp prt 1'" as_nobody iptables-bpf check --now "$files/rules"
}

tool_begin "$@"
cleanup_push rm -rf $fake
pin all match_all
bpftool prog load "$bpf_dir/match_all.bpf.o" "$pins/two words" type socket
pin xdp match_all xdp
cp "$bpf_dir/two_of_them.bpf.o" "$files/two.o"
printf -v long '%01024d' 0

ktap_plan 30
check "what it has nothing against is restored" each good_is_restored
check "each problem has its line, and a summary comes last" each_with_its_line
check "the file is named" from_a_file
check "a pin that is not there" bad "--object-pinned $pins/none" "$pins/none: nothing is pinned there"
check "a pin of another type" bad "--object-pinned $pins/xdp" "holds a program of type xdp"
check "an object that is not there" bad "--object-file $files/none.o" "cannot read $files/none.o: No such file or directory"
check "an object that the verifier refuses" bad "--object-file $bpf_dir/not_loaded.bpf.o" "verifier refuses program not_loaded: "
check "an object with several programs, and none named" bad "--object-file $files/two.o" 'choose one by --program, of first, second'
check "a program that is not in it" bad "--object-file $files/two.o --program third" 'has no program third; it has first, second'
check "an object that is none" bad '--object-file /etc/passwd' '/etc/passwd is no object with BPF programs'
check "an expression that does not compile" bad '--expression "tcp prt 1"' "expression 'tcp prt 1': "
check "an expression about the link layer" bad '--expression inbound' 'choose the chain, or -i and -o'
check "an expression about the other family" other_family
check "bytecode that the kernel does not take" bad '--bytecode "2,5 0 0 9,6 0 0 1"' 'it jumps behind the end'
check "bytecode of the wrong length" bad '--bytecode "2,6 0 0 1"' 'says that it has 2 instructions, and has 1'
check "bytecode for Ethernet" bad '--bytecode "4,40 0 0 12,21 0 1 2048,6 0 0 1,6 0 0 0"' 'tcpdump -y RAW -ddd'
check "two sources" bad '--expression tcp --bytecode "1,6 0 0 1"' 'it has two sources'
check "no source" bad '' 'it has no program'
check "a word that is too long" bad "--expression \"tcp or port $long\"" 'iptables-restore takes 1023 at most'
check "a path that is relative" problem '--object-file match_all.bpf.o' 'the path is relative'
check "at boot, somebody has to make the pin" boot_needs_who_pins
check "the folder of pins does, if its unit is enabled" boot_knows_who_pins
check "its objects are looked at too" boot_looks_at_objects
check "so does a unit that names the pin" boot_knows_other_units
check "a kernel without our module serves revision 1 alone" without_our_module
check "a module of another kernel is no help" for_another_kernel
check "a kernel with neither module restores nothing" neither_module
check "an object for another kernel is looked at, and not loaded" not_loaded_for_another
check "a kernel that is not there is an error" ends 1 'no kernel 1.2.3-none is installed' iptables-bpf check -k 1.2.3-none /dev/null
check "who may not load objects is told so, and the rest is checked" nobody_can_try
ktap_end
