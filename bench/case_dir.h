/* SPDX-License-Identifier: GPL-3.0-or-later */
/* case_dir.h: what our sides of the comparisons share: clocks, failing, and reading the folder that compare.py and record.py make
 * (config.json, model.safetensors, batch.safetensors with tokens and targets (N,T) and perhaps direction (P)). Programs only. */
#pragma once

#include "base/mem.h"
#include "model/model.h"
#include "store/safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static inline void
fail_on (GError *error)
{
  if (error != NULL)
    {
      fprintf (stderr, "bench: %s\n", error->message);
      exit (1);
    }
}

static inline double
seconds (clockid_t clock)
{
  struct timespec t;

  clock_gettime (clock, &t);
  return (double) t.tv_sec + 1e-9 * (double) t.tv_nsec;
}

static inline AssayModel *
load_model (const char *folder)
{
  GError *error = NULL;
  g_autofree char *config = g_build_filename (folder, "config.json", NULL), *weights = g_build_filename (folder, "model.safetensors", NULL);
  json_t *spec = json_load_file (config, 0, NULL);
  g_autoptr (AssaySafetensors) file = assay_safetensors_open (weights, &error);
  AssayModel *model;
  AssayGraph *layout;

  fail_on (error);
  model = assay_model_new_from_spec (spec, &error);
  fail_on (error);
  json_decref (spec);
  layout = assay_model_get_layout (model);
  for (guint v = 0; v < assay_graph_get_n_values (layout); v++)
    {
      const AssayGraphValue *p = assay_graph_get_value (layout, v);

      if (p->role == ASSAY_VALUE_PARAM)
        assay_safetensors_read (assay_safetensors_find (file, p->name), ASSAY_STORE_F32,
                                (float *) assay_model_get_theta (model) + p->offset, &error);
      fail_on (error);
    }
  return model;
}

/* A tensor of batch.safetensors in memory of its own; dims may be NULL. */
static inline void *
load_tensor (const char *folder, const char *name, AssayStoreType type, gint64 *dims)
{
  GError *error = NULL;
  g_autofree char *path = g_build_filename (folder, "batch.safetensors", NULL);
  g_autoptr (AssaySafetensors) file = assay_safetensors_open (path, &error);
  const AssaySafetensor *tensor;
  void *data;

  fail_on (error);
  tensor = assay_safetensors_find (file, name);
  data = assay_mem_alloc_array (tensor->n_elements, assay_store_type_width (type), &error);
  fail_on (error);
  assay_safetensors_read (tensor, type, data, &error);
  fail_on (error);
  if (dims != NULL)
    memcpy (dims, tensor->dims, 2 * sizeof *dims);
  return data;
}
