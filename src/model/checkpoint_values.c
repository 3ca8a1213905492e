/* SPDX-License-Identifier: GPL-3.0-or-later */
/* checkpoint_values.c: what the checkpoint formats share. */
#include "model/checkpoint_values.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

json_t *
assay_checkpoint_card_new (const char *format, const char *written_for)
{
  return json_pack ("{s:s, s:s, s:i, s:i, s:{}, s:[]}", "format", format, "written_for", written_for, "tensors", 0, "stored_bytes", 0, "stored_types", "left_out");
}

static void
count_up (json_t *object, const char *key, json_int_t by)
{
  json_object_set_new (object, key, json_integer (json_integer_value (json_object_get (object, key)) + by));
}

void
assay_checkpoint_card_add (json_t *card, const char *type, guint64 bytes)
{
  count_up (card, "tensors", 1);
  count_up (card, "stored_bytes", (json_int_t) bytes);
  count_up (json_object_get (card, "stored_types"), type, 1);
}

void
assay_checkpoint_card_leave_out (json_t *card, const char *tensor, const char *why)
{
  json_array_append_new (json_object_get (card, "left_out"), json_pack ("{s:s, s:s}", "tensor", tensor, "why", why));
}

AssayStoreType
assay_checkpoint_type (AssayDtype dtype)
{
  return dtype == ASSAY_F64 ? ASSAY_STORE_F64 : ASSAY_STORE_F32;
}

gboolean
assay_checkpoint_is_floating (AssayStoreType type)
{
  return type == ASSAY_STORE_F16 || type == ASSAY_STORE_BF16 || type == ASSAY_STORE_F32 || type == ASSAY_STORE_F64;
}

/* The first that is not finite, or n. */
static gint64
find_not_finite (AssayDtype dtype, const void *values, gint64 n)
{
  gint64 i = 0;

  if (dtype == ASSAY_F64)
    while (i < n && isfinite (((const double *) values)[i]))
      i++;
  else
    while (i < n && isfinite (((const float *) values)[i]))
      i++;
  return i;
}

/* Whether a run holds only finite floats: a loop that needs no branch. */
static gboolean
is_finite_run (const float *values, gint64 n)
{
  guint32 most = 0;

  for (gint64 i = 0; i < n; i++)
    {
      guint32 bits;

      memcpy (&bits, &values[i], sizeof bits);
      bits &= 0x7fffffff;
      most = bits > most ? bits : most;
    }
  return most < 0x7f800000;
}

gboolean
assay_checkpoint_check_finite (const AssayModel *model, const void *theta, const char *source, GError **error)
{
  AssayGraph *layout = assay_model_get_layout (model);
  AssayDtype dtype = assay_model_get_dtype (model);

  for (guint v = 0; v < assay_graph_get_n_values (layout); v++)
    {
      const AssayGraphValue *p = assay_graph_get_value (layout, v);
      const gint64 n = assay_shape_count (&p->shape);
      const char *values = (const char *) theta + p->offset * assay_dtype_width (dtype);
      gint64 i;

      if (p->role != ASSAY_VALUE_PARAM || (dtype == ASSAY_F32 && is_finite_run ((const float *) (const void *) values, n))
          || (i = find_not_finite (dtype, values, n)) == n)
        continue;
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN, "%s: parameter %s is not finite at element %" G_GINT64_FORMAT
                   "; weights of a training that diverged cannot be used", source, p->name, i);
      return FALSE;
    }
  return TRUE;
}

gboolean
assay_checkpoint_accept (AssayModel *model, void **theta, const char *source, GError **error)
{
  if (!assay_checkpoint_check_finite (model, *theta, source, error))
    return FALSE;
  assay_model_take_theta (model, g_steal_pointer (theta));
  return TRUE;
}
