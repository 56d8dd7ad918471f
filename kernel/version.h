/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPTABLES_EBPF_VERSION_H
#define _IPTABLES_EBPF_VERSION_H

/* The one version of the project; dkms.conf repeats it because dkms sources that file alone, and lint compares them. */
#define IPTABLES_EBPF_VERSION "0.1.0"

#endif
