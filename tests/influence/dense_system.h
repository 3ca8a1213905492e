/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dense_system.h: small systems solved by elimination, which owes nothing to LAPACK. */
#pragma once

#include <glib.h>

/* b <- A^-1 b with pivots; A (n,n) is destroyed. */
void eliminate (gint64 n, double *A, double *b);
