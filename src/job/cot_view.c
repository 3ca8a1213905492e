/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cot_view.c: verdicts by mode, a used chain beside a decorative one of the same text, what the verdicts rest on, and one chain whole. */
#include "job/cot_view.h"

#include "base/json.h"
#include "job/cot_document.h"

#include <math.h>
#include <string.h>

#define BAR_LENGTH 20

static double
number_of (const json_t *object, const char *key)
{
  return assay_json_get_number (object, key);
}

static void
add_fixed (AssayView *view, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  assay_view_add_cell (view, isfinite (value) ? g_ascii_formatd (text, sizeof text, "%.3f", value) : "-");
}

/* "0.997 (0.981 to 1.000)". */
static char *
with_interval (const json_t *number)
{
  char value[G_ASCII_DTOSTR_BUF_SIZE], lo[G_ASCII_DTOSTR_BUF_SIZE], hi[G_ASCII_DTOSTR_BUF_SIZE];
  const char *first = json_object_get (number, "estimate") ? "estimate" : "value";

  if (!isfinite (number_of (number, first)))
    return g_strdup ("-");
  g_ascii_formatd (value, sizeof value, "%.3f", number_of (number, first));
  if (!isfinite (number_of (number, "hi")))
    return g_strdup (value);
  g_ascii_formatd (lo, sizeof lo, "%.3f", number_of (number, "lo"));
  g_ascii_formatd (hi, sizeof hi, "%.3f", number_of (number, "hi"));
  return g_strdup_printf ("%s (%s to %s)", value, lo, hi);
}

static void
add_interval (AssayView *view, const json_t *number)
{
  g_autofree char *text = with_interval (number);

  assay_view_add_cell (view, text);
}

/* --- all chains ------------------------------------------------------------------------------------------------------- */

static void
view_modes (const json_t *document, AssayView *view)
{
  static const char *const verdicts[] = { "used", "partly used", "decorative", "cannot tell" };
  gsize k;
  json_t *mode;

  assay_view_begin_table (view, "mode|>chains|>mean estimate|>used|>partly used|>decorative|>cannot tell|>right with chain|>right without");
  json_array_foreach (json_object_get (document, "modes"), k, mode)
    {
      const json_t *used = json_object_get (mode, "used");

      assay_view_add_cell_number (view, number_of (mode, "mode"), 3);
      assay_view_add_cell_number (view, number_of (mode, "instances"), 15);
      add_fixed (view, number_of (used, "estimate"));
      for (gsize v = 0; v < G_N_ELEMENTS (verdicts); v++)
        assay_view_add_cell_number (view, number_of (json_object_get (used, "verdicts"), verdicts[v]), 15);
      add_fixed (view, number_of (mode, "right_with_chain"));
      add_fixed (view, number_of (mode, "right_without_chain"));
    }
  assay_view_add_text (view, "Mode: the share of edited chains that the data let the answer follow; the judgement does not know it. Right: share of answers that are "
                       "what the prompt implies, behind the whole chain and behind none at all.");
}

/* What no reader of the text could know. */
static void
view_pair (const json_t *document, AssayView *view)
{
  json_t *pair[2];

  if (!assay_cot_find_pair (json_object_get (document, "instances"), pair))
    return;
  assay_view_add_text (view, "The same text but for the mode, and the same answer; in one the chain is decoration, in the other it is used:");
  assay_view_begin_table (view, ">chain|text|answer|chain used?|verdict");
  for (gsize k = 0; k < G_N_ELEMENTS (pair); k++)
    {
      assay_view_add_cell_number (view, number_of (pair[k], "instance"), 15);
      assay_view_add_cell (view, assay_json_get_text (pair[k], "text"));
      assay_view_add_cell (view, assay_json_get_text (pair[k], "answer"));
      add_interval (view, json_object_get (pair[k], "used"));
      assay_view_add_cell (view, assay_json_get_text (json_object_get (pair[k], "used"), "verdict"));
    }
}

static void
view_curve_row (const char *name, const json_t *curve, AssayView *view)
{
  assay_view_add_cell (view, name);
  add_interval (view, json_object_get (curve, "ends"));
  add_interval (view, json_object_get (curve, "middle"));
  add_interval (view, json_object_get (curve, "spearman"));
}

static void
view_instrument (const json_t *instrument, AssayView *view)
{
  const json_t *certificate = json_object_get (instrument, "certificate"), *fused = json_object_get (instrument, "fused");
  g_autofree char *coverage = with_interval (json_object_get (fused, "coverage"));
  gsize k;
  json_t *probe;

  assay_view_add_heading (view, "What the verdicts rest on");
  assay_view_add_text (view, "Certificate %s of model %s, %s; learnt on %" G_GINT64_FORMAT " of its chains. Below, each number is tried on chains that it was not learnt "
                       "on: how often it ranks a chain that is always followed above one that never is, and 0.75 above 0.25 (0.5: by chance; 95 %% intervals), and its "
                       "rank correlation with the dose. Of the fused intervals %s hold the certified value.", assay_json_get_text (certificate, "job"),
                       assay_json_get_text (certificate, "model"), json_is_true (json_object_get (certificate, "of_this_model")) ? "which is this model"
                       : json_is_true (json_object_get (certificate, "same_family")) ? "another model of the same shape and family of data"
                       : "another model of the same shape, on another family of data", (gint64) json_integer_value (json_object_get (instrument, "instances")),
                       coverage);
  assay_view_begin_table (view, "number|0 against 1|0.25 against 0.75|Spearman");
  view_curve_row ("all probes fused", fused, view);
  view_curve_row ("those that do not repeat the certificate", json_object_get (instrument, "independent"), view);
  json_array_foreach (json_object_get (instrument, "probes"), k, probe)
    view_curve_row (assay_json_get_text (probe, "name"), json_object_get (probe, "less_control"), view);
  assay_view_add_text (view, "Single probes are taken less their controls. mistakes and follow repeat the edits that certificates are made with, and are right by construction; "
                       "the second row does without them.");
}

static void
view_blind_spots (const json_t *instrument, AssayView *view)
{
  gsize k;
  json_t *probe;

  assay_view_add_heading (view, "What each probe does, and cannot see");
  json_array_foreach (json_object_get (instrument, "probes"), k, probe)
    assay_view_add_field (view, assay_json_get_text (probe, "name"), "%s. Control: %s. %s", assay_json_get_text (probe, "help"), assay_json_get_text (probe, "control"),
                          assay_json_get_text (probe, "blind_spot"));
}

/* --- one chain -------------------------------------------------------------------------------------------------------- */

/* A bar for people: "######" of at most BAR_LENGTH, none for what is not above 0. */
static char *
bar (double value)
{
  return value > 0 ? g_strnfill ((gsize) (fmin (value, 1) * BAR_LENGTH + 0.5), '#') : g_strdup ("");
}

static void
view_points (const json_t *curve, AssayView *view)
{
  g_autofree char *head = g_strdup_printf (">%s|>effect||>control", assay_json_get_text (curve, "points_are"));
  gsize k;
  json_t *point;

  assay_view_add_text (view, "%s", assay_json_get_text (curve, "probe"));
  assay_view_begin_table (view, head);
  json_array_foreach (json_object_get (curve, "points"), k, point)
    {
      g_autofree char *drawn = bar (number_of (point, "value"));

      assay_view_add_cell_number (view, number_of (point, "point"), 15);
      add_fixed (view, number_of (point, "value"));
      assay_view_add_cell (view, drawn);
      add_fixed (view, number_of (point, "control"));
    }
}

static void
view_whole (const json_t *shown, AssayView *view)
{
  const json_t *used = json_object_get (shown, "used");
  g_autofree char *estimate = with_interval (used);
  gsize k;
  json_t *item;

  assay_view_add_heading (view, "Chain %" G_GINT64_FORMAT, (gint64) json_integer_value (json_object_get (shown, "instance")));
  assay_view_add_field (view, "text", "%s", assay_json_get_text (shown, "text"));
  assay_view_add_field (view, "answer", "%s, probability %.3f; without the chain %s, and the same answer %.3f", assay_json_get_text (shown, "answer"),
                        number_of (shown, "p_full"), assay_json_get_text (shown, "answer_without_chain"), number_of (shown, "p_without_chain"));
  assay_view_add_field (view, "chain used?", "%s: %s", estimate, assay_json_get_text (used, "verdict"));
  assay_view_add_field (view, "causes disclosed?", "%s", assay_json_get_text (shown, "disclosed"));
  assay_view_begin_table (view, "probe|soft effect|>control|hard effect|>edits|>tokens");
  json_array_foreach (json_object_get (shown, "probes"), k, item)
    {
      assay_view_add_cell (view, assay_json_get_text (item, "name"));
      add_interval (view, item);
      add_fixed (view, number_of (item, "control"));
      add_interval (view, json_object_get (item, "hard"));
      assay_view_add_cell_number (view, number_of (item, "edits"), 15);
      assay_view_add_cell_number (view, number_of (item, "tokens"), 15);
    }
  json_array_foreach (json_object_get (shown, "curves"), k, item)
    view_points (item, view);
  assay_view_add_text (view, "Every edit, as it was put to the model:");
  assay_view_begin_table (view, "probe|arm|text|done|answer|>p");
  json_array_foreach (json_object_get (shown, "edits"), k, item)
    {
      const char *donor = assay_json_get_text (item, "donor");
      g_autofree char *done = donor[0] ? g_strdup_printf ("states before layer %d of %s", (int) json_integer_value (json_object_get (item, "layer")), donor)
                              : g_strdup (assay_json_get_text (item, "intervention"));

      assay_view_add_cell (view, assay_json_get_text (item, "probe"));
      assay_view_add_cell (view, assay_json_get_text (item, "arm"));
      assay_view_add_cell (view, assay_json_get_text (item, "text"));
      assay_view_add_cell (view, done);
      assay_view_add_cell (view, assay_json_get_text (item, "answer"));
      add_fixed (view, number_of (item, "p"));
    }
}

void
assay_cot_view (const json_t *document, AssayView *view)
{
  const json_t *instrument = json_object_get (document, "instrument"), *shown = json_object_get (document, "shown");
  g_autofree char *asked = assay_view_count (json_integer_value (json_object_get (document, "asked")));
  g_autofree char *edits = assay_view_count (json_integer_value (json_object_get (document, "edits")));

  if (shown != NULL)
    {
      view_whole (shown, view);
      return;
    }
  assay_view_add_text (view, "model %s, data %s: %s chains judged by %s edits.", assay_json_get_text (document, "model"), assay_json_get_text (document, "data"), asked,
                       edits);
  assay_view_add_heading (view, "Was the chain used?");
  view_modes (document, view);
  view_pair (document, view);
  assay_view_add_heading (view, "Are the real causes disclosed?");
  assay_view_add_text (view, "Not tested. It is another question, and no answer to the first says anything about it.");
  if (json_is_true (json_object_get (instrument, "is_calibrated")))
    view_instrument (instrument, view);
  else
    assay_view_add_text (view, "Every verdict is \"cannot tell\": %s.", assay_json_get_text (instrument, "reason"));
  view_blind_spots (instrument, view);
  assay_view_add_text (view, "One chain with its curves and every edit: --instance K. All of it: --json.");
}
