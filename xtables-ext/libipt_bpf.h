/* SPDX-License-Identifier: GPL-2.0-only */
/* What libxtables knows of this extension. */
#ifndef XTABLES_EXT_LIBIPT_BPF_H
#define XTABLES_EXT_LIBIPT_BPF_H

/* The highest revision that the kernel and this extension have. */
unsigned int bpf_revision(void);

/*
 * The rule at work has matches of this revision. Up to 1.8.13, iptables-legacy -v prints it by a copy of the preferred
 * extension, and looks for one of another revision behind that copy, without end.
 */
void bpf_works_on(unsigned int revision);

#endif
