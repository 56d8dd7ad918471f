// SPDX-License-Identifier: GPL-2.0-only
// The fixed parts of --help: what each command does, and examples.
#pragma once

namespace ipt {

struct CommandText {
	const char *name;
	const char *usage;
	const char *headline;
	const char *description;
	const char *examples;
};

inline constexpr const char *kMatchDescription =
	"Programs and rules of `iptables -m bpf`. `iptables-bpf COMMAND --help` tells more about one.";

inline constexpr const char *kMatchFooter =
	"Exit status: 0 done; 1 it could not be done, and nothing was changed; 2 wrong options or arguments;\n"
	"3 this host or this user cannot: no module, no rights; 4 the answer is no, or only a part was possible.";

inline constexpr CommandText kSwapText{
	"swap",
	"OLD NEW [--repin]",
	"Another program behind live rules",
	"Exchanges the program behind live rules, without touching the rules: all rules of this network\n"
	"namespace that run OLD, a pin or a number, run the program pinned at NEW from now on. Each packet is\n"
	"judged by one of the two. Works on rules of revision 2.",
	"Examples:\n"
	"  iptables-bpf load new.bpf.o /sys/fs/bpf/block_v2\n"
	"  iptables-bpf swap --repin /sys/fs/bpf/block /sys/fs/bpf/block_v2\n"
	"  ip netns exec web iptables-bpf swap 12 /sys/fs/bpf/block_v2\n",
};

inline constexpr CommandText kCheckText{
	"check",
	"FILE [OPTION]...",
	"Can a saved ruleset be restored?",
	"Says whether a saved ruleset can be restored by iptables-restore at the next boot: the module is there for\n"
	"the kernel, objects load, pins are made, expressions compile, bytecode is valid. Each problem of the\n"
	"-m bpf in it is named with its line; other matches are not looked at (iptables-restore --test does).",
	"Examples:\n"
	"  iptables-bpf check /etc/iptables/rules.v4\n"
	"  iptables-bpf check -k 6.12.43-amd64 /etc/iptables/rules.v6 && reboot\n"
	"  iptables-save | iptables-bpf check --now -\n",
};

inline constexpr CommandText kExportText{
	"export",
	"[FILE] [OPTION]...",
	"Saved rules for an iptables without this project",
	"Writes a saved ruleset so that an iptables without this project's extension can restore it: expressions\n"
	"and bytecode become --bytecode of at most 64 instructions. What cannot be said that way is named with\n"
	"its line and stays as it is, so that a restore refuses the text rather than leave a rule out.",
	"Examples:\n"
	"  iptables-save | iptables-bpf export > rules.v4\n"
	"  iptables-bpf export -6 /etc/iptables/rules.v6 | ssh other ip6tables-restore\n",
};

inline constexpr CommandText kStatsText{
	"stats",
	"[on|off] [--time]",
	"Counting and timing of rules, on and off",
	"Switches on or off that rules of revision 2 count how often they run and match; with --time, also for how\n"
	"long. It concerns the whole machine. Without on or off it tells how things are. `iptables-bpf list`\n"
	"shows the numbers; they are kept when counting is switched off.",
	"Examples:\n"
	"  iptables-bpf stats on --time\n"
	"  iptables-bpf stats off\n",
};

inline constexpr CommandText kLoadText{
	"load",
	"FILE PIN [OPTION]... | --boot",
	"A program of an object file into the kernel",
	"Loads a program of an ELF object and pins it at PIN, its maps in the same folder under their names. The\n"
	"section says its type: SEC(\"socket\"), or SEC(\"netfilter\") on Linux 6.4 and later. If the kernel's\n"
	"verifier refuses it, its words are shown. --boot makes all pins that are written down for a boot.",
	"Examples:\n"
	"  iptables-bpf load port_set.bpf.o /sys/fs/bpf/port_set\n"
	"  iptables-bpf load --program by_source limits.bpf.o /sys/fs/bpf/limits/by_source\n"
	"  echo '/sys/fs/bpf/port_set /usr/lib/iptables-ebpf/examples/port_set.bpf.o' \\\n"
	"      > /etc/iptables-ebpf/pins.d/port_set.conf && iptables-bpf load --boot\n",
};

inline constexpr CommandText kCompileText{
	"compile",
	"EXPRESSION [OPTION]...",
	"A pcap expression as bytecode",
	"Compiles an expression of pcap-filter(7) for packets as a rule sees them, from their IP header on, and\n"
	"prints the code: for --bytecode, as initialisers of struct sock_filter, or in words. It says when the\n"
	"code is too long for revision 1 of the match. With -4 or -6 it is what --expression makes of it.",
	"Examples:\n"
	"  iptables-bpf compile 'tcp dst port 443 and not src net 192.0.2.0/24'\n"
	"  iptables -A INPUT -m bpf --bytecode \"$(iptables-bpf compile -4 'udp[8:2] = 0')\" -j DROP\n"
	"  iptables-bpf compile --format asm icmp\n",
};

inline constexpr CommandText kListText{
	"list",
	"[--json]",
	"All rules with -m bpf, and what they run",
	"Lists every rule with -m bpf of this network namespace, of iptables-legacy and of nf_tables: where it\n"
	"stands, what was written, which program it runs and, of revision 2, since when, how often it ran and\n"
	"matched, and for how long (see stats).",
	"Examples:\n"
	"  iptables-bpf list\n"
	"  ip netns exec web iptables-bpf list --json | jq '.[] | select(.matches == 0)'\n",
};

inline constexpr CommandText kTestText{
	"test",
	"--pcap FILE SOURCE [OPTION]...",
	"Which packets of a capture would match?",
	"Runs SOURCE on each packet of a capture file, and says which of them a rule would match. SOURCE is the\n"
	"path of a pin, an ELF object (FILE.o), bytecode, or else an expression. Of bytecode and expressions it\n"
	"names the instruction that decided, and its values, and needs no root; eBPF is run by the kernel.",
	"Examples:\n"
	"  tcpdump -w seen.pcap -c 100\n"
	"  iptables-bpf test --pcap seen.pcap 'tcp port 443'\n"
	"  iptables-bpf test --pcap seen.pcap -v \"$(iptables-bpf compile icmp)\"\n"
	"  iptables-bpf test --pcap seen.pcap /sys/fs/bpf/port_set\n",
};

inline constexpr CommandText kMapText{
	"map",
	"PIN|RULE list|get|set|del [KEY [VALUE]] [--map NAME]",
	"Entries of the maps of rules",
	"Shows and changes entries of a map, while rules use it. PIN is the path of a map or of a program; RULE is\n"
	"[nft:]FAMILY:TABLE:CHAIN:NUMBER, as list has them. Keys and values are written by the type that they\n"
	"have in the program: numbers, addresses, ADDRESS/LENGTH, names of domains, text, member=value,...; without\n"
	"one in hexadecimal.",
	"Examples:\n"
	"  iptables-bpf map /sys/fs/bpf/ports set protocol=6,number=443 0\n"
	"  iptables-bpf map /sys/fs/bpf/blocked set 192.0.2.0/24 1\n"
	"  iptables-bpf map ip:filter:FORWARD:2 list\n"
	"  iptables-bpf map nft:ip6:filter:INPUT:1 --map names set example.com subdomains=1\n",
};

} // namespace ipt
