/* SPDX-License-Identifier: GPL-3.0-or-later */
/* model_card.c: a model's record, its training's answer and its metrics, put together. */
#include "gui/model_card.h"

#include "base/json.h"
#include "base/mem.h"
#include "gui/provenance_walk.h"
#include "job/runner.h"
#include "job/view.h"
#include "store/reader.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#define MAX_POINTS 1000000      /* of a curve that is read whole */
#define LOG_RANGE 30            /* losses that differ by more than this factor are shown on a log scale */

static void
fact_free (gpointer data)
{
  AssayModelFact *fact = data;

  g_free (fact->name);
  g_free (fact->value);
  g_free (fact->why);
  g_free (fact);
}

void
assay_model_card_free (AssayModelCard *card)
{
  if (card == NULL)
    return;
  g_free (card->name);
  g_free (card->sentence);
  g_free (card->command);
  g_free (card->trouble);
  g_ptr_array_unref (card->facts);
  g_clear_pointer (&card->curve, assay_figure_unref);
  g_free (card);
}

/* Takes the value. */
static void
add (AssayModelCard *card, const char *name, char *value, const char *why)
{
  AssayModelFact *fact = g_new0 (AssayModelFact, 1);

  *fact = (AssayModelFact) { g_strdup (name), value, g_strdup (why) };
  g_ptr_array_add (card->facts, fact);
}

/* --- facts --------------------------------------------------------------------------------------------------------- */

static const char *
dtype_words (const char *dtype)
{
  static const struct { const char *dtype, *words; } all[] = {
    { "f32", N_("32-bit floating point") }, { "f64", N_("64-bit floating point") }, { "f16", N_("16-bit floating point") }, { "bf16", N_("bfloat16") },
  };

  for (gsize k = 0; k < G_N_ELEMENTS (all); k++)
    if (strcmp (dtype, all[k].dtype) == 0)
      return _(all[k].words);
  return dtype;
}

/* Names of the columns, or how many tokens there are. */
static char *
describe_data (const AssayObject *data)
{
  const json_t *columns = json_object_get (data->meta, "columns");
  g_autoptr (GString) text = g_string_new (NULL);
  gsize k;
  json_t *column;

  json_array_foreach (columns, k, column)
    if (k < 12)
      g_string_append_printf (text, "%s%s (%s)", k > 0 ? ", " : "", assay_json_get_text (column, "name"), assay_json_get_text (column, "type"));
  if (json_array_size (columns) > 12)
    g_string_append_printf (text, _(" and %d more"), (int) json_array_size (columns) - 12);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
add_data (AssayModelCard *card, const AssayCaseContents *contents, const AssayObject *model, const json_t *summary)
{
  const json_t *given = json_object_get (model->meta, "data");
  const char *name = assay_json_get_text (given, "name"), *root = json_string_value (json_array_get (json_object_get (given, "content_roots"), 0));
  const AssayObject *data = name[0] ? assay_case_contents_find (contents, "data", name) : NULL;
  gint64 n = json_integer_value (json_object_get (json_object_get (summary, "data"), "train_examples"));
  g_autofree char *columns = data ? describe_data (data) : NULL, *examples = assay_view_count (n);
  gboolean is_same = data != NULL && data->n_parts > 0 && g_strcmp0 (data->parts[0]->content_root, root) == 0;

  if (name[0] == '\0')
    return;
  add (card, _("Trained on"), n > 0 ? g_strdup_printf (_("%s, %s examples"), name, examples) : g_strdup (name),
       is_same ? columns : _("The case has other data of that name now, or none: what the model was trained on cannot be shown any more."));
  if (root != NULL)
    add (card, _("Digest of data"), g_strndup (root, 16), root);
}

/* Of weights that were read from files of others: what those hold, what was left out, and their digests. */
static void
add_files (AssayModelCard *card, const json_t *read, const AssayObject *job)
{
  const json_t *inputs = job ? json_object_get (json_object_get (job->meta, "job"), "inputs") : NULL, *left = json_object_get (read, "left_out");
  const char *type = json_string_value (json_object_get (read, "model_type"));
  g_autoptr (GString) types = g_string_new (NULL), names = g_string_new (NULL);
  const char *key;
  json_t *value;
  gsize k;

  if (read == NULL)
    return;
  json_object_foreach (json_object_get (read, "stored_types"), key, value)
    g_string_append_printf (types, _("%s%d tensors in %s"), types->len > 0 ? ", " : "", (int) json_integer_value (value), key);
  add (card, _("Written for"), type ? g_strdup_printf ("%s, %s", assay_json_get_text (read, "written_for"), type) : g_strdup (assay_json_get_text (read, "written_for")),
       assay_json_get_text (read, "format"));
  add (card, _("Stored as"), g_strdup (types->str), _("They were converted to the type that the model computes in."));
  json_array_foreach (left, k, value)
    g_string_append_printf (names, "%s%s: %s", k > 0 ? "\n" : "", assay_json_get_text (value, "tensor"), assay_json_get_text (value, "why"));
  add (card, _("Left out"), json_array_size (left) == 0 ? g_strdup (_("nothing")) : g_strdup_printf (ngettext ("%d tensor", "%d tensors", json_array_size (left)), (int) json_array_size (left)),
       names->len > 0 ? names->str : NULL);
  json_array_foreach (inputs, k, value)
    if (json_is_string (json_object_get (value, "sha256")))
      add (card, assay_json_get_text (value, "file"), g_strndup (assay_json_get_text (value, "sha256"), 16), assay_json_get_text (value, "sha256"));
}

static void
add_training (AssayModelCard *card, const AssayObject *job, const json_t *summary)
{
  const json_t *parameters = json_object_get (json_object_get (job->meta, "job"), "parameters"), *provenance = json_object_get (job->meta, "provenance");
  const char *optimizer = assay_json_get_text (summary, "optimizer"), *utc = assay_json_get_text (provenance, "started_utc");
  g_autofree char *steps = assay_view_count (json_integer_value (json_object_get (summary, "steps")));
  g_autofree char *seconds = assay_view_seconds (assay_json_get_number (provenance, "seconds")), *rate = assay_view_number (assay_json_get_number (parameters, "learning-rate"), 3);
  g_autofree char *l2 = assay_view_number (assay_json_get_number (summary, "l2"), 3), *norm = assay_view_number (assay_json_get_number (summary, "gradient_norm"), 3);
  g_autofree char *why = g_strdup_printf (_("Learning rate %s, l2 %s, batch %" G_GINT64_FORMAT ". It took %s with %d threads; gradient norm at the end %s."), rate, l2,
                                          (gint64) json_integer_value (json_object_get (parameters, "batch")), seconds,
                                          (int) json_integer_value (json_object_get (provenance, "threads")), norm);

  if (optimizer[0] != '\0')
    add (card, _("Training"), g_strdup_printf (_("%s, %s steps: %s"), optimizer, steps, assay_json_get_text (summary, "reason")), why);
  add (card, _("Made"), g_strdup_printf (_("%.10s, %.5s UTC"), utc, strlen (utc) > 11 ? utc + 11 : ""),
       assay_json_get_text (provenance, "command_line"));
}

static void
add_losses (AssayModelCard *card, const json_t *summary)
{
  gsize k;
  json_t *split;

  json_array_foreach (json_object_get (summary, "splits"), k, split)
    {
      g_autofree char *name = g_strdup_printf (_("On %s"), assay_json_get_text (split, "name")), *n = assay_view_count (json_integer_value (json_object_get (split, "examples")));
      g_autofree char *loss = assay_view_number (assay_json_get_number (split, "loss"), 4), *share = assay_view_number (100 * assay_json_get_number (split, "accuracy"), 4);
      g_autofree char *why = g_strdup_printf (_("Mean loss and share of right predictions over the %s examples of this split, measured when the model was made."), n);

      if (k < 6)
        add (card, name, isfinite (assay_json_get_number (split, "accuracy")) ? g_strdup_printf (_("loss %s nats, %s %% right"), loss, share)
             : g_strdup_printf (_("loss %s"), loss), why);
    }
}

/* --- the curve ----------------------------------------------------------------------------------------------------- */

static void
set_reading (AssayFigure *figure, const double *loss, gsize n)
{
  g_autofree char *first = assay_view_number (loss[0], 3), *last = assay_view_number (loss[n - 1], 3);
  g_autofree char *reading = g_strdup_printf (_("The loss of the training went from %s to %s nats."), first, last);

  assay_figure_set_reading (figure, reading);
}

/* What other splits came to, as lines to compare with. */
static void
add_held_out (AssayFigure *figure, const json_t *summary, const char *train)
{
  gsize k;
  json_t *split;

  json_array_foreach (json_object_get (summary, "splits"), k, split)
    {
      const char *name = assay_json_get_text (split, "name");
      double loss = assay_json_get_number (split, "loss");
      g_autofree char *words = g_strdup_printf (_("%s, at the end"), name);

      if (strcmp (name, train) != 0 && isfinite (loss) && loss > 0 && k < 4)
        assay_figure_add_rule (figure, words, ASSAY_ROLE_REFERENCE, ASSAY_AXIS_Y, loss);
    }
}

static AssayFigure *
make_curve (const double *step, const double *loss, gsize n, const json_t *summary, const char *train)
{
  AssayFigure *figure = assay_figure_new ("training-loss", _("Loss of the training"));
  double lo = INFINITY, hi = -INFINITY;

  for (gsize k = 0; k < n; k++)
    {
      lo = fmin (lo, loss[k]);
      hi = fmax (hi, loss[k]);
    }
  assay_figure_set_axis (figure, ASSAY_AXIS_X, ASSAY_SCALE_LINEAR, _("step"), NULL);
  assay_figure_set_ticks (figure, ASSAY_AXIS_X, ASSAY_TICKS_COUNT);
  assay_figure_set_axis (figure, ASSAY_AXIS_Y, lo > 0 && hi > LOG_RANGE * lo ? ASSAY_SCALE_LOG : ASSAY_SCALE_LINEAR, _("loss"), "nats");
  assay_figure_add_line (figure, _("training"), ASSAY_ROLE_MAIN, n, step, loss);
  add_held_out (figure, summary, train);
  set_reading (figure, loss, n);
  return figure;
}

/* The steps of the summary, where the recorded ones are missing or too many. */
static AssayFigure *
curve_of_summary (const json_t *summary, const char *train)
{
  const json_t *curve = json_object_get (summary, "curve");
  gsize k, n = json_array_size (curve);
  g_autofree double *step = g_new (double, n + 1), *loss = g_new (double, n + 1);
  json_t *point;

  json_array_foreach (curve, k, point)
    {
      step[k] = assay_json_get_number (point, "step");
      loss[k] = assay_json_get_number (point, "loss");
    }
  return n > 1 ? make_curve (step, loss, n, summary, train) : NULL;
}

static AssayFigure *
curve_of_metrics (AssayCase *cas, AssayObject *metrics, const json_t *summary, const char *train, GError **error)
{
  g_autoptr (AssayReader) reader = assay_reader_new (cas, metrics, error);
  double *step = reader ? assay_mem_new (double, (guint64) metrics->rows, error) : NULL, *loss = step ? assay_mem_new (double, (guint64) metrics->rows, error) : NULL;
  AssayFigure *figure = NULL;

  if (loss != NULL && assay_reader_read (reader, "/metrics/step", ASSAY_STORE_F64, step, error)
      && assay_reader_read (reader, "/metrics/loss", ASSAY_STORE_F64, loss, error))
    figure = make_curve (step, loss, (gsize) metrics->rows, summary, train);
  assay_mem_free (step);
  assay_mem_free (loss);
  return figure;
}

static void
add_curve (AssayModelCard *card, AssayCase *cas, const AssayCaseContents *contents, const AssayObject *model, const json_t *summary, GError **error)
{
  const AssayObject *metrics = assay_case_contents_find (contents, "metrics", model->name);
  const char *train = assay_json_get_text (json_object_get (model->meta, "data"), "split");

  if (metrics != NULL && metrics->rows > 1 && metrics->rows <= MAX_POINTS)
    card->curve = curve_of_metrics (cas, (AssayObject *) metrics, summary, train, error);
  else
    card->curve = curve_of_summary (summary, train);
}

/* --- the card ------------------------------------------------------------------------------------------------------ */

AssayModelCard *
assay_model_card_read (AssayCase *cas, const AssayCaseContents *contents, const AssayObject *model)
{
  const AssayObject *job = assay_provenance_find_job (contents, model);
  const json_t *spec = json_object_get (model->meta, "model"), *start = json_object_get (model->meta, "start");
  AssayModelCard *card = g_new0 (AssayModelCard, 1);
  g_autoptr (GError) fault = NULL;
  json_t *summary = job ? assay_job_read_summary (cas, (AssayObject *) job, &fault) : NULL;
  gint64 parameters = json_integer_value (json_object_get (summary, "parameters"));

  card->name = g_strdup (model->name);
  card->sentence = assay_model_describe (spec);
  card->facts = g_ptr_array_new_with_free_func (fact_free);
  card->command = job ? assay_provenance_dup_command (job, contents->path) : NULL;
  if (parameters > 0)
    add (card, _("Parameters"), assay_view_count (parameters), _("Elements of all parameter tensors, tied ones once."));
  add (card, _("Computes in"), g_strdup (dtype_words (assay_json_get_text (spec, "dtype"))), NULL);
  if (json_is_integer (json_object_get (start, "seed")))
    add (card, _("Seed"), g_strdup_printf ("%" G_GINT64_FORMAT, (gint64) json_integer_value (json_object_get (start, "seed"))),
         _("The first parameters were drawn from this seed; the same command draws the same ones."));
  else if (json_is_true (json_object_get (model->meta, "imported")))
    add (card, _("Weights"), g_strdup (_("imported")), _("Trained elsewhere: how is not known here."));
  else if (json_is_string (json_object_get (start, "model")))
    add (card, _("Began as"), g_strdup (assay_json_get_text (start, "model")), _("The first parameters are those of this model."));
  add_files (card, json_object_get (model->meta, "card"), job);
  add_data (card, contents, model, summary);
  if (model->n_parts > 0)
    add (card, _("Digest of weights"), g_strndup (model->parts[0]->content_root, 16), model->parts[0]->content_root);
  if (job != NULL)
    add_training (card, job, summary);
  add_losses (card, summary);
  if (fault == NULL)
    add_curve (card, cas, contents, model, summary, &fault);
  card->trouble = fault ? g_strdup (fault->message) : NULL;
  json_decref (summary);
  return card;
}
