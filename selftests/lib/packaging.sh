# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # variables of match.sh
#
# What tests of upgrades and removal share. Source after ktap.sh, net.sh and match.sh.

module_file=$(modinfo -n xt_ebpf)
hidden_file=/tmp/xt_ebpf.ko.hidden

# hide_module: as on a kernel that the modules were not built for. show_module: there again.
hide_module()
{
	[ ! -e "$module_file" ] || mv "$module_file" $hidden_file
	depmod
}

show_module()
{
	[ ! -e $hidden_file ] || mv $hidden_file "$module_file"
	depmod
}
cleanup_push show_module

# later_version FILE: makes it the file of another version, with nines for all digits: the text that modinfo and the kernel
# read, which is all that tells versions apart.
later_version()
{
	sed -i -z '/^version=/y/012345678/999999999/; /^srcversion=/y/0123456789ABCDEF/123456789ABCDEF0/' "$1"
	depmod
}

loaded_version() { cat /sys/module/xt_ebpf/version; }
file_version() { modinfo -F version xt_ebpf; }

# settle: what a package, make install and make dkms call after the files have changed.
settle() { ../packaging/loaded-module.sh; }

# two_rules TOOL: one pinned, one bytecode; both for UDP, so that each datagram counts.
two_rules()
{
	in_right "$1" -A INPUT -p udp --dport 1000 -m bpf --object-pinned "$pin_dir/udp_1000" &&
		in_right "$1" -A INPUT -p udp -m bpf --bytecode "$code_all"
}

# two_rules_count TOOL N: after N datagrams to port 1000 and N others, these rules have counted as they should.
two_rules_count()
{
	in_right "$1" -Z INPUT
	datagrams "$2" "$(peer_of "$1")" 1000
	datagrams "$2" "$(peer_of "$1")" 1001
	same "$(counts "$1" | xargs)" "filter INPUT $2 filter INPUT $((2 * $2))"
}
