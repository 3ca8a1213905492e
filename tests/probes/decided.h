/* SPDX-License-Identifier: GPL-3.0-or-later */
/* decided.h: models whose decisions are explained: of every shape that explanations know, with parameters drawn from fixed seeds.
 */
#pragma once

#include "../run/fixtures.h"

#include "probes/margin.h"

typedef struct {
  Fixture *fixture;
  AssayMargin *margin;
  gint64 D;
} Decided;

/* architecture and config as of fixture_new, in F64; n_classes 0: a real target. */
Decided decided_new   (gint64 n, gint64 D, gint64 n_classes, const char *architecture, const char *config);
void    decided_clear (Decided *decided);
/* Features of one example, (D). */
void    decided_read  (const Decided *decided, gint64 example, double *x);
