/* SPDX-License-Identifier: GPL-3.0-or-later */
/* influence_parts.c: one row of parts, and its figure: a waterfall of modules or heads, tinted tokens. */
#include "gui/influence_parts.h"

#include "store/reader.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#define SHOWN 24                /* bars of a waterfall: the parts of least magnitude are one bar */

AssayInfluencePartsRequest *
assay_influence_parts_request_new (AssayInfluenceQuestion *question, AssayExampleIndex *index, const char *reference)
{
  AssayInfluencePartsRequest *request = g_new0 (AssayInfluencePartsRequest, 1);

  *request = (AssayInfluencePartsRequest) { assay_influence_question_ref (question), assay_example_index_ref (index), g_strdup (reference) };
  return request;
}

void
assay_influence_parts_request_free (AssayInfluencePartsRequest *request)
{
  assay_influence_question_unref (request->question);
  assay_example_index_unref (request->index);
  g_free (request->reference);
  g_free (request);
}

void
assay_influence_parts_free (AssayInfluenceParts *self)
{
  if (self == NULL)
    return;
  g_free (self->reference);
  g_free (self->by);
  g_strfreev (self->names);
  g_free (self->value);
  g_free (self->unit);
  g_free (self);
}

/* Place of the example among those that were scored; -1: it was not. */
static gint64
find_place (const AssayInfluencePartsRequest *request)
{
  const char *split = request->question->split;
  gsize n = strlen (split);

  return strncmp (request->reference, split, n) == 0 && request->reference[n] == ':' ? g_ascii_strtoll (request->reference + n + 1, NULL, 10) : -1;
}

/* Positions are known by their tokens. */
static void
name_tokens (AssayInfluenceParts *self, const AssayExampleIndex *index)
{
  const AssayColumn *column = assay_table_first_of (index->table, ASSAY_COLUMN_TOKENS);
  gint64 row = assay_example_index_find (index, self->reference);

  for (gint64 t = 0; column != NULL && row >= 0 && t < MIN (self->n, column->length); t++)
    {
      gint32 token = column->token[row * column->length + t];

      if (column->levels == NULL || token < 0 || (guint) token >= column->levels->len)
        continue;
      g_free (self->names[t]);
      self->names[t] = g_strdup (column->levels->pdata[token]);
    }
}

gpointer
assay_influence_parts_read (AssayCase *cas, gconstpointer data, GCancellable *cancellable, GError **error)
{
  const AssayInfluencePartsRequest *request = data;
  g_autoptr (AssayInfluenceParts) self = g_new0 (AssayInfluenceParts, 1);
  g_autoptr (AssayObject) object = assay_case_lookup (cas, "scores", request->question->scores, error);
  g_autoptr (AssayReader) reader = object ? assay_reader_new (cas, object, error) : NULL;
  gint64 place = find_place (request);
  AssayArrayInfo info;

  (void) cancellable;
  if (reader == NULL)
    return NULL;
  self->reference = g_strdup (request->reference);
  if (!assay_reader_has (reader, "/scores/parts"))
    return g_steal_pointer (&self);
  if (!assay_reader_describe (reader, "/scores/parts", &info, error))
    return NULL;
  if (place < 0 || place >= info.dims[1])
    return g_steal_pointer (&self);
  self->n = info.dims[2];
  self->value = g_new (double, self->n);
  self->unit = g_strdup (request->question->unit);
  if ((self->names = assay_reader_read_text (reader, "/part", error)) == NULL
      || !assay_reader_read_box (reader, "/scores/parts", (gint64[]) { request->question->query, place, 0 }, (gint64[]) { 1, 1, self->n },
                                 ASSAY_STORE_F64, self->value, error)
      || (self->by = assay_reader_dup_text (reader, "/scores", "parts_by", error)) == NULL)
    return NULL;
  if (strcmp (self->by, "token") == 0)
    name_tokens (self, request->index);
  return g_steal_pointer (&self);
}

/* --- the figure ---------------------------------------------------------------------------------------------------------- */

static double
get_least_shown (const AssayInfluenceParts *self)
{
  g_autofree double *magnitude = g_new (double, self->n);

  for (gint64 k = 0; k < self->n; k++)
    magnitude[k] = fabs (self->value[k]);
  for (gint64 k = 0; k < SHOWN - 1; k++)                        /* the largest first, so many of them */
    for (gint64 j = k + 1; j < self->n; j++)
      if (magnitude[j] > magnitude[k])
        {
          double larger = magnitude[j];

          magnitude[j] = magnitude[k];
          magnitude[k] = larger;
        }
  return magnitude[SHOWN - 2];
}

/* In the model's own order; what is small is put together at the end. */
static void
add_waterfall (const AssayInfluenceParts *self, AssayFigure *figure)
{
  double least = self->n > SHOWN ? get_least_shown (self) : 0, rest = 0;
  g_autofree const char **names = g_new0 (const char *, self->n + 2);
  g_autofree double *value = g_new (double, self->n + 1);
  gsize n = 0, n_rest = 0;
  g_autofree char *others = NULL;

  for (gint64 k = 0; k < self->n; k++)
    if (fabs (self->value[k]) >= least)
      {
        names[n] = self->names[k];
        value[n++] = self->value[k];
      }
    else
      {
        rest += self->value[k];
        n_rest++;
      }
  if (n_rest > 0)
    {
      others = g_strdup_printf (_("%d others"), (int) n_rest);
      names[n] = others;
      value[n++] = rest;
    }
  assay_figure_set_categories (figure, ASSAY_AXIS_Y, n, names);
  assay_figure_set_axis (figure, ASSAY_AXIS_X, ASSAY_SCALE_LINEAR, _("score, part by part"), self->unit);
  assay_figure_add_waterfall (figure, _("adds to it"), _("takes from it"), n, value);
}

AssayFigure *
assay_influence_parts_make_figure (const AssayInfluenceParts *self)
{
  g_autofree char *title = g_strdup_printf (_("Where the score of %s comes from"), self->reference);
  AssayFigure *figure;

  if (self->by == NULL || self->n == 0)
    return NULL;
  figure = assay_figure_new ("influence/parts", title);
  if (strcmp (self->by, "token") == 0)
    {
      assay_figure_add_tokens (figure, _("part of the score"), (gsize) self->n, (const char *const *) self->names, self->value);
      assay_figure_set_reading (figure, _("Each position of the training example, tinted by what its own loss adds to the score; the parts add up to the "
                                          "score."));
      assay_figure_set_note (figure, _("A part belongs to the prediction made at that position, not to the word that stands there."));
      return figure;
    }
  add_waterfall (self, figure);
  assay_figure_set_reading (figure, _("What each part of the model adds to the score; the last bar ends at the score."));
  return figure;
}
