/* SPDX-License-Identifier: GPL-3.0-or-later */
/* checkpoint_values.c: what the checkpoint formats share. */
#include "model/checkpoint_values.h"

#include "base/error.h"

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

AssayShape
assay_checkpoint_without_ones (const AssayShape *shape)
{
  AssayShape out = { 0 };

  for (guint k = 0; k < shape->rank; k++)
    if (shape->dim[k] != 1)
      out.dim[out.rank++] = shape->dim[k];
  return out;
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
