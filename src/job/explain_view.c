/* SPDX-License-Identifier: GPL-3.0-or-later */
/* explain_view.c: draws packets: the decision, what made it, what would change it, and whether to believe that. */
#include "job/explain_view.h"

#include "base/json.h"
#include "job/query_view.h"
#include "job/spec.h"

#include <math.h>

#define MAX_ROWS 20             /* contributions of an image */

static char *
number_at (const json_t *object, const char *key, guint digits)
{
  return assay_view_number (assay_json_get_number (object, key), digits);
}

static gboolean
is_number (const json_t *object, const char *key)
{
  return json_is_number (json_object_get (object, key));
}

static void
view_decision (const json_t *packet, AssayView *view)
{
  const json_t *decision = json_object_get (packet, "decision"), *reference = json_object_get (packet, "reference"), *outcome = json_object_get (packet, "outcome");
  g_autofree char *name = assay_query_name (json_object_get (packet, "example")), *margin = number_at (decision, "margin", 4);
  g_autofree char *probability = number_at (decision, "probability", 4), *at = number_at (reference, "probability", 4);
  g_autofree char *came = json_is_string (outcome) ? g_strdup (json_string_value (outcome)) : assay_view_number (json_number_value (outcome), 6);

  assay_view_add_heading (view, "%s", name);
  if (json_is_string (json_object_get (decision, "class")))
    assay_view_add_field (view, "decided", "%s, probability %s; margin %s toward %s", assay_json_get_text (decision, "class"), probability, margin,
                          assay_json_get_text (decision, "margin_toward"));
  else
    assay_view_add_field (view, "predicted", "%s", margin);
  assay_view_add_field (view, "recorded outcome", "%s", came);
  assay_view_add_field (view, "reference", "%s%s%s%s%s", assay_json_get_text (reference, "words"), is_number (reference, "probability") ? ": decided " : "",
                        assay_json_get_text (reference, "class"), is_number (reference, "probability") ? ", probability " : "",
                        is_number (reference, "probability") ? at : "");
}

static void
view_contributions (const json_t *packet, AssayView *view)
{
  const json_t *check = json_object_get (packet, "check"), *list = json_object_get (packet, "contributions");
  g_autofree char *sum = number_at (check, "sum", 6), *change = number_at (check, "change", 6), *residual = number_at (check, "residual", 2);
  gsize k;
  json_t *entry;

  assay_view_begin_table (view, "column|value|reference|>contribution");
  json_array_foreach (list, k, entry)
    {
      if (k == MAX_ROWS)
        break;
      assay_view_add_cell (view, assay_json_get_text (entry, "column"));
      assay_view_add_cell (view, assay_json_get_text (entry, "value"));
      assay_view_add_cell (view, assay_json_get_text (entry, "reference"));
      assay_view_add_cell_number (view, assay_json_get_number (entry, "contribution"), 4);
    }
  if (json_array_size (list) > MAX_ROWS)
    assay_view_add_text (view, "The %d largest; all are in the stored object.", MAX_ROWS);
  assay_view_add_text (view, "%s%s: they add up to %s of %s, residual %s.", json_is_true (json_object_get (check, "converged")) ? "" : "NOT CONVERGED; ",
                       assay_json_get_text (check, "method"), sum, change, residual);
}

static void
view_reasons (const json_t *packet, AssayView *view)
{
  gsize k;
  json_t *reason;

  json_array_foreach (json_object_get (packet, "reasons"), k, reason)
    {
      g_autofree char *share = assay_view_number (100 * assay_json_get_number (reason, "share"), 3);
      g_autofree char *name = g_strdup_printf ("reason %d", (int) k + 1);

      assay_view_add_field (view, name, "%s = %s against %s: %s %% of all that speaks for it", assay_json_get_text (reason, "column"),
                            assay_json_get_text (reason, "value"), assay_json_get_text (reason, "reference"), share);
    }
}

/* --- flips --------------------------------------------------------------------------------------------------------------------- */

static void
view_flip (const json_t *column, const json_t *flip, AssayView *view)
{
  g_autofree char *probability = number_at (flip, "probability", 3), *change = number_at (flip, "change", 6);

  if (!json_is_object (flip))
    return;
  assay_view_add_cell (view, assay_json_get_text (column, "column"));
  assay_view_add_cell (view, assay_json_get_text (column, "value"));
  assay_view_add_cell (view, assay_json_get_text (flip, "value"));
  assay_view_add_cell (view, is_number (flip, "change") ? change : "");
  assay_view_add_cell (view, assay_json_get_text (flip, "class"));
  assay_view_add_cell (view, probability);
}

static void
view_flips (const json_t *packet, AssayView *view)
{
  const json_t *flips = json_object_get (packet, "flips"), *columns = json_object_get (flips, "columns");
  gsize k, l;
  json_t *column, *level;
  gint64 any = 0;

  json_array_foreach (columns, k, column)
    any += json_integer_value (json_object_get (column, "flips"));
  if (columns == NULL)
    {
      assay_view_add_text (view, "Flips: %s.", assay_json_get_text (flips, "not_applicable"));
      return;
    }
  if (any == 0)
    {
      assay_view_add_text (view, "No single change of one column to a value seen in training decides otherwise.");
      return;
    }
  assay_view_add_text (view, "Single changes that decide otherwise:");
  assay_view_begin_table (view, "column|from|to|>change|then|>probability");
  json_array_foreach (columns, k, column)
    {
      view_flip (column, json_object_get (column, "down"), view);
      view_flip (column, json_object_get (column, "up"), view);
      json_array_foreach (json_object_get (column, "levels"), l, level)
        view_flip (column, level, view);
    }
}

/* --- fidelity and evidence ----------------------------------------------------------------------------------------------------- */

static void
view_fidelity (const json_t *packet, AssayView *view)
{
  const json_t *fidelity = json_object_get (packet, "fidelity");
  g_autofree char *area = number_at (fidelity, "area", 4), *random = number_at (fidelity, "random_area", 4), *p = number_at (fidelity, "p", 3);
  g_autofree char *gap = number_at (fidelity, "largest_gap", 2), *rescaled = number_at (fidelity, "rescaled", 3);

  assay_view_add_field (view, "fidelity", "deleting in this order lowers the margin by %s in the mean, random orders by %s (p = %s)", area, random, p);
  assay_view_add_field (view, "claimed against measured", "largest gap %s", gap);
  if (is_number (fidelity, "rescaled"))
    assay_view_add_field (view, "between worst and best order", "%s", rescaled);
}

static void
view_nearest (const json_t *packet, AssayView *view)
{
  const json_t *nearest = json_object_get (packet, "nearest");
  gsize k;
  json_t *neighbour;

  if (json_array_size (json_object_get (nearest, "neighbours")) == 0)
    return;
  assay_view_add_text (view, "Most alike in training, by %s; the model cannot tell %" G_GINT64_FORMAT " of them from this one:",
                       assay_json_get_text (nearest, "distance"), (gint64) json_integer_value (json_object_get (nearest, "identical")));
  assay_view_begin_table (view, "training example|>distance|outcome");
  json_array_foreach (json_object_get (nearest, "neighbours"), k, neighbour)
    {
      g_autofree char *name = assay_query_name (neighbour);
      const json_t *outcome = json_object_get (neighbour, "outcome");
      g_autofree char *came = json_is_string (outcome) ? g_strdup (json_string_value (outcome)) : assay_view_number (json_number_value (outcome), 6);

      assay_view_add_cell (view, name);
      assay_view_add_cell_number (view, assay_json_get_number (neighbour, "distance"), 3);
      assay_view_add_cell (view, came);
    }
}

static void
view_influence (const json_t *packet, AssayView *view)
{
  gsize k, i;
  json_t *scores, *entry;

  json_array_foreach (json_object_get (packet, "influence"), k, scores)
    {
      assay_view_add_text (view, "Influence on this example's loss by %s%s (%s):", assay_json_get_text (scores, "method"),
                           json_is_true (json_object_get (scores, "converged")) ? "" : ", NOT CONVERGED", assay_json_get_text (scores, "unit"));
      assay_view_begin_table (view, "training example|>score");
      json_array_foreach (json_object_get (scores, "scores"), i, entry)
        {
          g_autofree char *name = assay_query_name (entry);

          assay_view_add_cell (view, name);
          assay_view_add_cell_number (view, assay_json_get_number (entry, "score"), 4);
        }
    }
}

void
assay_explain_view (const json_t *document, AssayView *view)
{
  g_autofree char *cas = assay_job_quote_word (assay_json_get_text (document, "case"));
  g_autofree char *object = g_strconcat ("packet/", assay_json_get_text (document, "packet_object"), NULL), *quoted = assay_job_quote_word (object);
  gsize q;
  json_t *packet;

  json_array_foreach (json_object_get (document, "packets"), q, packet)
    {
      view_decision (packet, view);
      view_contributions (packet, view);
      view_reasons (packet, view);
      view_flips (packet, view);
      view_fidelity (packet, view);
      view_nearest (packet, view);
      view_influence (packet, view);
    }
  assay_view_add_heading (view, "Everything: assay info %s %s", cas, quoted);
}
