/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TRACE_OBSERVE_H
#define TRACE_OBSERVE_H

enum {
	OBSERVE_IN_TABLE,
	OBSERVE_DELIVERED,
	OBSERVE_SENT,
	OBSERVE_PLACES,
};

#endif
