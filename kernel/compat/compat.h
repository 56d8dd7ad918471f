/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The only place that knows how kernels differ. The modules are written for one kernel, the newest; what older ones
 * lack gets its newest name here, on the word of the compile tests beside this file.
 */
#ifndef _IPTABLES_EBPF_COMPAT_H
#define _IPTABLES_EBPF_COMPAT_H

#include "generated.h"

#endif
