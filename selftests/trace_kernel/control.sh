#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# /dev/iptables_trace takes what its header says, refuses the rest with the error that its header says, and is not for all.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/net.sh
. ../lib/trace_kernel.sh

modprobe -a ip_tables iptable_filter
mapfile -t cases < <("$trace_bin/trace_ioctl" -l)
ktap_plan $((${#cases[@]} + 9))

for n in "${!cases[@]}"; do
	said=$("$trace_bin/trace_ioctl" $((n + 1))) && status=0 || status=$?
	case $status in
	0) check "${cases[n]}" true ;;
	4) ktap_skip "${cases[n]}" "$said" ;;
	*) check "${cases[n]}" same "$said" "" ;;
	esac
done

with() { same "$(setpriv --bounding-set="-all$1" --inh-caps=-all "$trace_bin/trace_ioctl" open)" "$2"; }

check "root without capabilities may not" with "" EPERM
check "CAP_NET_ADMIN alone is not enough" with ,+net_admin EPERM
check "CAP_NET_ADMIN and CAP_BPF are not enough" with ,+net_admin,+bpf EPERM
check "CAP_BPF, CAP_PERFMON and CAP_SYS_ADMIN without CAP_NET_ADMIN are not enough" with ,+bpf,+perfmon,+sys_admin EPERM
check "CAP_NET_ADMIN, CAP_BPF and CAP_PERFMON are enough" with ,+net_admin,+bpf,+perfmon OK
check "CAP_NET_ADMIN and CAP_SYS_ADMIN are enough" with ,+net_admin,+sys_admin OK
check "root of a user namespace may not" same "$(unshare -Ur "$trace_bin/trace_ioctl" open)" EPERM
check "an ordinary user cannot even open the device" \
	same "$(setpriv --reuid 65534 --clear-groups "$trace_bin/trace_ioctl" open)" EACCES
check "no probe is left behind" same "$(probes)" ""
ktap_end
