/* SPDX-License-Identifier: GPL-3.0-or-later */
/* world.h: a small model with random parameters meeting a small random data set: a point for the operators under test. */
#pragma once

#include "hessian/point.h"

typedef struct {
  const char *name, *architecture, *config;     /* config: JSON */
} WorldCase;

extern const WorldCase world_cases[];           /* NULL-terminated by name */

typedef struct {
  AssayModel *model;            /* F64 */
  AssayDataset *dataset;
  AssayBackend *backend;
  gint64 *examples;             /* (N): a shuffled part of the data set */
  gint64 N, P;
  AssayPoint point;             /* F64, batch 4 of 10 examples, nothing kept */
} World;

/* Declare it before what is opened on it: operators must go before the backend. */
World *world_new  (const WorldCase *c, guint n_threads);
void   world_free (World *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (World, world_free)

/* n vectors (P) of standard normal numbers. */
double *world_draw (const World *world, guint64 seed, gint64 n);
