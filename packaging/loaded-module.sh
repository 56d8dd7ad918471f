#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# loaded-module.sh: for after the installed modules have changed. Makes the running kernel use what is installed for it
# now: loads it, exchanges it, or unloads what is no longer installed. A module that rules use is never touched; one line
# then says what goes on, and what serves these rules from when on. Always succeeds.

module=xt_ebpf
loaded=/sys/module/$module

# A chroot has no say in what the kernel loads, nor has a system that is not the one that was booted.
ischroot 2>/dev/null && exit 0
[ -d "/lib/modules/$(uname -r)" ] || exit 0

say() { echo "iptables-ebpf: $*"; }

installed() { modinfo -k "$(uname -r)" -F "$1" $module 2>/dev/null; }
users() { cat $loaded/refcnt 2>/dev/null || echo 0; }

load()
{
	reason=$(modprobe $module 2>&1) ||
		say "$module $(installed version) is installed but cannot be loaded (${reason##*: }); rules get the kernel's own" \
			"xt_bpf. If this is Secure Boot: the packages' README tells how to enroll the key of DKMS."
}

in_use()
{
	users=$(users)
	[ "$users" != 1 ] || { echo "1 rule uses"; return; }
	echo "$users rules use"
}

stays="$module $(cat $loaded/version 2>/dev/null) stays loaded:"

if [ ! -d $loaded ]; then
	[ -z "$(installed filename)" ] || load
elif [ "$(installed srcversion)" = "$(cat $loaded/srcversion)" ]; then
	:
elif [ "$(users)" = 0 ] && rmmod $module 2>/dev/null; then
	[ -z "$(installed filename)" ] || load
elif [ -n "$(installed filename)" ]; then
	say "$stays $(in_use) it. Version $(installed version) takes over at the next boot, or by" \
		"\"rmmod $module && modprobe $module\" once no rule uses it."
elif modinfo -k "$(uname -r)" xt_bpf >/dev/null 2>&1; then
	say "$stays $(in_use) it. It is no longer installed for this kernel, so from the next boot on the kernel's own xt_bpf" \
		"serves such rules, which are the same to both."
else
	say "WARNING: $stays $(in_use) it. It is no longer installed, and this kernel has no xt_bpf: FROM THE NEXT BOOT ON" \
		"RULES WITH -m bpf CANNOT BE LOADED. Take them out of the saved ruleset, or install $module again, before that."
fi
exit 0
