# SPDX-License-Identifier: GPL-2.0-only
#
# More for explain.awk, with -v deep=1: rules of mangle that look at transport headers and at connections, which such packets
# begin. A packet has three more fields: ports and TCP flags, or type and code of ICMP. Their kinds of conditions:
#
#	S, D	"udp:4000:4002", --sport and --dport of a protocol; O, P, B: of multiport, sources, destinations and both
#	T	"SYN,ACK/SYN", TCP flags; C: type of ICMP, or "3/1", with code; R, H: "1-20", of addresses, source and destination
#	c, e	"NEW,RELATED", states, of conntrack and of state; n: "0x4/0x4", the connection's mark

function is_deep(kind) { return kind ~ /[SDOPBTCRHcen]/ }

# ---- rules

function equal_or_not(odds) { return chance(odds) ? "=" : "!" }

function deep_range(first) { return one_of(first ":" first " " first + 1 ":" first + 2 " 0:" first + 1) }

function deep_ports(  text)
{
	if (chance(3) == 0) text = text " O" equal_or_not(3) one_of("4000 4001,4003 1:4001,4005")
	if (chance(3) == 0) text = text " P" equal_or_not(3) one_of("1000 1001,1003 1:1001,1005")
	if (chance(4) == 0) text = text " B" equal_or_not(3) one_of("1000,4001 4002:4003 7,1003")
	return text
}

function deep_of_protocol(of,  text)
{
	text = " p=" of
	if (of == icmp()) {
		if (chance(4)) text = text " C" equal_or_not(2) one_of(family == 4 ? "8 0 3 3/1 3/4 13/0" : "128 129 1 1/4 1/0 133/0")
		return text
	}
	if (chance(3) == 0) text = text " S" equal_or_not(3) name_of(of) ":" deep_range(4000)
	if (chance(3) == 0) text = text " D" equal_or_not(3) name_of(of) ":" deep_range(1000)
	if (of == 6 && chance(2)) text = text " T" equal_or_not(3) one_of("FIN,SYN,RST,ACK/SYN SYN,ACK/SYN,ACK ACK/ACK FIN,PSH,URG/NONE")
	return text deep_ports()
}

function deep_conditions(  text, first)
{
	if (chance(4) == 0) text = text " " address_condition("s")
	if (chance(4) == 0) text = text " " address_condition("d")
	if (chance(3)) text = text deep_of_protocol(one_of("6 6 17 " icmp()))
	first = chance(200)
	if (chance(7) == 0) text = text " R" equal_or_not(3) first "-" first + chance(50)
	if (chance(7) == 0) text = text " H" equal_or_not(3) first "-" first + chance(50)
	if (chance(6) == 0) text = text " c" equal_or_not(3) one_of("NEW INVALID INVALID,UNTRACKED RELATED,ESTABLISHED")
	if (chance(6) == 0) text = text " e" equal_or_not(3) one_of("NEW INVALID INVALID,UNTRACKED RELATED,ESTABLISHED")
	if (chance(5) == 0) text = text " n" equal_or_not(2) one_of("0x5 0x0 0x1/0x1 0x0/0x4")
	return text
}

# Some rules set the connection's mark, of the connections that there are.
function deep_target(to) { return chance(12) ? to : "-j CONNMARK --set-xmark 0x5/0xffffffff" }

function deep_text(kind, not, value,  parts)
{
	if (kind == "S" || kind == "D") {
		split(value, parts, ":")
		return "-m " parts[1] " " not "--" tolower(kind) "port " (parts[2] == parts[3] ? parts[2] : parts[2] ":" parts[3])
	}
	if (kind == "O") return "-m multiport " not "--sports " value
	if (kind == "P") return "-m multiport " not "--dports " value
	if (kind == "B") return "-m multiport " not "--ports " value
	if (kind == "T") {
		sub("/", " ", value)
		return "-m tcp " not "--tcp-flags " value
	}
	if (kind == "C") return family == 4 ? "-m icmp " not "--icmp-type " value : "-m icmp6 " not "--icmpv6-type " value
	if (kind == "R" || kind == "H") {
		split(value, parts, "-")
		kind = kind == "R" ? "s" : "d"
		return "-m iprange " not (kind == "s" ? "--src-range " : "--dst-range ") address(kind, parts[1]) "-" address(kind, parts[2])
	}
	if (kind == "c") return "-m conntrack " not "--ctstate " value
	if (kind == "e") return "-m state " not "--state " value
	return "-m connmark " not "--mark " value
}

# ---- packets

function icmp() { return family == 4 ? 1 : 58 }

function deep_packet(  of, type)
{
	of = one_of("6 6 17 253 " icmp())
	type = one_of(family == 4 ? "8 0 3/1 3/4 13" : "128 129 1/4 1/0 133")
	sub("/", " ", type)
	if (of != icmp()) type = 4000 + chance(4) " " 1000 + chance(4) " " one_of("2 2 18 16 24 4 17 0 41")
	return 1 + chance(250) " " chance(250) " " of " 0 " type
}

# Twenty bytes.
function deep_payload()
{
	if (protocol == icmp()) return sprintf("%02x%02x0000002a0001000000000000000000000000", field[5], field[6])
	if (protocol == 17) return sprintf("%04x%04x00140000000000000000000000000000", field[5], field[6]) "00000000"
	return sprintf("%04x%04x000000010000000050%02x0100", field[5], field[6], field[7]) "00000000"
}

# ---- what becomes of a packet

# What conntrack makes of the first packet of a flow. It picks up TCP connections that it finds under way.
function ct_state()
{
	if (protocol == 6) return field[7] == 2 || field[7] == 16 || field[7] == 24 ? "NEW" : "INVALID"
	if (protocol != icmp()) return "NEW"
	# Neighbours are not tracked.
	if (field[5] == 133) return "UNTRACKED"
	return field[5] == 8 || field[5] == 13 || field[5] == 128 ? "NEW" : "INVALID"
}

function sets_ct_mark(target) { return target ~ /^-j CONNMARK/ }

function is_listed(word, list) { return index("," list ",", "," word ",") > 0 }

function is_port_listed(port, list,  items, n, i, parts)
{
	n = split(list, items, ",")
	for (i = 1; i <= n; i++)
		if (split(items[i], parts, ":") == 1 ? port == items[i] : parts[1] <= port + 0 && port + 0 <= parts[2]) return 1
	return 0
}

# Those of these names that are set.
function flags_set(  names, n, i, text)
{
	n = split("FIN SYN RST PSH ACK URG", names, " ")
	for (i = 1; i <= n; i++)
		if (int(field[7] / 2 ^ (i - 1)) % 2) text = text (text == "" ? "" : ",") names[i]
	return text == "" ? "none" : text
}

function flags_fit(value,  parts, names, n, i)
{
	split(value, parts, "/")
	n = split(parts[1], names, ",")
	for (i = 1; i <= n; i++)
		if (is_listed(names[i], flags_set()) != is_listed(names[i], parts[2])) return 0
	return 1
}

function deep_fits(kind, value,  parts, n, type)
{
	if (kind == "S" || kind == "D") {
		sub(/^[a-z]*:/, "", value)
		return is_port_listed(kind == "S" ? field[5] : field[6], value)
	}
	if (kind == "O") return is_port_listed(field[5], value)
	if (kind == "P") return is_port_listed(field[6], value)
	if (kind == "B") return is_port_listed(field[5], value) || is_port_listed(field[6], value)
	if (kind == "T") return flags_fit(value)
	if (kind == "C") {
		n = split(value, parts, "/")
		return field[5] == parts[1] && (n == 1 || field[6] + 0 == parts[2])
	}
	if (kind == "R" || kind == "H") {
		split(value, parts, "-")
		n = kind == "R" ? source : destination
		return parts[1] <= n + 0 && n + 0 <= parts[2]
	}
	if (kind == "n") return value == "0x5" || value == "0x1/0x1" ? ct_mark == 5 : ct_mark == 0
	return is_listed(ct_state(), value)
}

# Without a connection there is no mark to be equal or not.
function deep_never_fits(kind) { return kind == "n" && ct_state() != "NEW" }

function deep_has(kind)
{
	if (kind == "S" || kind == "O") return field[5]
	if (kind == "D" || kind == "P") return field[6]
	if (kind == "B") return field[5] " and " field[6]
	if (kind == "T") return flags_set()
	if (kind == "C") return field[5] "/" field[6] + 0
	if (kind == "R") return address("s", source)
	if (kind == "H") return address("d", destination)
	if (kind == "n") return ct_state() == "NEW" ? "0x" ct_mark : "no connection"
	return ct_state()
}
