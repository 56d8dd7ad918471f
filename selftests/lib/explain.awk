# SPDX-License-Identifier: GPL-2.0-only
#
# Rules and packets for tests of what iptables-trace explains, and what it has to say of them, worked out here a second time
# from what the rules were made of. Everything is a number below 256, the last byte of an address, so that IPv4 and IPv6
# are the same. Goes together with explain_deep.awk. With -v make=
#
#	rules	-v family= -v rules= -v chains=: the ruleset, for iptables-restore, or for nft with -v native=1; what it was made of
#		goes to -v table=FILE
#	packets	-v packets=: a packet a line, as fields: source, destination, protocol, 1 for a later fragment
#	sent	-v family=: reads packets; as send_packet -l takes them
#	judge	-v family= -v table=FILE -v listed=FILE -v observed= -v native= -v handles=FILE: reads a trace by lines, and works
#		out how each packet of the list that is complete walks through the rules, and what can be said of it if its
#		matches were observed (1) or were not (0). Prints the first packets of which the trace says anything else, and
#		at the end "N packets, N of them wrong, N times a rule matched, N times it did not". -v met=FILE gets "N CHAIN
#		NUMBER", how often each rule matched as the trace says; -v done=FILE how many packets were complete so far.
#		handles: "HANDLE NUMBER" of rules, "CHAIN NUMBER" of ends of chains, of native rules
#
# Chance has a seed: all of it is the same each time.

function chance(n) { return int(rand() * n) }

function one_of(list,  words, n)
{
	n = split(list, words, " ")
	return words[chance(n) + 1]
}

# ---- what things are called

function address(side, value)
{
	if (family == 4) return (side == "s" ? "192.0.2." : "198.51.100.") value
	return (side == "s" ? "2001:db8::" : "2001:db8:1::") (value ? sprintf("%x", value) : "")
}

function network(side, value, bits) { return address(side, value) "/" (family == 4 ? 24 + bits : 120 + bits) }

function first_of(value, bits) { return value - value % 2 ^ (8 - bits) }

# ---- rules

# The kinds a, k, l, m and t are matches. Each condition is "kind!value" or "kind=value"; the kinds in the order of iptables-save.
function address_condition(side,  bits)
{
	bits = chance(9)
	return side (chance(4) ? "=" : "!") first_of(chance(256), bits) "/" bits
}

function make_conditions(chain,  text)
{
	if (deep) return deep_conditions()
	text = ""
	if (chance(3) == 0) text = text " " address_condition("s")
	if (chance(3) == 0) text = text " " address_condition("d")
	if (chance(6) == 0) text = text " i" (chance(2) ? "=" : "!") one_of("eth0 eth+ eth1 lo et")
	if (chain && chance(12) == 0) text = text " o" (chance(2) ? "=" : "!") one_of("eth1 eth+")
	if (chance(3) == 0) text = text " p" (chance(3) ? "=" : "!") one_of("6 17 253")
	if (family == 4 && !native && chance(8) == 0) text = text " f" (chance(2) ? "=" : "!")
	if (chance(8) == 0) text = text " l" (chance(4) ? "=" : "!") one_of("28:40 0:65535 41:50")
	if (chance(8) == 0) text = text " m" (chance(3) ? "=" : "!") "9"
	if (chance(8) == 0) text = text " t" (chance(3) ? "=" : "!") one_of("5 64 200")
	if (chance(8) == 0) text = text " a" (chance(3) ? "!" : "=") "MULTICAST"
	if (chance(8) == 0) text = text " k" (chance(3) ? "!" : "=") "multicast"
	return text
}

function name_of(protocol)
{
	return protocol == 6 ? "tcp" : protocol == 17 ? "udp" : protocol == 1 ? "icmp" : protocol == 58 ? "ipv6-icmp" : protocol
}

# "ip saddr", as nft calls it, and how it writes the value.
function native_name(kind)
{
	if (kind == "s" || kind == "d") return (family == 4 ? "ip " : "ip6 ") kind "addr"
	if (kind == "i" || kind == "o") return kind "ifname"
	if (kind == "p") return "meta l4proto"
	if (kind == "l") return "meta length"
	if (kind == "m") return "meta mark"
	if (kind == "t") return family == 4 ? "ip ttl" : "ip6 hoplimit"
	if (kind == "a") return "fib daddr type"
	return "meta pkttype"
}

function native_value(kind, value,  parts)
{
	if (kind == "s" || kind == "d") {
		split(value, parts, "/")
		return parts[2] == 8 ? address(kind, parts[1]) : network(kind, parts[1], parts[2])
	}
	if (kind == "p") return name_of(value)
	if (kind == "m") return "0x0000000" value
	if (kind == "i" || kind == "o") sub(/\+/, "*", value)
	if (kind == "i" || kind == "o") return "\"" value "\""
	sub(":", "-", value)
	return tolower(value)
}

function condition_text(condition,  kind, not, value, parts)
{
	kind = substr(condition, 1, 1)
	if (native)
		return native_name(kind) (substr(condition, 2, 1) == "!" ? " != " : " ") native_value(kind, substr(condition, 3))
	not = substr(condition, 2, 1) == "!" ? "! " : ""
	value = substr(condition, 3)
	if (kind == "s" || kind == "d") {
		split(value, parts, "/")
		return not "-" kind " " network(kind, parts[1], parts[2])
	}
	if (kind == "i" || kind == "o") return not "-" kind " " value
	if (kind == "p") return not "-p " name_of(value)
	if (kind == "f") return not "-f"
	if (kind == "l") return "-m length " not "--length " value
	if (kind == "m") return "-m mark " not "--mark 0x" value
	if (kind == "t") return family == 4 ? "-m ttl " not "--ttl-eq " value : "-m hl " not "--hl-eq " value
	if (is_deep(kind)) return deep_text(kind, not, value)
	if (kind == "a") return "-m addrtype " not "--dst-type " value
	return "-m pkttype " not "--pkt-type " value
}

function rule_text(conditions,  list, n, i, text)
{
	n = split(conditions, list, " ")
	for (i = 1; i <= n; i++) text = text " " condition_text(list[i])
	return text
}

# Jumps go on to one of the next chains only, and the last has none. With -v flat=1 those of the first half go to the second,
# which has none: nf_tables goes through all ways that there are when a jump is added.
function make_target(chain,  kind, room, first)
{
	kind = chance(20)
	room = chains - chain
	first = chain + 1
	if (flat && chain) {
		first = int(chains / 2) + 1
		room = chain < first ? chains - first + 1 : 0
	}
	if (kind < 8 && room) return (chance(4) ? "-j c" : "-g c") (first + chance(room < 9 ? room : 9))
	if (kind == 8) return "-j RETURN"
	if (kind == 9 && chain) return "-j ACCEPT"
	if (kind == 10 && chain) return "-j DROP"
	return ""
}

function native_target(to)
{
	sub(/^-j c/, "jump c", to)
	sub(/^-g /, "goto ", to)
	sub(/^-j /, "", to)
	return to ~ /^[A-Z]/ ? tolower(to) : to
}

# Of each chain by itself: nft knows of no others yet when it comes to a jump.
function print_native(  c, chain)
{
	print "table " (family == 4 ? "ip" : "ip6") " walks {"
	for (c = chains; c >= 0; c--) {
		chain = c ? "c" c : "PREROUTING"
		print "chain " chain " {" (c ? "" : " type filter hook prerouting priority -300;")
		print native_rules[chain] "}"
	}
	print "}"
}

function make_rules(  c, i, of, to, chain)
{
	if (!native) print (deep ? "*mangle" : "*raw") "\n:PREROUTING ACCEPT [0:0]"
	for (c = 1; c <= chains && !native; c++) print ":c" c " - [0:0]"
	for (i = 1; i <= rules; i++) {
		c = i <= rules / 100 ? 0 : 1 + chance(chains)
		chain = c ? "c" c : "PREROUTING"
		of = make_conditions(c)
		to = make_target(c)
		# What takes every packet away would leave little to see.
		if (of == "" && to != "" && chance(8)) to = ""
		if (deep) to = deep_target(to)
		if (native) native_rules[chain] = native_rules[chain] rule_text(of) " counter " native_target(to) "\n"
		else print "-A " chain rule_text(of) (to == "" ? "" : " " to)
		print chain "\t" to "\t" of >table
	}
	if (native) print_native()
	else print "COMMIT"
}

function make_packets(  i)
{
	for (i = 0; i < packets; i++) {
		if (deep) print deep_packet()
		else print 1 + chance(250), chance(250), one_of("6 17 253"), family == 4 && chance(5) == 0
	}
}

# ---- what becomes of a packet

function fits(kind, value,  parts, size)
{
	if (kind == "s" || kind == "d") {
		split(value, parts, "/")
		size = 2 ^ (8 - parts[2])
		return int((kind == "s" ? source : destination) / size) == int(parts[1] / size)
	}
	if (kind == "i") return value == "eth0" || value == "eth+"
	if (kind == "o") return 0
	if (kind == "p") return protocol == value
	if (kind == "f") return fragment
	if (kind == "t") return value == 64
	if (kind == "l") {
		split(value, parts, ":")
		return parts[1] <= packet_length() && packet_length() <= parts[2]
	}
	if (is_deep(kind)) return deep_fits(kind, value)
	# No packet is for many, and none has a mark.
	return 0
}

function packet_length() { return family == 4 ? 40 : 60 }

function has(kind)
{
	if (kind == "s") return address("s", source)
	if (kind == "d" || kind == "a") return address("d", destination)
	if (kind == "i") return "eth0"
	if (kind == "o") return "none"
	if (is_deep(kind)) return deep_has(kind)
	if (kind == "p")
		return protocol == 6 ? "TCP" : protocol == 17 ? "UDP" : protocol == 1 ? "ICMP" : protocol == 58 ? "ICMPv6" : \
			"protocol " protocol
	if (kind == "k") return ""
	if (kind == "l") return packet_length()
	if (kind == "m") return "0x0"
	if (kind == "t") return 64
	return "fragment offset " (fragment ? 8 : 0)
}

function is_match(kind) { return kind ~ /[aklmt]/ || is_deep(kind) }

function is_met(condition,  kind)
{
	kind = substr(condition, 1, 1)
	return fits(kind, substr(condition, 3)) == (substr(condition, 2, 1) == "=") && !deep_never_fits(kind)
}

# Why the rule does not match; empty if it does. All of the header that does not fit is told, but matches are asked one by one.
function observed_reason(conditions,  list, n, i, kind, unmet)
{
	n = split(conditions, list, " ")
	for (i = 1; i <= n; i++) {
		kind = substr(list[i], 1, 1)
		if (is_met(list[i])) continue
		if (is_match(kind) && unmet != "") break
		unmet = unmet (unmet == "" ? "" : ", ") condition_text(list[i]) (kind == "k" ? ": said no" : ": packet has " has(kind))
	}
	return unmet
}

# Of nft's own rules: two cannot be told, and did say no if all else would have had it, and there is but one.
function native_reason(conditions,  list, n, i, kind, fit, unmet, no, suspects, suspected, last)
{
	n = split(conditions, list, " ")
	for (i = 1; i <= n; i++) {
		kind = substr(list[i], 1, 1)
		fit = is_met(list[i])
		no += !fit
		if (kind == "a" || kind == "k" || (kind == "o" && substr(list[i], 2, 1) == "!")) {
			suspects = suspects (suspected++ ? " or " : "") condition_text(list[i])
			last = has(kind)
		} else if (!fit) {
			unmet = unmet (unmet == "" ? "" : ", ") condition_text(list[i]) ": packet has " has(kind)
		}
	}
	if (!no) return ""
	if (unmet != "") return unmet
	if (suspected > 1) return suspects " (not known which)"
	return suspects (last == "" ? "" : ": packet has " last)
}

# The same without having observed it: two of the matches cannot be told, and may have said no if nothing else did.
function reason(conditions,  list, n, i, kind, fit, unmet, suspects, suspected, no, other_header)
{
	if (observed) return observed_reason(conditions)
	if (native) return native_reason(conditions)
	n = split(conditions, list, " ")
	for (i = 1; i <= n; i++) {
		kind = substr(list[i], 1, 1)
		fit = is_met(list[i])
		no += !fit
		if (kind == "a" || kind == "k") {
			suspects = suspects (suspected++ ? " or " : "") condition_text(list[i])
		} else if (!fit && !(is_match(kind) && other_header)) {
			unmet = unmet (unmet == "" ? "" : ", ") condition_text(list[i]) ": packet has " has(kind)
			if (!is_match(kind)) other_header = 1
		}
	}
	if (!no) return ""
	return unmet != "" ? unmet : suspected > 1 ? suspects " (not known which)" : suspects
}

function read_table(  line, parts)
{
	while ((getline line <table) > 0) {
		split(line, parts, "\t")
		size[parts[1]]++
		to[parts[1], size[parts[1]]] = parts[2]
		of[parts[1], size[parts[1]]] = parts[3]
	}
}

# All of it, a line each; the last is the verdict.
function walk(  chain, at, depth, stack_chain, stack_at, why, target, text)
{
	chain = "PREROUTING"
	at = 1
	ct_mark = 0
	for (;;) {
		if (at > size[chain]) {
			if (chain == "PREROUTING")
				return text chain " " at ": policy " (native ? "accept" : "ACCEPT") "\nACCEPT\n"
			text = text chain " " at ": return from " chain "\n"
			target = "-j RETURN"
		} else {
			why = reason(of[chain, at])
			text = text chain " " at (why == "" ? "" : ": no match (" why ")") "\n"
			target = why == "" ? to[chain, at] : ""
		}
		if (target == "-j ACCEPT" || target == "-j DROP") return text substr(target, 4) "\n"
		if (target == "-j RETURN") {
			if (depth) {
				chain = stack_chain[depth]
				at = stack_at[depth--]
			} else {
				chain = "PREROUTING"
				at = size[chain] + 1
			}
		} else if (sets_ct_mark(target)) {
			ct_mark = 5
			at++
		} else if (target ~ /^-[jg]/) {
			if (target ~ /^-j/) {
				stack_chain[++depth] = chain
				stack_at[depth] = at + 1
			}
			chain = substr(target, 4)
			at = 1
		} else {
			at++
		}
	}
}

# ---- what a trace says

function read_handles(  line, parts)
{
	while (handles != "" && (getline line <handles) > 0) {
		split(line, parts, " ")
		number[parts[1]] = parts[2]
	}
}

# "c3 12: ..." of what a line says behind the packet, as walk() has it; or what is strange.
function as_walked(said,  at, name)
{
	at = index(said, ": ")
	name = substr(said, 1, at - 1)
	said = substr(said, at + 2)
	at = index(name, " handle ")
	if (at) name = substr(name, 1, at) number[substr(name, at + 8)]
	if (said ~ /^(return from|policy) /) return (native ? name " " number[name] : name) ": " said
	if (said ~ /^no match \(/) {
		unmatched++
		# Behind it stands the rule.
		if (native) match(said, /\): [^()]*$/)
		else match(said, /\): -A /)
		return name ": " substr(said, 1, RSTART)
	}
	if (native || said ~ /^-A /) {
		matched++
		count[name]++
		return name
	}
	return "strange: " said
}

# Of the packet with this number: reads up to it.
function packet_fields(wanted,  line)
{
	while (read_up_to < wanted && (getline line <listed) > 0) fields[++read_up_to] = line
	line = fields[wanted]
	delete fields[wanted]
	return line
}

function take_fields(line)
{
	split(line, field, " ")
	source = field[1]
	destination = field[2]
	protocol = field[3]
	fragment = field[4]
}

function judge_packet(packet,  want)
{
	take_fields(packet_fields(packet))
	want = walk()
	if (have[packet] != want && wrong++ < 3) printf "packet %d\nhave:\n%swant:\n%s", packet, have[packet], want
	delete have[packet]
	if (++judged % 50 == 0 && done != "") {
		print judged >done
		close(done)
	}
}

function judge_line(  n, said)
{
	n = int(substr($2, 2))
	said = substr($0, index($0, " | ") + 3)
	if (said ~ /^enter /) {
		have[n] = ""
	} else if (said ~ /^(ACCEPT|DROP) /) {
		have[n] = have[n] substr(said, 1, index(said, " ") - 1) "\n"
	} else if (said == "complete") {
		judge_packet(n)
	} else {
		have[n] = have[n] as_walked(said) "\n"
	}
}

function report(  rule)
{
	for (rule in count) print count[rule], rule >met
	printf "%d packets, %d of them wrong, %d times a rule matched, %d times it did not\n", judged, wrong, matched, unmatched
}

BEGIN {
	srand(4711)
	if (make == "rules") make_rules()
	if (make == "packets") make_packets()
	if (make != "sent" && make != "judge") exit
	if (make == "judge") {
		read_table()
		read_handles()
	}
}

make == "sent" {
	take_fields($0)
	print fragment, address("s", source), address("d", destination), protocol, \
		deep && protocol != 253 ? deep_payload() : "0fa003e900080000000000005002010000000000"
}

make == "judge" { judge_line() }

END { if (make == "judge") report() }
