/* SPDX-License-Identifier: GPL-3.0-or-later */
/* identity.c: documents of what a result depends on. */
#include "run/identity.h"

#include "base/isa.h"
#include "store/digest.h"

#include <stdlib.h>
#include <string.h>

json_t *
assay_identity_digest (gconstpointer bytes, gsize n)
{
  AssayDigest digest = assay_digest_of_bytes (bytes, n);
  g_autofree char *hex = assay_digest_to_hex (&digest);

  return json_string (hex);
}

void
assay_identity_add_machine (json_t *identity)
{
  json_object_set_new (identity, "instruction_set", json_string (assay_isa_get_name ()));
}

void
assay_identity_seal (json_t *identity, json_t *meta)
{
  char *text;

  json_object_set (identity, "meta", meta ? meta : json_null ());
  text = json_dumps (identity, JSON_SORT_KEYS | JSON_COMPACT);
  json_object_del (identity, "meta");
  json_object_set_new (identity, "digest", assay_identity_digest (text, strlen (text)));
  free (text);
}

/* Options that change the result; the others only say when to save. */
static json_t *
get_options (const AssayValues *values)
{
  json_t *options = assay_values_to_json (values);

  json_object_del (options, "checkpoint-every");
  json_object_del (options, "checkpoint-seconds");
  if (strcmp (assay_values_get_string (values, "compute"), assay_compute_names[ASSAY_COMPUTE_FULL]) == 0)
    json_object_del (options, "compute");                         /* trainings that were made before there was a choice */
  if (assay_values_get_int (values, "length-buckets") == 0)
    json_object_del (options, "length-buckets");
  return options;
}

json_t *
assay_identity_of_training (const AssayTraining *t, gconstpointer theta)
{
  gsize theta_bytes = assay_model_get_n_params (t->model) * assay_dtype_width (assay_model_get_dtype (t->model));
  json_t *identity = json_object ();

  json_object_set_new (identity, "options", get_options (t->options));
  json_object_set_new (identity, "model", assay_model_get_spec (t->model));
  json_object_set_new (identity, "n_examples", json_integer (t->N));
  json_object_set_new (identity, "first_parameters", assay_identity_digest (theta, theta_bytes));
  json_object_set_new (identity, "examples", assay_identity_digest (t->train, t->N * sizeof *t->train));
  json_object_set_new (identity, "weights", t->weight ? assay_identity_digest (t->weight, t->N * sizeof *t->weight) : json_null ());
  if (t->order != NULL)
    json_object_set_new (identity, "order", assay_identity_digest (t->order, t->n_order * sizeof *t->order));
  assay_identity_add_machine (identity);
  if (json_object_get (json_object_get (identity, "options"), "compute") != NULL)        /* their bits depend on it */
    json_object_set_new (identity, "dot_products", json_boolean (assay_isa_has_dot_products ()));
  return identity;
}
