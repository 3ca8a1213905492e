/* SPDX-License-Identifier: GPL-3.0-or-later */
/* left_out.c: references and files of references to places. */
#include "job/left_out.h"

#include "base/error.h"
#include "store/array_file.h"
#include "store/file.h"

#include <math.h>
#include <string.h>

typedef struct {
  const AssaySubject *subject;
  GArray *places;
  gboolean *taken;              /* (N) */
} Collection;

static gboolean
take (Collection *c, gint64 place, const char *where, GError **error)
{
  if (place < 0 || place >= c->subject->n_train)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "%s: a training example from 0 to %" G_GINT64_FORMAT " expected, %" G_GINT64_FORMAT " found", where,
                   c->subject->n_train - 1, place);
      return FALSE;
    }
  if (!c->taken[place])
    g_array_append_val (c->places, place);
  c->taken[place] = TRUE;
  return TRUE;
}

/* From examples of the data set to places among the training examples. */
static gboolean
take_reference (Collection *c, const char *reference, GError **error)
{
  const AssaySubject *subject = c->subject;
  g_autoptr (GArray) examples = assay_subject_find_examples (subject->dataset, (const char *const[]) { reference, NULL }, error);

  for (guint k = 0; examples != NULL && k < examples->len; k++)
    {
      gint64 example = g_array_index (examples, gint64, k), place = 0;

      while (place < subject->n_train && subject->train[place] != example)
        place++;
      if (place == subject->n_train)
        {
          g_autofree char *name = assay_dataset_describe (subject->dataset, example);

          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "without: %s is no example that model %s was trained on (split %s)", name,
                       subject->object->name, subject->train_split);
          return FALSE;
        }
      if (!take (c, place, "without", error))
        return FALSE;
    }
  return examples != NULL;
}

static gboolean
take_array (Collection *c, const char *path, GError **error)
{
  g_autoptr (AssayArrayFile) array = assay_array_file_read (path, NULL, error);

  for (guint64 k = 0; array != NULL && k < array->n_elements; k++)
    {
      double value = array->values[k];

      if (!(fabs (value) < 9e15) || floor (value) != value)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: numbers of training examples expected, %g found", path, value);
          return FALSE;
        }
      if (!take (c, (gint64) value, path, error))
        return FALSE;
    }
  return array != NULL;
}

static gboolean
take_lines (Collection *c, const char *path, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) fault = NULL;
  g_auto (GStrv) lines = NULL;
  gsize length;

  if (!g_file_get_contents (path, &text, &length, &fault) || !g_utf8_validate (text, (gssize) length, NULL))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: a text with an example on every line expected%s%s", path, fault ? ": " : "", fault ? fault->message : "");
      return FALSE;
    }
  lines = g_strsplit (text, "\n", -1);
  for (gsize k = 0; lines[k] != NULL; k++)
    {
      const char *line = g_strstrip (lines[k]);
      gint64 place;

      if (line[0] == '\0' || line[0] == '#')
        continue;
      if (g_ascii_string_to_signed (line, 10, G_MININT64, G_MAXINT64, &place, NULL) ? !take (c, place, path, error) : !take_reference (c, line, error))
        {
          g_prefix_error (error, "line %" G_GSIZE_FORMAT ": ", k + 1);
          return FALSE;
        }
    }
  return TRUE;
}

static gboolean
take_file (Collection *c, const char *path, AssayJob *job, GError **error)
{
  g_autofree char *sha256 = assay_file_sha256 (path, NULL, error), *base = g_path_get_basename (path), *name = g_utf8_make_valid (base, -1);

  if (sha256 == NULL)
    return FALSE;
  assay_job_add_input_file (job, "without", name, sha256);
  return g_str_has_suffix (path, ".npy") ? take_array (c, path, error) : take_lines (c, path, error);
}

GArray *
assay_left_out_find (const AssaySubject *subject, const char *const *entries, AssayJob *job, GError **error)
{
  g_autoptr (GArray) places = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autofree gboolean *taken = g_new0 (gboolean, subject->n_train);
  Collection c = { subject, places, taken };

  for (; *entries != NULL; entries++)
    if (g_file_test (*entries, G_FILE_TEST_IS_REGULAR) ? !take_file (&c, *entries, job, error) : !take_reference (&c, *entries, error))
      return NULL;
  if (places->len > 0)
    return g_steal_pointer (&places);
  g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "without: no training example is named");
  return NULL;
}
