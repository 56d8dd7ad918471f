#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Tens of thousands of rules with a pinned program, by iptables-nft: restored, saved, deleted by specification.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/ext.sh
. ../lib/many_rules.sh

in_own_namespaces "$@"
find_extensions
have_revision_2 || skip_all "the kernel's match has no revision 2"
ktap_plan 7
many_rules_by iptables-nft
ktap_end
