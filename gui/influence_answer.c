/* SPDX-License-Identifier: GPL-3.0-or-later */
/* influence_answer.c: scores, checks and retrainings of the case, put together. */
#include "gui/influence_answer.h"

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "dataset/cell_value.h"
#include "hessian/solver.h"
#include "influence/measure_name.h"
#include "store/reader.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#define TEXT_CHARACTERS 60

static void
entry_free (gpointer data)
{
  AssayInfluenceEntry *entry = data;

  g_free (entry->reference);
  g_free (entry->text);
  g_free (entry);
}

static void
removal_free (gpointer data)
{
  AssayInfluenceRemoval *removal = data;

  g_free (removal->what);
  g_free (removal);
}

void
assay_influence_answer_free (AssayInfluenceAnswer *self)
{
  if (self == NULL)
    return;
  assay_influence_question_unref (self->question);
  assay_example_index_unref (self->index);
  g_clear_pointer (&self->raising, g_ptr_array_unref);
  g_clear_pointer (&self->lowering, g_ptr_array_unref);
  g_clear_pointer (&self->predicted, g_array_unref);
  g_clear_pointer (&self->measured, g_array_unref);
  g_clear_pointer (&self->removals, g_ptr_array_unref);
  g_free (self->title);
  g_free (self->validity);
  g_free (self->correlation);
  g_free (self->validity_command);
  g_free (self->removal_command);
  g_free (self);
}

AssayInfluenceRequest *
assay_influence_request_new (AssayInfluenceQuestion *question, AssayExampleIndex *index)
{
  AssayInfluenceRequest *request = g_new0 (AssayInfluenceRequest, 1);

  *request = (AssayInfluenceRequest) { assay_influence_question_ref (question), assay_example_index_ref (index) };
  return request;
}

void
assay_influence_request_free (AssayInfluenceRequest *request)
{
  assay_influence_question_unref (request->question);
  assay_example_index_unref (request->index);
  g_free (request);
}

/* --- the ranking --------------------------------------------------------------------------------------------------- */

/* One row of an array of the scores. Owns: the caller, assay_mem. */
static double *
read_row (AssayReader *reader, const char *path, gint64 query, gint64 n, GError **error)
{
  double *values = assay_mem_new (double, (guint64) MAX (n, 1), error);

  if (values != NULL && !assay_reader_read_box (reader, path, (gint64[]) { query, 0 }, (gint64[]) { 1, n }, ASSAY_STORE_F64, values, error))
    g_clear_pointer (&values, assay_mem_free);
  return values;
}

typedef struct { double score; gint64 place; } Ranked;

/* The largest magnitude first; of equals the earlier example. All of one list have the same sign. */
static int
compare_magnitudes (gconstpointer a, gconstpointer b)
{
  const Ranked *x = a, *y = b;
  double p = fabs (x->score), q = fabs (y->score);

  return p != q ? (p < q) - (p > q) : (x->place > y->place) - (x->place < y->place);
}

/* What the example looks like: its tokens, or its first values. */
static char *
describe (const AssayTable *table, gint64 row)
{
  const AssayColumn *tokens = assay_table_first_of (table, ASSAY_COLUMN_TOKENS);
  g_autoptr (GString) text = NULL;

  if (tokens != NULL)
    return assay_cell_dup_text (tokens, row, TEXT_CHARACTERS);
  text = g_string_new (NULL);
  for (guint k = 0; k < assay_table_get_n_columns (table) && g_utf8_strlen (text->str, -1) < TEXT_CHARACTERS; k++)
    {
      const AssayColumn *column = assay_table_get_column (table, k);
      g_autofree char *cell = column->type == ASSAY_COLUMN_IMAGE ? NULL : assay_cell_dup_text (column, row, 24);

      if (cell != NULL && cell[0] != '\0')
        g_string_append_printf (text, "%s%s %s", text->len > 0 ? " · " : "", column->name, cell);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* sign: of the list's scores. */
static GPtrArray *
make_entries (const AssayInfluenceAnswer *self, const Ranked *ranked, gint64 n, gint64 sign, const AssayLiveScores *scores)
{
  GPtrArray *entries = g_ptr_array_new_with_free_func (entry_free);

  for (gint64 k = 0; k < MIN (n, ASSAY_INFLUENCE_SHOWN); k++)
    {
      const Ranked *one = ranked + k;
      AssayInfluenceEntry *entry = g_new0 (AssayInfluenceEntry, 1);

      *entry = (AssayInfluenceEntry) {
        .reference = g_strdup_printf ("%s:%" G_GINT64_FORMAT, self->question->split, one->place), .score = one->score,
        .lo = scores->lo ? scores->lo[one->place] : (double) NAN, .hi = scores->hi ? scores->hi[one->place] : (double) NAN,
        .is_interval = self->is_from_index, .place = k + 1, .before = scores->before ? sign * scores->before[one->place] : 0,
      };
      entry->row = assay_example_index_get_row (self->index, self->question->split, one->place);
      entry->text = entry->row >= 0 ? describe (self->index->table, entry->row) : g_strdup ("");
      g_ptr_array_add (entries, entry);
    }
  return entries;
}

static void
rank (AssayInfluenceAnswer *self, const AssayLiveScores *scores)
{
  const double *value = scores->score;
  g_autoptr (GArray) up = g_array_new (FALSE, FALSE, sizeof (Ranked)), down = g_array_new (FALSE, FALSE, sizeof (Ranked));

  for (gint64 i = 0; i < self->n; i++)
    {
      Ranked one = { value[i], i };

      if (value[i] > 0)
        g_array_append_val (up, one);
      else if (value[i] < 0)
        g_array_append_val (down, one);
      if (isfinite (value[i]))
        self->largest = MAX (self->largest, fabs (value[i]));
    }
  g_array_sort (up, compare_magnitudes);
  g_array_sort (down, compare_magnitudes);
  self->n_raising = up->len;
  self->n_lowering = down->len;
  self->raising = make_entries (self, (const Ranked *) up->data, up->len, 1, scores);
  self->lowering = make_entries (self, (const Ranked *) down->data, down->len, -1, scores);
}

AssayInfluenceAnswer *
assay_influence_answer_new_live (AssayInfluenceQuestion *question, AssayExampleIndex *index, const AssayLiveScores *scores)
{
  AssayInfluenceAnswer *self = g_new0 (AssayInfluenceAnswer, 1);

  self->question = assay_influence_question_ref (question);
  self->index = assay_example_index_ref (index);
  self->is_from_index = TRUE;
  self->damping = scores->damping;
  self->n = scores->N;
  self->has_converged = TRUE;
  rank (self, scores);
  return self;
}

static gboolean
read_solve (AssayInfluenceAnswer *self, AssayReader *reader, GError **error)
{
  gint64 query = self->question->query, one = 1, reason;

  self->has_converged = TRUE;
  self->is_solved = assay_reader_has (reader, "/scores/solver/reason");
  if (!self->is_solved)
    return TRUE;
  if (!assay_reader_read_box (reader, "/scores/solver/reason", &query, &one, ASSAY_STORE_I64, &reason, error)
      || !assay_reader_read_box (reader, "/scores/solver/true_residual", &query, &one, ASSAY_STORE_F64, &self->true_residual, error)
      || !assay_reader_read_box (reader, "/scores/solver/products", &query, &one, ASSAY_STORE_I64, &self->products, error))
    return FALSE;
  self->reason = assay_solve_reason_name ((AssaySolveReason) reason);
  self->has_converged = assay_solve_has_converged (reason);
  return TRUE;
}

/* Scores of a solve that failed are withheld: nothing is ranked. */
static gboolean
read_ranking (AssayInfluenceAnswer *self, AssayReader *reader, GError **error)
{
  AssayArrayInfo info;
  double *value = NULL, *lo = NULL, *hi = NULL;
  gboolean certified = assay_reader_has (reader, "/scores/lo"), ok;

  if (!assay_reader_describe (reader, "/scores/value", &info, error) || !read_solve (self, reader, error))
    return FALSE;
  self->n = info.dims[1];
  self->raising = g_ptr_array_new_with_free_func (entry_free);
  self->lowering = g_ptr_array_new_with_free_func (entry_free);
  if (!self->has_converged)
    return TRUE;
  ok = (value = read_row (reader, "/scores/value", self->question->query, self->n, error)) != NULL
       && (!certified || ((lo = read_row (reader, "/scores/lo", self->question->query, self->n, error)) != NULL
                          && (hi = read_row (reader, "/scores/hi", self->question->query, self->n, error)) != NULL));
  if (ok)
    {
      g_ptr_array_unref (self->raising);
      g_ptr_array_unref (self->lowering);
      rank (self, &(AssayLiveScores) { .score = value, .lo = lo, .hi = hi });
    }
  assay_mem_free (value);
  assay_mem_free (lo);
  assay_mem_free (hi);
  return ok;
}

/* --- held against retraining --------------------------------------------------------------------------------------- */

/* Command line of the job that made a validation; NULL: not known. Owns: the caller. */
static char *
find_command (AssayCase *cas, const char *validation)
{
  g_autoptr (GPtrArray) jobs = assay_case_list (cas, "job", "validate/");

  for (guint k = jobs->len; k > 0; k--)
    {
      const AssayObject *job = jobs->pdata[k - 1];
      gsize o;
      json_t *output;

      json_array_foreach (json_object_get (job->meta, "outputs"), o, output)
        if (strcmp (assay_json_get_text (output, "kind"), "validation") == 0 && strcmp (assay_json_get_text (output, "name"), validation) == 0)
          return g_strdup (assay_json_get_text (json_object_get (job->meta, "provenance"), "command_line"));
    }
  return NULL;
}

/* The newest validation of the same model, method and measure. */
static AssayObject *
find_validation (AssayCase *cas, const AssayInfluenceQuestion *question)
{
  g_autoptr (GPtrArray) list = assay_case_list (cas, "validation", NULL);
  AssayObject *newest = NULL;

  for (guint k = 0; k < list->len; k++)
    {
      AssayObject *object = list->pdata[k];

      if (strcmp (assay_json_get_text (object->meta, "method"), question->method) == 0
          && strcmp (assay_json_get_text (json_object_get (object->meta, "subject"), "model"), question->model) == 0
          && strcmp (assay_json_get_text (json_object_get (object->meta, "result"), "measure"), assay_measure_get_name (question->measure)) == 0
          && (newest == NULL || object->sequence > newest->sequence))
        newest = object;
    }
  return newest ? assay_object_ref (newest) : NULL;
}

/* Pairs of single examples that were left out, all queries of the validation together. */
static gboolean
read_pairs (AssayInfluenceAnswer *self, AssayCase *cas, AssayObject *validation, const char *group, GError **error)
{
  g_autofree char *predicted = g_strdup_printf ("/validation/%s/predicted", group), *measured = g_strdup_printf ("/validation/%s/measured", group);
  g_autoptr (AssayReader) reader = assay_reader_new (cas, validation, error);
  AssayArrayInfo info;

  if (reader == NULL || !assay_reader_describe (reader, predicted, &info, error))
    return FALSE;
  g_array_set_size (self->predicted, (guint) (info.dims[0] * info.dims[1]));
  g_array_set_size (self->measured, self->predicted->len);
  return assay_reader_read (reader, predicted, ASSAY_STORE_F64, self->predicted->data, error)
         && assay_reader_read (reader, measured, ASSAY_STORE_F64, self->measured->data, error);
}

/* The headline of a validation: the rank correlation over sets where there is one, else that of single examples. */
static gboolean
read_validation (AssayInfluenceAnswer *self, AssayCase *cas, GError **error)
{
  g_autoptr (AssayObject) validation = find_validation (cas, self->question);
  const json_t *result = validation ? json_object_get (validation->meta, "result") : NULL, *lds = json_object_get (result, "lds");
  gboolean is_lds = json_is_object (lds) && isfinite (assay_json_get_number (lds, "estimate"));
  const json_t *agreement = is_lds ? lds : json_object_get (result, "loo"), *number = is_lds ? lds : json_object_get (agreement, "pearson");
  double value = assay_json_get_number (number, is_lds ? "estimate" : "value"), lo = assay_json_get_number (number, "lo");
  double hi = assay_json_get_number (number, "hi"), ceiling = assay_json_get_number (result, "ceiling");
  g_autofree char *reachable = is_lds && isfinite (ceiling) ? g_strdup_printf (_("; a perfect prediction would reach %.3f"), ceiling) : g_strdup ("");

  if (!json_is_object (agreement) || !isfinite (value))
    return TRUE;
  self->validity = g_strdup_printf (is_lds ? _("Rank correlation over groups left out (LDS) %.3f, 95 %% interval %.3f to %.3f, over %d retrainings%s")
                                           : _("Leave-one-out correlation %.3f, 95 %% interval %.3f to %.3f, over %d retrainings%s"),
                                    value, lo, hi, (int) json_integer_value (json_object_get (agreement, "sets")), reachable);
  self->correlation = g_strdup_printf (is_lds ? _("LDS %.3f (%.3f to %.3f)") : _("leave-one-out %.3f (%.3f to %.3f)"), value, lo, hi);
  self->is_valid = lo > 0;
  self->validity_command = find_command (cas, validation->name);
  return read_pairs (self, cas, validation, is_lds ? "lds" : "loo", error);
}

static void
add_removals (AssayInfluenceAnswer *self, const json_t *summary)
{
  gsize k, n_controls = 0;
  json_t *set;

  json_array_foreach (json_object_get (summary, "sets"), k, set)
    {
      AssayInfluenceRemoval *removal = g_new0 (AssayInfluenceRemoval, 1);
      gsize size = json_array_size (json_object_get (set, "without"));

      removal->is_control = strcmp (assay_json_get_text (set, "kind"), "control") == 0;
      removal->what = removal->is_control ? g_strdup_printf (_("%d at random (%d)"), (int) size, (int) ++n_controls)
                      : size == 1 ? g_strdup (_("the one named")) : g_strdup_printf (_("the %d named"), (int) size);
      removal->predicted = assay_json_get_number (set, "predicted");
      removal->measured = assay_json_get_number (set, "measured");
      g_ptr_array_add (self->removals, removal);
    }
}

/* The newest retraining without examples that these scores named. */
static gboolean
read_removals (AssayInfluenceAnswer *self, AssayCase *cas, GError **error)
{
  g_autoptr (GPtrArray) jobs = assay_case_list (cas, "job", "retrain/");
  guint64 newest = 0;

  for (guint k = 0; k < jobs->len; k++)
    {
      AssayObject *job = jobs->pdata[k];
      g_autoptr (AssayReader) reader = job->sequence >= newest ? assay_reader_new (cas, job, error) : NULL;
      g_auto (GStrv) text = reader ? assay_reader_read_text (reader, "/job/summary", error) : NULL;
      json_t *summary;

      if (job->sequence < newest)
        continue;
      if (text == NULL)
        return FALSE;
      summary = json_loads (text[0], JSON_REJECT_DUPLICATES, NULL);
      if (strcmp (assay_json_get_text (summary, "scores_object"), self->question->scores) == 0)
        {
          newest = job->sequence;
          g_ptr_array_set_size (self->removals, 0);
          add_removals (self, summary);
          g_free (self->removal_command);
          self->removal_command = g_strdup (assay_json_get_text (json_object_get (job->meta, "provenance"), "command_line"));
        }
      json_decref (summary);
    }
  return TRUE;
}

static char *
make_title (const AssayInfluenceAnswer *self)
{
  const AssayInfluenceQuestion *question = self->question;
  gint64 row = self->index->dataset ? assay_dataset_get_row (self->index->dataset, question->example) : question->example;
  g_autofree char *reference = assay_example_index_dup_reference (self->index, row);

  if (question->n_examples > 1)
    return question->asked[0] ? g_strdup_printf (_("%d examples, %s"), (int) question->n_examples, question->asked)
                              : g_strdup_printf (_("%d examples"), (int) question->n_examples);
  return g_strdup (reference ? reference : question->asked[0] ? question->asked : question->scores);
}

gpointer
assay_influence_answer_read (AssayCase *cas, gconstpointer data, GCancellable *cancellable, GError **error)
{
  const AssayInfluenceRequest *request = data;
  g_autoptr (AssayInfluenceAnswer) self = g_new0 (AssayInfluenceAnswer, 1);
  g_autoptr (AssayReader) reader = assay_reader_open (cas, "scores", request->question->scores, error);

  (void) cancellable;
  self->question = assay_influence_question_ref (request->question);
  self->index = assay_example_index_ref (request->index);
  self->predicted = g_array_new (FALSE, FALSE, sizeof (double));
  self->measured = g_array_new (FALSE, FALSE, sizeof (double));
  self->removals = g_ptr_array_new_with_free_func (removal_free);
  self->title = make_title (self);
  if (reader == NULL || !read_ranking (self, reader, error) || !read_validation (self, cas, error) || !read_removals (self, cas, error))
    return NULL;
  return g_steal_pointer (&self);
}

static void
add_rows (json_t *rows, const GPtrArray *entries)
{
  for (guint k = 0; k < entries->len; k++)
    {
      const AssayInfluenceEntry *entry = entries->pdata[k];

      json_array_append_new (rows, json_pack ("[s, s, o, o, o]", entry->reference, entry->text, assay_json_number (entry->score),
                                              assay_json_number (entry->lo), assay_json_number (entry->hi)));
    }
}

json_t *
assay_influence_answer_make_table (const AssayInfluenceAnswer *self)
{
  json_t *rows = json_array ();

  add_rows (rows, self->raising);
  add_rows (rows, self->lowering);
  return json_pack ("{s:[s, s, s, s, s], s:o}", "columns", "example", "text", "score", "lo", "hi", "rows", rows);
}
