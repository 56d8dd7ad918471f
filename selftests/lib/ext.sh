# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What tests of the extension share. Source after ktap.sh.

bin_dir=$(dirname "${BASH_SOURCE[0]}")/../bin
bpf_dir=$(dirname "${BASH_SOURCE[0]}")/../bpf
# Two back ends, two families.
tools=(iptables-legacy ip6tables-legacy iptables-nft ip6tables-nft)

# find_extensions: afterwards "ours COMMAND..." and "stock COMMAND..." run a command of iptables with this project's
# extension and with the one that iptables came with, whatever is installed. Ours is the one in $BUILD_DIR, if that is
# set, or else the installed one.
find_extensions()
{
	local system ours file
	file=$(find /usr/lib /usr/lib64 /usr/local/lib -name libxt_bpf.so 2>/dev/null | head -n 1)
	[ -n "$file" ] || skip_all "iptables has no libxt_bpf.so here"
	system=$(dirname "$file")
	ours=${BUILD_DIR:+$BUILD_DIR/xtables-ext}
	: "${ours:=$system}"
	[ -e "$ours/libipt_bpf.so" ] || {
		echo "# no libipt_bpf.so in $ours"
		exit 1
	}

	extension_dirs=$(mktemp -d)
	chmod 755 "$extension_dirs"
	cleanup_push rm -rf "$extension_dirs"
	mkdir "$extension_dirs/ours" "$extension_dirs/stock"
	ln -s "$system"/*.so "$extension_dirs/stock/"
	rm -f "$extension_dirs"/stock/libip{,6}t_bpf.so
	ln -s "$ours"/libip{,6}t_bpf.so "$extension_dirs/ours/"
}

ours() { XTABLES_LIBDIR=$extension_dirs/ours:$extension_dirs/stock "$@"; }
stock() { XTABLES_LIBDIR=$extension_dirs/stock "$@"; }

# options 4|6 WORD...: see ext/ext_options.c.
options() { "$bin_dir/ext_options" "$@"; }

# refused STATUS TEXT COMMAND...: COMMAND ends with STATUS and prints TEXT.
refused()
{
	local want=$1 text=$2 said status=0
	shift 2
	said=$("$@" 2>&1) || status=$?
	if [ $status != "$want" ] || [[ $said != *"$text"* ]]; then
		printf 'ended with %s and said: %s\nwant %s and: %s\n' $status "$said" "$want" "$text"
		return 1
	fi
}

# saves TEXT OPTION...: ours makes TEXT of the options when a rule is saved.
saves()
{
	local said
	said=$(ours options 4 "${@:2}") && same "$(sed -n 2p <<<"$said")" " $1"
}

# misread_by_stock TEXT OPTION...: ours refuses the options, and the stock extension reads them as TEXT.
misread_by_stock()
{
	same "$(stock options 4 "${@:2}" 2>&1 | sed -n 2p)" " $1" && refused 2 bpf: ours options 4 "${@:2}"
}

# refused_by_stock TEXT OPTION...: ours saves TEXT, and the stock extension refuses.
refused_by_stock()
{
	saves "$@" && refused 2 bpf: stock options 4 "${@:2}"
}

# in_own_namespaces "$@": once, at the head of a script that needs root and is in its own folder. Gives it a network and
# mounts of its own, and an empty BPF file system.
in_own_namespaces()
{
	if [ -z "${EXT_NAMESPACES:-}" ]; then
		[ "$(id -u)" = 0 ] || skip_all "needs root"
		EXT_NAMESPACES=1 exec unshare --net --mount bash "$PWD/${0##*/}" "$@"
	fi
	mount -t bpf bpf /sys/fs/bpf || skip_all "no BPF file system"
}

# have_revision_2: the kernel's match has it, once the extension has loaded the module.
have_revision_2()
{
	ours iptables-legacy -A OUTPUT -m bpf ! --bytecode '1,6 0 0 1' && iptables-legacy -F OUTPUT
} >/dev/null 2>&1

# pin_at PATH: a program that matches everything.
pin_at() { bpftool prog load "$bpf_dir/match_all.bpf.o" "$1" type socket; }

# each COMMAND...: with each tool as its last argument, and an empty filter table.
each() { with_tools "${tools[*]}" "$@"; }

# each_back_end COMMAND...: the same with each back end once, for what does not depend on the family as well.
each_back_end() { with_tools 'iptables-legacy ip6tables-nft' "$@"; }

with_tools()
{
	local tool names
	read -ra names <<<"$1"
	shift
	for tool in "${names[@]}"; do
		"$tool" -F
		"$@" "$tool" || { echo "with $tool"; return 1; }
	done
}
