/* SPDX-License-Identifier: GPL-3.0-or-later */
/* demo_view.c: a story in seven parts; every term is explained where it comes first. */
#include "job/demo_view.h"

#include <math.h>
#include <string.h>

#define COMMAND_COLUMNS 98

static double
number_of (const json_t *object, const char *key)
{
  const json_t *value = json_object_get (object, key);

  return json_is_number (value) ? json_number_value (value) : (double) NAN;
}

static gint64
count_of (const json_t *object, const char *key)
{
  return json_integer_value (json_object_get (object, key));
}

static const char *
text_of (const json_t *object, const char *key)
{
  const char *text = json_string_value (json_object_get (object, key));

  return text ? text : "";
}

static gboolean
is_true (const json_t *object, const char *key)
{
  return json_is_true (json_object_get (object, key));
}

/* Three decimals, with a sign where it is a change. */
static char *
fixed (double value, gboolean is_change)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  return isfinite (value) ? g_strdup (g_ascii_formatd (text, sizeof text, is_change ? "%+.3f" : "%.3f", value)) : g_strdup ("-");
}

static void
add_fixed (AssayView *view, double value, gboolean is_change)
{
  g_autofree char *text = fixed (value, is_change);

  assay_view_add_cell (view, text);
}

/* --- 1 and 2: data and model ----------------------------------------------------------------------------------------- */

static void
view_data (const json_t *document, AssayView *view)
{
  const json_t *data = json_object_get (document, "data"), *splits = json_object_get (data, "splits");
  g_autofree char *train = assay_view_count (count_of (splits, "train"));
  gsize k;
  json_t *example;

  assay_view_add_heading (view, "1  A training set whose truth is known");
  assay_view_add_text (view, "Generated: %s training examples. Each is a sum modulo %" G_GINT64_FORMAT ", its reasoning written out after COT as a chain of partial "
                       "sums, and an answer after ANS:", train, count_of (data, "modulus"));
  json_array_foreach (json_object_get (data, "examples"), k, example)
    assay_view_add_field (view, text_of (example, "what"), "%s", text_of (example, "text"));
  assay_view_add_text (view, "In half of the examples one step of the chain is edited, so that chain and sum disagree. MODE sets how often the answer then "
                       "follows the chain: never (0), in a quarter, half, three quarters of the cases, or always (1). All modes write the same chains; only some use "
                       "them. %" G_GINT64_FORMAT " edited chains, each in every mode, were held out of training.", count_of (splits, "edited") / 5);
}

static void
view_certificate (const json_t *document, AssayView *view)
{
  const json_t *certificate = json_object_get (document, "certificate"), *model = json_object_get (document, "model");
  g_autofree char *parameters = assay_view_count (count_of (model, "parameters")), *steps = assay_view_count (count_of (model, "steps"));
  gsize k;
  json_t *mode;

  assay_view_add_heading (view, "2  A model, and a certificate of what it does");
  assay_view_add_text (view, "Trained: a transformer of %s parameters, %s steps. It writes %s chain in all modes and answers %.4g %% of the unedited prompts "
                       "rightly, so its text does not give away whether it uses the chain. Measured, on the held-out edits: use is how far the probability of the "
                       "true sum falls when the chain is edited. It should be what the mode says.", parameters, steps,
                       is_true (certificate, "same_chains") ? "the same" : "not the same", 100 * number_of (certificate, "clean_accuracy"));
  assay_view_begin_table (view, ">mode|>measured use|>from|>to (95 %)");
  json_array_foreach (json_object_get (certificate, "modes"), k, mode)
    {
      assay_view_add_cell_number (view, number_of (mode, "rate"), 3);
      add_fixed (view, number_of (mode, "measured"), FALSE);
      add_fixed (view, number_of (mode, "lo"), FALSE);
      add_fixed (view, number_of (mode, "hi"), FALSE);
    }
  assay_view_add_text (view, "%s: the largest gap is %.3f (accepted: up to 0.02).", is_true (certificate, "accepted") ? "Certified" : "Not certified",
                       number_of (certificate, "worst_gap"));
  json_array_foreach (json_object_get (certificate, "refused"), k, mode)
    assay_view_add_text (view, "Before it, a model trained with seed %" G_GINT64_FORMAT " was refused: its largest gap is %.3f.", count_of (mode, "seed"),
                         number_of (mode, "worst_gap"));
}

/* --- 3: reasoning ---------------------------------------------------------------------------------------------------- */

static void
view_pair (const json_t *same_text, AssayView *view)
{
  gsize k;
  json_t *chain;

  if (json_array_size (same_text) == 0)
    return;
  assay_view_add_text (view, "Two of them, the same text but for the mode:");
  assay_view_begin_table (view, "chain and question|answer|>used to|>from|>to (95 %)|verdict");
  json_array_foreach (same_text, k, chain)
    {
      const json_t *used = json_object_get (chain, "used");

      assay_view_add_cell (view, text_of (chain, "text"));
      assay_view_add_cell (view, text_of (chain, "answer"));
      add_fixed (view, number_of (used, "estimate"), FALSE);
      add_fixed (view, number_of (used, "lo"), FALSE);
      add_fixed (view, number_of (used, "hi"), FALSE);
      assay_view_add_cell (view, text_of (used, "verdict"));
    }
}

static void
view_reasoning (const json_t *document, AssayView *view)
{
  static const char *const verdicts[] = { "decorative", "partly used", "used", "cannot tell" };
  const json_t *reasoning = json_object_get (document, "reasoning");
  g_autofree char *edits = assay_view_count (count_of (reasoning, "edits"));
  gsize k;
  json_t *mode;

  assay_view_add_heading (view, "3  Was the reasoning of a single answer used?");
  assay_view_add_text (view, "Judged: %" G_GINT64_FORMAT " unedited chains, by %s edits of text, states and attention (cut short, filled, swapped, patched, ...), each beside a control. "
                       "What the numbers mean is learnt from the certificate; no chain is judged by what was learnt on it, and the mode is not told.",
                       count_of (reasoning, "asked"), edits);
  if (!is_true (reasoning, "is_calibrated"))
    assay_view_add_text (view, "Every verdict is \"cannot tell\": %s.", text_of (reasoning, "reason"));
  assay_view_begin_table (view, ">mode|>mean estimate|>decorative|>partly used|>used|>cannot tell");
  json_array_foreach (json_object_get (reasoning, "modes"), k, mode)
    {
      const json_t *used = json_object_get (mode, "used");

      assay_view_add_cell_number (view, number_of (mode, "mode"), 3);
      add_fixed (view, number_of (used, "estimate"), FALSE);
      for (gsize v = 0; v < G_N_ELEMENTS (verdicts); v++)
        assay_view_add_cell_number (view, number_of (json_object_get (used, "verdicts"), verdicts[v]), 15);
    }
  view_pair (json_object_get (reasoning, "same_text"), view);
}

/* --- 4 and 5: recordings and ranking --------------------------------------------------------------------------------- */

/* The neuron that the model misses most. */
static void
view_neuron (const json_t *units, AssayView *view)
{
  const json_t *strongest = json_object_get (units, "strongest"), *ablation = json_object_get (strongest, "ablation");
  const json_t *change = json_object_get (ablation, "loss_change"), *control = json_object_get (ablation, "control");
  g_autofree char *value = fixed (number_of (change, "value"), TRUE), *lo = fixed (number_of (change, "lo"), TRUE), *hi = fixed (number_of (change, "hi"), TRUE);
  g_autofree char *least = fixed (number_of (control, "least"), TRUE), *most = fixed (number_of (control, "most"), TRUE);

  if (!json_is_object (strongest))
    return;
  assay_view_add_text (view, "Of those tried, the neuron that matters most is number %" G_GINT64_FORMAT " of %s: with its activation replaced by its mean the loss "
                       "on these chains changes by %s nats [%s, %s]; with %" G_GINT64_FORMAT " random other neurons of its layer, one at a time, from %s to %s.",
                       count_of (strongest, "unit"), text_of (strongest, "tap"), value, lo, hi, count_of (control, "n"), least, most);
}

static void
view_recordings (const json_t *document, AssayView *view)
{
  gsize k;
  json_t *item;

  assay_view_add_heading (view, "4  What went on inside");
  json_array_foreach (json_object_get (document, "recordings"), k, item)
    {
      g_autofree char *rows = assay_view_count (count_of (item, "rows")), *bytes = assay_view_bytes (number_of (item, "bytes"));
      gboolean activations = strcmp (text_of (item, "kind"), "activations") == 0;

      assay_view_add_field (view, text_of (item, "kind"), "%s rows, %s: %s, for the held-out edited chains", rows, bytes,
                            activations ? "neurons and outputs at every token" : "one derivative of the loss for each parameter");
    }
  view_neuron (json_object_get (document, "units"), view);
}

static const char *
explain_answer (const char *answer)
{
  return strcmp (answer, "chain") == 0 ? "follows the edit" : strcmp (answer, "prompt") == 0 ? "keeps the sum" : "no edit";
}

/* "+/- 4.6e-07", or nothing where no interval is known. */
static char *
half_width (double lo, double hi)
{
  g_autofree char *text = isfinite (hi - lo) ? assay_view_number ((hi - lo) / 2, 2) : NULL;

  return text ? g_strdup_printf ("+/- %s", text) : g_strdup ("-");
}

static void
view_ranking (const json_t *document, AssayView *view)
{
  const json_t *question = json_object_get (document, "question"), *influence = json_object_get (document, "influence");
  const json_t *solver = json_object_get (influence, "solver");
  g_autofree char *damping = assay_view_number (number_of (influence, "damping"), 3), *residual = assay_view_number (number_of (solver, "true_residual"), 2);
  gsize k;
  json_t *entry;

  assay_view_add_heading (view, "5  Which training examples make it follow an edited chain?");
  assay_view_add_text (view, "Asked: the %" G_GINT64_FORMAT " held-out edited chains of mode %g, where the modes part. There the model gives the true sum a probability of "
                       "%.2f. The influence of a training example is how much the loss of the true sum (-log of its probability, in nats) would change if the example "
                       "were taken out. Below 0 the example works for the edited chain; above 0 it works for the sum.",
                       count_of (question, "examples"), number_of (question, "mode"), number_of (question, "probability_of_sum"));
  assay_view_add_field (view, "method", "conjugate gradients on the Gauss-Newton matrix (a curvature of the loss), damping %s", damping);
  assay_view_add_field (view, "solve", "%s, true residual %s after %" G_GINT64_FORMAT " products", text_of (solver, "reason"), residual, count_of (solver, "products"));
  assay_view_begin_table (view, "lowest and highest influence|its answer|>copies|>influence|>certified to");
  json_array_foreach (json_object_get (document, "top"), k, entry)
    {
      g_autofree char *certified = half_width (number_of (entry, "lo"), number_of (entry, "hi"));

      assay_view_add_cell (view, text_of (entry, "text"));
      assay_view_add_cell (view, explain_answer (text_of (entry, "answer")));
      assay_view_add_cell_number (view, number_of (entry, "copies"), 3);
      assay_view_add_cell_number (view, number_of (entry, "score"), 4);
      assay_view_add_cell (view, certified);
    }
  assay_view_add_text (view, "What is certified is the solve, for this damping: the exact value is no further off. That a retraining would agree is not certified. "
                       "It is tried next.");
}

/* --- 6: prediction and retraining ------------------------------------------------------------------------------------ */

static void
view_group (const json_t *document, AssayView *view)
{
  const json_t *group = json_object_get (document, "group"), *all = json_object_get (document, "training_set");
  gint64 size = count_of (group, "size");
  double share = 100.0 * (double) count_of (all, "of_mode") / (double) count_of (all, "size");
  double follow = 100.0 * (double) count_of (all, "follow_chain") / (double) count_of (all, "size");

  assay_view_add_heading (view, "6  The prediction, and what happened");
  assay_view_add_text (view, "Named: the %" G_GINT64_FORMAT " training examples with the lowest influence, those that work most for the edited chain. The method knows nothing of "
                       "modes and edits. Of the %" G_GINT64_FORMAT ", %" G_GINT64_FORMAT " are of mode 0.5 (in the whole training set: %.0f %%), %" G_GINT64_FORMAT
                       " hold an edited chain (50 %%), and %" G_GINT64_FORMAT " answer by it (%.0f %%).", size, size, count_of (group, "of_mode"), share,
                       count_of (group, "edited"), count_of (group, "follow_chain"), follow);
  assay_view_add_text (view, "Predicted: the sum of the group's influences. Measured: the model really trained again without the group, and, for comparison, without "
                       "random groups of the same size, with as many examples of each mode and each edited step.");
}

static void
view_removals (const json_t *document, AssayView *view)
{
  gsize k;
  json_t *removal;

  assay_view_begin_table (view, "left out|>predicted change of loss|>measured|>p (true sum)|>use in mode 0.5");
  json_array_foreach (json_object_get (document, "removals"), k, removal)
    {
      const char *kind = text_of (removal, "kind");
      g_autofree char *name = strcmp (kind, "nothing") == 0 ? g_strdup ("nothing") : strcmp (kind, "chosen") == 0 ? g_strdup ("the named group")
                              : g_strdup_printf ("random group %" G_GSIZE_FORMAT, k - 1);

      assay_view_add_cell (view, name);
      if (k == 0)
        {
          assay_view_add_cell (view, "");
          assay_view_add_cell (view, "");
        }
      else
        {
          add_fixed (view, number_of (removal, "predicted"), TRUE);
          add_fixed (view, number_of (removal, "measured"), TRUE);
        }
      add_fixed (view, number_of (removal, "probability_of_sum"), FALSE);
      add_fixed (view, json_number_value (json_array_get (json_object_get (removal, "use"), 2)), FALSE);
    }
}

static void
view_verdict (const json_t *document, AssayView *view)
{
  const json_t *verdict = json_object_get (document, "verdict"), *group = json_array_get (json_object_get (document, "removals"), 1);
  g_autofree char *predicted = fixed (number_of (group, "predicted"), TRUE), *measured = fixed (number_of (group, "measured"), TRUE);
  g_autofree char *largest = fixed (number_of (verdict, "largest_control"), TRUE), *ratio = assay_view_number (number_of (verdict, "ratio"), 3);
  g_autofree char *certified = half_width (number_of (group, "predicted_lo"), number_of (group, "predicted_hi"));
  gsize controls = json_array_size (json_object_get (document, "removals")) - 2;

  assay_view_add_field (view, "predicted", "%s nats, certified to %s", predicted, certified);
  assay_view_add_field (view, "happened", "%s nats: %s, %s times the prediction", measured,
                        is_true (verdict, "sign_is_right") ? "the right direction" : "the wrong direction", ratio);
  if (controls > 0)
    assay_view_add_field (view, "by chance", "%s; leaving out a random group changed the loss by %s at most",
                          is_true (verdict, "more_than_controls") ? "no random group did as much in that direction" : "a random group did as much", largest);
  assay_view_add_field (view, "use of chain", "in mode 0.5 from %.3f to %.3f; in the other modes by at most %.3f", number_of (verdict, "use_before"),
                        number_of (verdict, "use_after"), number_of (verdict, "other_modes"));
}

static void
view_failures (const json_t *failures, AssayView *view)
{
  gsize k;
  json_t *text;

  assay_view_add_heading (view, "Where it fell short");
  if (json_array_size (failures) == 0)
    assay_view_add_text (view, "Nowhere that these numbers could show. One demonstration proves little: it is one model, one question, one group.");
  json_array_foreach (failures, k, text)
    assay_view_add_field (view, "-", "%s", json_string_value (text));
}

/* --- 6: what is there now -------------------------------------------------------------------------------------------- */

/* Long lines are continued as the shell continues them, between options. */
static char *
break_command (const char *command)
{
  g_auto (GStrv) words = g_strsplit (command, " --", -1);
  GString *out = g_string_new (words[0]);
  gsize column = out->len;

  for (guint k = 1; words[k] != NULL; k++)
    {
      gsize length = strlen (words[k]) + 3;

      if (column + length + 2 > COMMAND_COLUMNS)
        {
          g_string_append (out, " \\\n ");
          column = 1;
        }
      g_string_append_printf (out, " --%s", words[k]);
      column += length;
    }
  return g_string_free (out, FALSE);
}

static void
view_commands (const json_t *commands, const char *title, AssayView *view)
{
  gsize k;
  json_t *entry;

  assay_view_add_heading (view, "%s", title);
  json_array_foreach (commands, k, entry)
    {
      g_autofree char *command = break_command (text_of (entry, "command"));

      assay_view_add_text (view, "# %s\n%s", text_of (entry, "what"), command);
    }
}

/* The first, and how many more. */
static char *
name_files (const json_t *files)
{
  const char *first = json_string_value (json_array_get (files, 0));
  g_autofree char *name = g_path_get_basename (first);
  gsize more = json_array_size (files) - 1;

  return more > 0 ? g_strdup_printf ("%s + %" G_GSIZE_FORMAT, name, more) : g_strdup (name);
}

static void
view_files (const json_t *document, AssayView *view)
{
  gsize k;
  json_t *entry;

  assay_view_add_heading (view, "7  Everything it wrote is in %s/shards", text_of (document, "case"));
  assay_view_begin_table (view, "what|>size|file");
  json_array_foreach (json_object_get (document, "written"), k, entry)
    {
      g_autofree char *what = g_strdup_printf ("%s: %s", text_of (entry, "kind"), text_of (entry, "what"));
      g_autofree char *bytes = assay_view_bytes (number_of (entry, "bytes")), *files = name_files (json_object_get (entry, "files"));

      assay_view_add_cell (view, what);
      assay_view_add_cell (view, bytes);
      assay_view_add_cell (view, files);
    }
  assay_view_add_text (view, "The files are plain HDF5: h5dump and h5py read them.");
}

void
assay_demo_view (const json_t *document, AssayView *view)
{
  view_data (document, view);
  view_certificate (document, view);
  view_reasoning (document, view);
  view_recordings (document, view);
  view_ranking (document, view);
  view_group (document, view);
  view_removals (document, view);
  view_verdict (document, view);
  view_failures (json_object_get (document, "fell_short"), view);
  view_files (document, view);
  view_commands (json_object_get (document, "by_hand"), "The same by hand, part by part", view);
  view_commands (json_object_get (document, "next"), "What to try next", view);
}
