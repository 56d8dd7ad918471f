#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# loaded-module.sh: for after the installed modules have changed. Makes the running kernel use what is installed for it
# now: loads xt_ebpf, and exchanges or unloads what is no longer installed. A module in use is never touched; one line then
# says what goes on, and what follows at the next boot. Always succeeds.

# A chroot has no say in what the kernel loads, nor has a system that is not the one that was booted.
ischroot 2>/dev/null && exit 0
kernel=$(uname -r)
[ -d "/lib/modules/$kernel" ] || exit 0

say() { echo "iptables-ebpf: $*"; }

# installed MODULE FIELD, loaded MODULE FIELD: what each says of itself; nothing if it is not there.
installed() { modinfo -k "$kernel" -F "$2" "$1" 2>/dev/null; }
loaded() { cat "/sys/module/$1/$2" 2>/dev/null; }

load()
{
	reason=$(modprobe "$1" 2>&1) ||
		say "$1 $(installed "$1" version) is installed but cannot be loaded (${reason##*: }); rules get the kernel's own" \
			"xt_bpf. If this is Secure Boot: packaging/README.md tells how to enroll the key of DKMS."
}

# stays MODULE USER: "MODULE 1.0 stays loaded, as 3 USERs use it."
stays()
{
	users=$(loaded "$1" refcnt)
	if [ "$users" = 1 ]; then
		echo "$1 $(loaded "$1" version) stays loaded, as 1 $2 uses it."
	else
		echo "$1 $(loaded "$1" version) stays loaded, as $users $2s use it."
	fi
}

# outdated MODULE: it is loaded, from another file than is installed now, if any is.
outdated() { [ -d "/sys/module/$1" ] && [ "$(loaded "$1" srcversion)" != "$(installed "$1" srcversion)" ]; }

# settle MODULE USER FATE: unloads an outdated module, or says why not and, if none is installed any more, its FATE.
settle()
{
	outdated "$1" || return
	[ "$(loaded "$1" refcnt)" != 0 ] || ! rmmod "$1" 2>/dev/null || return
	if [ -n "$(installed "$1" filename)" ]; then
		say "$(stays "$1" "$2") Version $(installed "$1" version) takes over at the next boot, or by" \
			"\"rmmod $1 && modprobe $1\" once nothing uses it."
	else
		say "$(stays "$1" "$2") It is no longer installed for this kernel: $3"
	fi
}

if modinfo -k "$kernel" xt_bpf >/dev/null 2>&1; then
	fate="after the next boot, the kernel's own xt_bpf serves such rules."
else
	fate="nor has it an xt_bpf, so AFTER THE NEXT BOOT RULES WITH -m bpf CANNOT BE LOADED. Take them out before."
fi
settle iptables_trace "trace session" "after the next boot, it cannot trace."
settle xt_ebpf rule "$fate"
[ -d /sys/module/xt_ebpf ] || [ -z "$(installed xt_ebpf filename)" ] || load xt_ebpf
exit 0
