/* SPDX-License-Identifier: GPL-2.0-only */
/* From the options of one -m bpf to the data of the rule. */
#ifndef XTABLES_EXT_COMPOSE_H
#define XTABLES_EXT_COMPOSE_H

/* The final_check callback, for every revision. */
void compose_rule(unsigned int flags);

#endif
