/* SPDX-License-Identifier: GPL-3.0-or-later */
/* intervention.c: see intervention.h. */
#include "run/intervention.h"

#include "base/error.h"

#include <string.h>

#define MOST_CHANNELS (G_GINT64_CONSTANT (1) << 40)

typedef struct { gint64 first, last; } Range;

typedef struct {
  AssayInterventionKind kind;
  GArray *channels, *positions; /* Range; none: all */
  double number;
  gboolean has_number;
  double *other;                /* (n_other, width): of another text; NULL: not needed */
} Change;

/* All that happens to one value. */
typedef struct {
  char *name;
  GArray *changes;              /* Change */
  gint64 width;                 /* channels; 0: not known so far */
  gint64 n_other;               /* positions of the other text that were walked */
  AssayDtype dtype;
} Tap;

struct _AssayInterventions {
  GPtrArray *taps;              /* Tap */
  guint n;
};

static void
change_clear (gpointer data)
{
  Change *change = data;

  g_array_unref (change->channels);
  g_array_unref (change->positions);
  g_free (change->other);
}

static void
tap_free (gpointer data)
{
  Tap *tap = data;

  g_free (tap->name);
  g_array_unref (tap->changes);
  g_free (tap);
}

AssayInterventions *
assay_interventions_new (void)
{
  AssayInterventions *self = g_new0 (AssayInterventions, 1);

  self->taps = g_ptr_array_new_with_free_func (tap_free);
  return self;
}

void
assay_interventions_free (AssayInterventions *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->taps);
  g_free (self);
}

guint
assay_interventions_get_n (const AssayInterventions *self)
{
  return self->n;
}

/* --- reading ---------------------------------------------------------------------------------------------------------------- */

/* "3,8-11" */
static gboolean
read_ranges (const char *text, GArray *ranges)
{
  g_auto (GStrv) each = g_strsplit (text, ",", -1);

  for (guint k = 0; each[k] != NULL; k++)
    {
      Range range;
      char *end;

      if (!g_ascii_isdigit (each[k][0]))
        return FALSE;
      range.first = range.last = g_ascii_strtoll (each[k], &end, 10);
      if (*end == '-' && g_ascii_isdigit (end[1]))
        range.last = g_ascii_strtoll (end + 1, &end, 10);
      if (*end != '\0' || range.last < range.first || range.last > MOST_CHANNELS)
        return FALSE;
      g_array_append_val (ranges, range);
    }
  return ranges->len > 0;
}

static gboolean
read_number (const char *text, double *number)
{
  char *end;

  *number = g_ascii_strtod (text, &end);
  return end != text && *end == '\0' && *number - *number == 0;
}

/* Cuts what follows mark off text, or NULL. */
static char *
cut_behind (char *text, char mark)
{
  char *at = strrchr (text, mark);

  if (at == NULL)
    return NULL;
  *at = '\0';
  return at + 1;
}

/* The name is what is left of text. */
static gboolean
read_change (char *text, Change *change)
{
  char *number = cut_behind (text, '='), *positions = cut_behind (text, '@'), *channels = NULL;
  gsize n = strlen (text);

  if (n > 0 && text[n - 1] == ']')
    {
      text[n - 1] = '\0';
      channels = cut_behind (text, '[');
      if (channels == NULL)
        return FALSE;
    }
  change->has_number = number != NULL;
  return text[0] != '\0' && strpbrk (text, "[]") == NULL && (number == NULL || read_number (number, &change->number)) && (positions == NULL || read_ranges (positions, change->positions))
         && (channels == NULL || read_ranges (channels, change->channels))
         && change->has_number == (change->kind == ASSAY_INTERVENTION_STEER || (change->kind == ASSAY_INTERVENTION_PATCH && change->has_number));
}

static Tap *
find_tap (AssayInterventions *self, const char *name)
{
  Tap *tap;

  for (guint k = 0; k < self->taps->len; k++)
    if (strcmp (((Tap *) self->taps->pdata[k])->name, name) == 0)
      return self->taps->pdata[k];
  tap = g_new0 (Tap, 1);
  tap->name = g_strdup (name);
  tap->changes = g_array_new (FALSE, TRUE, sizeof (Change));
  g_array_set_clear_func (tap->changes, change_clear);
  g_ptr_array_add (self->taps, tap);
  return tap;
}

gboolean
assay_interventions_add (AssayInterventions *self, AssayInterventionKind kind, const char *text, GError **error)
{
  static const char *const forms[] = { "TAP[INDEX], as in h.0.mlp.act[3,8-11],", "TAP[INDEX] or TAP[INDEX]=NUMBER, as in h.0.mlp.act[3]=0.5,",
                                       "TAP[INDEX]=NUMBER, as in h.0.mlp.act[3]=0.5," };
  static const char *const kinds[] = { "ablate", "patch", "steer" };
  g_autofree char *name = g_strdup (text);
  Change change = { .kind = kind, .channels = g_array_new (FALSE, FALSE, sizeof (Range)), .positions = g_array_new (FALSE, FALSE, sizeof (Range)) };

  if (!read_change (name, &change))
    {
      change_clear (&change);
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: %s expected, with @POSITIONS before any number for some tokens alone; \"%s\" found", kinds[kind], forms[kind], text);
      return FALSE;
    }
  g_array_append_val (find_tap (self, name)->changes, change);
  self->n++;
  return TRUE;
}

/* --- what patches take from another text ------------------------------------------------------------------------------------- */

static gboolean
wants_text (const Change *change)
{
  return change->kind == ASSAY_INTERVENTION_PATCH && !change->has_number;
}

static gboolean
tap_wants_text (const Tap *tap)
{
  for (guint k = 0; k < tap->changes->len; k++)
    if (wants_text (&g_array_index (tap->changes, Change, k)))
      return TRUE;
  return FALSE;
}

gboolean
assay_interventions_need_text (const AssayInterventions *self)
{
  for (guint k = 0; k < self->taps->len; k++)
    if (tap_wants_text (self->taps->pdata[k]))
      return TRUE;
  return FALSE;
}

static void
keep_values (const AssayGraphValue *value, void *data, gint64 position, gpointer user_data)
{
  Tap *tap = user_data;
  const gint64 n = value->shape.dim[1];

  for (guint k = 0; k < tap->changes->len; k++)
    {
      Change *change = &g_array_index (tap->changes, Change, k);

      if (!wants_text (change))
        continue;
      change->other = g_renew (double, change->other, (position + n) * tap->width);
      assay_dtype_convert (tap->dtype, data, ASSAY_F64, change->other + position * tap->width, n * tap->width);
    }
  tap->n_other = position + n;
}

static gboolean
measure (Tap *tap, AssayDecoder *decoder, GError **error)
{
  tap->dtype = assay_decoder_get_dtype (decoder);
  tap->width = assay_decoder_get_channels (decoder, tap->name, error);
  if (tap->width < 0)
    return FALSE;
  for (guint k = 0; k < tap->changes->len; k++)
    {
      const Change *change = &g_array_index (tap->changes, Change, k);

      for (guint r = 0; r < change->channels->len; r++)
        if (g_array_index (change->channels, Range, r).last >= tap->width)
          {
            g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "tap %s: an index from 0 to %" G_GINT64_FORMAT " expected, %" G_GINT64_FORMAT " found", tap->name,
                         tap->width - 1, g_array_index (change->channels, Range, r).last);
            return FALSE;
          }
    }
  return TRUE;
}

gboolean
assay_interventions_learn (AssayInterventions *self, AssayDecoder *source, const gint32 *tokens, gint64 n, GError **error)
{
  for (guint k = 0; k < self->taps->len; k++)
    {
      Tap *tap = self->taps->pdata[k];

      if (tap_wants_text (tap) && (!measure (tap, source, error) || !assay_decoder_set_edit (source, tap->name, keep_values, tap, error)))
        return FALSE;
    }
  return assay_decoder_feed (source, tokens, n, FALSE, NULL, error);
}

/* --- acting ------------------------------------------------------------------------------------------------------------------ */

static gboolean
is_within (const GArray *ranges, gint64 k)
{
  for (guint r = 0; r < ranges->len; r++)
    if (g_array_index (ranges, Range, r).first <= k && k <= g_array_index (ranges, Range, r).last)
      return TRUE;
  return ranges->len == 0;
}

/* The channels (width) of one position. */
static void
act (const Tap *tap, const Change *change, gint64 position, double *x)
{
  if (!is_within (change->positions, position) || (wants_text (change) && position >= tap->n_other))
    return;
  for (gint64 c = 0; c < tap->width; c++)
    if (is_within (change->channels, c))
      x[c] = change->kind == ASSAY_INTERVENTION_ABLATE  ? 0
             : change->kind == ASSAY_INTERVENTION_STEER ? x[c] + change->number
             : wants_text (change)                      ? change->other[position * tap->width + c] : change->number;
}

static void
act_on_value (const AssayGraphValue *value, void *data, gint64 position, gpointer user_data)
{
  const Tap *tap = user_data;
  g_autofree double *x = g_new (double, tap->width);

  for (gint64 t = 0; t < value->shape.dim[1]; t++)
    {
      char *row = (char *) data + t * tap->width * (gint64) assay_dtype_width (tap->dtype);

      assay_dtype_convert (tap->dtype, row, ASSAY_F64, x, tap->width);
      for (guint k = 0; k < tap->changes->len; k++)
        act (tap, &g_array_index (tap->changes, Change, k), position + t, x);
      assay_dtype_convert (ASSAY_F64, x, tap->dtype, row, tap->width);
    }
}

gboolean
assay_interventions_apply (AssayInterventions *self, AssayDecoder *decoder, GError **error)
{
  for (guint k = 0; k < self->taps->len; k++)
    {
      Tap *tap = self->taps->pdata[k];

      if (!measure (tap, decoder, error) || !assay_decoder_set_edit (decoder, tap->name, act_on_value, tap, error))
        return FALSE;
    }
  return TRUE;
}
