/* SPDX-License-Identifier: GPL-2.0-only */
/* Instructions and texts that are too long for a rule's blob: the kernel keeps them, and the blob has their number. */
#ifndef XTABLES_EXT_CONTENTS_H
#define XTABLES_EXT_CONTENTS_H

#include "rule.h"

/* Returns the number. Ends the program, and says why, if the kernel does not take them. */
__u64 contents_store(const struct bpf_rule *rule);

/* Fills in instructions and text of a rule that holds a number. Ends the program if nobody knows them. */
void contents_get(const struct xt_ebpf_info *info, struct bpf_rule *rule);

#endif
