// SPDX-License-Identifier: GPL-2.0-only
/* Slow enough that interrupts find its probe at work. */
#define TURNS	20000
#include "trace_slow.h"
