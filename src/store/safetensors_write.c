/* SPDX-License-Identifier: GPL-3.0-or-later */
/* safetensors_write.c: header, spaces up to a multiple of 8, then the tensors one behind the other. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/error.h"
#include "store/file.h"
#include "store/safetensors_header.h"

/* A JSON string, with jansson's escapes, of text that is UTF-8. */
static void
append_string (GString *out, const char *text)
{
  json_t *string = json_string (text);
  char *dumped = json_dumps (string, JSON_ENCODE_ANY);

  g_string_append (out, dumped);
  free (dumped);
  json_decref (string);
}

static gboolean
check_tensor (const char *path, const AssaySafetensor *tensor, GError **error)
{
  guint64 elements = 1;

  for (guint k = 0; k < tensor->rank; k++)
    elements *= (guint64) tensor->dims[k];
  if (assay_safetensors_type_word (tensor->type) != NULL && g_utf8_validate (tensor->name, -1, NULL)
      && elements == tensor->n_elements && tensor->bytes == elements * assay_store_type_width (tensor->type))
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: tensor %s: its type, shape and size do not fit each other", path,
               tensor->name);
  return FALSE;
}

static gboolean
check_metadata (const char *path, const char *const *metadata, GError **error)
{
  for (; metadata != NULL && *metadata != NULL; metadata++)
    if (!g_utf8_validate (*metadata, -1, NULL))
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: metadata: keys and values of UTF-8 expected, other bytes found", path);
        return FALSE;
      }
  return TRUE;
}

static void
append_entry (GString *header, const AssaySafetensor *tensor, guint64 begin)
{
  append_string (header, tensor->name);
  g_string_append_printf (header, ":{\"dtype\":\"%s\",\"shape\":[", assay_safetensors_type_word (tensor->type));
  for (guint k = 0; k < tensor->rank; k++)
    g_string_append_printf (header, "%s%" G_GINT64_FORMAT, k > 0 ? "," : "", tensor->dims[k]);
  g_string_append_printf (header, "],\"data_offsets\":[%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT "]}", begin,
                          begin + tensor->bytes);
}

gboolean
assay_safetensors_write (const char *path, const AssaySafetensor *tensors, gsize n, const char *const *metadata,
                         GError **error)
{
  g_autoptr (GString) header = g_string_new ("{");
  g_autoptr (AssayFileWriter) file = NULL;
  guint64 begin = 0, length;

  if (!check_metadata (path, metadata, error))
    return FALSE;
  if (metadata != NULL && metadata[0] != NULL)
    {
      g_string_append (header, "\"__metadata__\":{");
      for (gsize i = 0; metadata[i] != NULL && metadata[i + 1] != NULL; i += 2)
        {
          if (i > 0)
            g_string_append_c (header, ',');
          append_string (header, metadata[i]);
          g_string_append_c (header, ':');
          append_string (header, metadata[i + 1]);
        }
      g_string_append_c (header, '}');
    }
  for (gsize i = 0; i < n; i++)
    {
      if (!check_tensor (path, &tensors[i], error))
        return FALSE;
      if (header->len > 1)
        g_string_append_c (header, ',');
      append_entry (header, &tensors[i], begin);
      begin += tensors[i].bytes;
    }
  g_string_append_c (header, '}');
  while (header->len % 8 != 0)
    g_string_append_c (header, ' ');
  length = GUINT64_TO_LE ((guint64) header->len);
  file = assay_file_writer_new (path, error);
  if (file == NULL || !assay_file_writer_add (file, &length, sizeof length, error)
      || !assay_file_writer_add (file, header->str, header->len, error))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    if (!assay_file_writer_add (file, tensors[i].data, tensors[i].bytes, error))
      return FALSE;
  return assay_file_writer_commit (file, error);
}
