// SPDX-License-Identifier: GPL-2.0-only
/* Slower than a table by far. */
#define TURNS	60000
#include "trace_slow.h"
