/* SPDX-License-Identifier: GPL-3.0-or-later */
/* models.h: the architectures that tests walk, each with random parameters, data and example weights.
 *
 * Everything is drawn in double and converted, so that walks of different types see the same numbers up to rounding.
 */
#pragma once

#include "model/exec.h"
#include "model/model.h"

typedef struct {
  const char *name, *architecture, *config;     /* config: JSON */
} ModelCase;

extern const ModelCase model_cases[];           /* NULL-terminated by name */

typedef struct {
  AssayModel *model;            /* F64 */
  gint64 B, P;
  double *theta, *direction, *second;           /* (P) */
  double *weights;              /* (B), one of them 0 */
} Sample;

Sample    *sample_new  (const ModelCase *c, gint64 batch);
void       sample_free (Sample *sample);

/* A walk with its inputs bound; vectors are given in its type. */
typedef struct {
  AssayExec *exec;
  AssayDtype dtype;
  GPtrArray *inputs;
  void *theta, *weights;
} Walk;

Walk      *walk_new    (const Sample *sample, AssayWalk walk, AssayDtype dtype, AssayBackend *backend, const guint *keep);
Walk      *walk_new_spec (const Sample *sample, const AssayWalkSpec *spec, AssayBackend *backend);
void       walk_free   (Walk *walk);
/* theta <- sample's theta + i step direction (F64: without the imaginary part), and prepare with the sample's weights. */
void       walk_prepare (Walk *walk, const Sample *sample, const double *direction, double step, void *gradient);
/* product (P) <- the walk's product with a direction, in double. */
void       walk_apply  (Walk *walk, const Sample *sample, const double *direction, double *product);
/* Directions of a block have the bits that each has alone, in blocks of all sizes up to three. name: for what is said otherwise. */
void       walk_check_blocks (const Sample *sample, const char *name, AssayWalk walk, AssayDtype dtype, AssayCompute compute, AssayBackend *backend);
