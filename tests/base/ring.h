/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ring.h: ranks that are threads of one process. Who sends waits until the other receives, as the least generous MPI would have it. */
#pragma once

#include "base/collective.h"

typedef void (*RingFunc) (AssayCollective *self, gpointer data);

/* func once for each of size ranks, at the same time. */
void ring_run (guint size, RingFunc func, gpointer data);
