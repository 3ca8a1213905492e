/* SPDX-License-Identifier: GPL-3.0-or-later */
/* section_attribution.c: which training examples caused a behaviour: scores with their solve, interval and validity. */
#include "report/columns.h"
#include "report/figure.h"
#include "report/people.h"
#include "report/validity.h"

#include "base/json.h"
#include "influence/measure_name.h"

#include <math.h>
#include <string.h>

typedef struct {
  AssayReport *report;
  AssaySection *section;
  const AssayReportAnswer *answer;
  const json_t *query;          /* of the answer: one query with its scores */
  char *id;                     /* "attribution/1", of result tables, blocks and claims */
  AssayResultTable *scores;
  guint score, lo, hi;
  AssayResultTable *solve;      /* NULL: nothing was solved */
  guint residual;
} Ranking;

static gboolean
is_certified (const Ranking *ranking)
{
  return json_is_string (json_object_get (ranking->query, "interval_kind"));
}

static gboolean
has_unit (const Ranking *ranking)
{
  return strcmp (assay_json_get_text (ranking->query, "unit"), "relative") != 0;
}

/* "the loss on record 1234", "the mean loss over 5 examples", "margin on record 1234". */
static char *
describe_query (const Ranking *ranking)
{
  const json_t *members = json_object_get (ranking->query, "query_examples");
  const char *measure = assay_json_get_text (ranking->query, "measure");
  gboolean is_of_loss = strcmp (assay_measure_get_name (measure), "loss") == 0;
  g_autofree char *name = NULL;

  if (json_array_size (members) > 1)
    return g_strdup_printf ("%s over %" G_GSIZE_FORMAT " examples", is_of_loss ? "the mean loss" : measure, json_array_size (members));
  name = assay_report_name_example (ranking->report, json_object_get (ranking->query, "query"));
  return g_strdup_printf ("%s on %s", is_of_loss ? "the loss" : measure, name);
}

static void
add_tables (Ranking *ranking)
{
  const json_t *items = json_object_get (ranking->query, "scores"), *solver = json_object_get (ranking->query, "solver");
  const char *unit = assay_json_get_text (ranking->query, "unit");
  AssayResultSource source = assay_report_answer_as_source (ranking->answer, assay_json_get_text (ranking->query, "method"));
  g_autofree char *path = g_strconcat (ranking->id, "/scores", NULL), *solve = g_strconcat (ranking->id, "/solve", NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  gsize k;
  json_t *item;

  ranking->scores = assay_results_add_table (ranking->report->document->results, path, "influence of training examples",
                                             (gint64) json_array_size (items), &source);
  json_array_foreach (items, k, item)
    g_ptr_array_add (names, assay_report_name_example (ranking->report, item));
  g_ptr_array_add (names, NULL);
  assay_result_table_add_texts (ranking->scores, &(AssayResultColumn) { "example", "training example", NULL, NULL },
                                (const char *const *) names->pdata);
  ranking->score = assay_columns_add_numbers (ranking->scores, &(AssayResultColumn) { "score", "influence", unit, assay_json_get_text (ranking->query, "sign") },
                                              items, "score");
  ranking->lo = assay_columns_add_numbers (ranking->scores, &(AssayResultColumn) { "lo", "lo", unit, NULL }, items, "lo");
  ranking->hi = assay_columns_add_numbers (ranking->scores, &(AssayResultColumn) { "hi", "hi", unit, NULL }, items, "hi");
  if (!json_is_object (solver))
    return;
  ranking->solve = assay_results_add_table (ranking->report->document->results, solve, "the solve behind the scores", 1, &source);
  ranking->residual = assay_columns_add_number (ranking->solve, &(AssayResultColumn) { "true_residual", "true residual", "relative", NULL },
                                                assay_json_get_number (solver, "true_residual"));
  assay_columns_add_number (ranking->solve, &(AssayResultColumn) { "damping", "damping", NULL, NULL }, assay_json_get_number (ranking->query, "damping"));
}

static AssayNumber
residual (const Ranking *ranking)
{
  return ranking->solve ? assay_number_new (ranking->solve, ranking->residual, 0, ASSAY_NUMBER_SIGNIFICANT, 3) : ASSAY_NO_NUMBER;
}

static void
add_method (const Ranking *ranking)
{
  const json_t *solver = json_object_get (ranking->query, "solver");
  g_autofree char *what = describe_query (ranking);
  AssayProse *text = assay_prose_new ();

  assay_prose_add_format (text, "What was asked: which training examples changed %s of model %s. Method: %s", what,
                         assay_json_get_text (ranking->answer->document, "model"), assay_json_get_text (ranking->query, "method"));
  if (ranking->solve != NULL)
    {
      const AssayNumber damping = assay_number_new (ranking->solve, ranking->residual + 1, 0, ASSAY_NUMBER_SIGNIFICANT, 3);

      if (assay_number_exists (&damping))
        {
          assay_prose_add (text, ", damping ");
          assay_prose_add_number (text, damping);
        }
      assay_prose_add_format (text, "; the solve ended: %s, true residual ", assay_json_get_text (solver, "reason"));
      assay_prose_add_number (text, residual (ranking));
    }
  assay_prose_add_format (text, ". Unit: %s; %s.", assay_json_get_text (ranking->query, "unit"), assay_json_get_text (ranking->query, "sign"));
  assay_section_add_paragraph (ranking->section, text);
}

static void
add_ranking (const Ranking *ranking)
{
  const AssayShownColumn columns[] = {
    { 0, NULL, ASSAY_NUMBER_COUNT, 0 }, { ranking->score, NULL, ASSAY_NUMBER_SIGNIFICANT, 4 },
    { ranking->lo, NULL, ASSAY_NUMBER_SIGNIFICANT, 4 }, { ranking->hi, NULL, ASSAY_NUMBER_SIGNIFICANT, 4 },
  };
  AssayProse *caption = assay_prose_new_plain ("Training examples with the largest influence, either sign");

  if (is_certified (ranking))
    assay_prose_add_format (caption, ". lo and hi: %s", assay_json_get_text (ranking->query, "interval_words"));
  assay_section_add_result_table (ranking->section, ranking->id, caption, ranking->scores, columns, is_certified (ranking) ? 4 : 2);
}

static void
add_figure (const Ranking *ranking)
{
  gint64 n = assay_result_table_get_n_rows (ranking->scores);
  const double *score = assay_result_table_get_numbers (ranking->scores, ranking->score);
  const char *const *names = assay_result_table_get_texts (ranking->scores, 0);
  g_autofree double *place = g_new (double, n), *positive = g_new (double, n), *negative = g_new (double, n);
  g_autofree char *id = g_strconcat (ranking->id, "-figure", NULL);
  AssayFigure *figure = assay_figure_new (id, "Influence of training examples");
  g_autofree char *what = describe_query (ranking), *reading = NULL;

  for (gint64 k = 0; k < n; k++)
    {
      place[k] = (double) k;
      positive[k] = score[k] >= 0 ? score[k] : NAN;
      negative[k] = score[k] < 0 ? score[k] : NAN;
    }
  assay_figure_set_categories (figure, ASSAY_AXIS_Y, (gsize) n, names);
  assay_figure_set_axis (figure, ASSAY_AXIS_X, ASSAY_SCALE_LINEAR, "influence", assay_json_get_text (ranking->query, "unit"));
  assay_figure_add_bars (figure, "removing it raises what is asked about", ASSAY_ROLE_POSITIVE, (gsize) n, place, positive, NULL, NULL);
  assay_figure_add_bars (figure, "removing it lowers what is asked about", ASSAY_ROLE_NEGATIVE, (gsize) n, place, negative, NULL, NULL);
  reading = g_strdup_printf ("The largest influence on %s is that of %s.", what, names[0]);
  assay_figure_set_reading (figure, reading);
  assay_section_add_figure (ranking->section, id, assay_prose_new_plain ("The same ranking, drawn"), figure, ranking->scores);
}

/* The example ranked first, as a claim. */
static void
add_claim (const Ranking *ranking)
{
  const char *const *names = assay_result_table_get_texts (ranking->scores, 0);
  AssayNumber score = assay_number_new (ranking->scores, ranking->score, 0, ASSAY_NUMBER_SIGNIFICANT, 4);
  g_autofree char *id = g_strconcat (ranking->id, "/first", NULL), *what = describe_query (ranking);
  const char *unit = assay_json_get_text (ranking->query, "unit"), *per_example = strstr (unit, " per removed example");
  g_autofree char *change = g_strndup (unit, per_example ? (gsize) (per_example - unit) : strlen (unit));
  AssayProse *sentence = assay_prose_new ();
  AssayClaim *claim;

  if (has_unit (ranking))
    {
      assay_prose_add_format (sentence, "Removing %s from the training data is predicted to change %s by ", names[0], what);
      assay_prose_add_number (sentence, score);
      assay_prose_add_format (sentence, " %s, more than removing any other single example.", change);
    }
  else
    {
      assay_prose_add_format (sentence, "Of all training examples %s stands first for %s, with a relative score of ", names[0], what);
      assay_prose_add_number (sentence, score);
      assay_prose_add (sentence, ".");
    }
  claim = assay_claim_new (id, ASSAY_CLAIM_INFLUENCE, ASSAY_CLAIM_DERIVED, sentence);
  claim->value = score;
  claim->unit = g_strdup (assay_json_get_text (ranking->query, "unit"));
  if (is_certified (ranking))
    {
      claim->lo = assay_number_new (ranking->scores, ranking->lo, 0, ASSAY_NUMBER_SIGNIFICANT, 4);
      claim->hi = assay_number_new (ranking->scores, ranking->hi, 0, ASSAY_NUMBER_SIGNIFICANT, 4);
      claim->interval = g_strdup (g_strcmp0 (assay_json_get_text (ranking->query, "interval_kind"), "sampling") == 0
                                  ? "95 % over what was drawn, not over what a retraining would give"
                                  : "bounds the solve, not what a retraining would give");
    }
  else
    claim->reason = g_strdup_printf ("no interval: method %s does not certify its scores", assay_json_get_text (ranking->query, "method"));
  claim->seeds = 1;
  if (ranking->solve != NULL)
    claim->check = (AssayClaimCheck) { g_strdup ("true residual of the solve"), residual (ranking), g_strdup ("the solver's tolerance"), TRUE };
  claim->method = g_strdup (assay_json_get_text (ranking->query, "method"));
  claim->command = g_strdup (ranking->answer->command);
  claim->object = g_strconcat ("scores/", assay_json_get_text (ranking->answer->document, "scores_object"), NULL);
  claim->stability = g_strdup ("not measured over seeds: one training");
  assay_validity_put (ranking->report, ranking->answer->document, claim);
  assay_section_add_claim (ranking->section, claim);
}

static void
write_ranking (Ranking *ranking)
{
  g_autofree char *what = describe_query (ranking), *heading = g_strdup_printf ("What caused %s", what);

  assay_section_add_heading (ranking->section, heading);
  if (!json_is_true (json_object_get (ranking->query, "converged")))
    {
      AssayProse *text = assay_prose_new ();

      assay_prose_add_format (text, "Scores for %s are withheld: the solve did not converge (%s). A smaller damping or more iterations may mend that.", what,
                             assay_json_get_text (json_object_get (ranking->query, "solver"), "reason"));
      assay_section_add_callout (ranking->section, ASSAY_CALLOUT_WARNING, text);
      assay_report_add_not_done (ranking->report, "influence scores", "the solve did not converge, so the scores are withheld", ranking->answer->command);
      return;
    }
  add_tables (ranking);
  add_method (ranking);
  if (assay_result_table_get_n_rows (ranking->scores) == 0)
    return;
  add_claim (ranking);
  add_ranking (ranking);
  add_figure (ranking);
}

static void
write_answer (AssayReport *report, AssaySection *section, const AssayReportAnswer *answer, guint *n)
{
  const json_t *queries = json_object_get (answer->document, "queries");
  gsize count = MAX (json_array_size (queries), 1);

  for (gsize q = 0; q < count; q++)
    {
      g_autofree char *id = g_strdup_printf ("attribution/%u", ++*n);
      Ranking ranking = { .report = report, .section = section, .answer = answer, .id = id };

      ranking.query = queries ? json_array_get (queries, q) : answer->document;
      write_ranking (&ranking);
    }
}

static gboolean
write_section (AssayReport *report, AssaySection *section, GError **error)
{
  g_autoptr (GPtrArray) answers = assay_report_source_list (report->source, "influence");
  guint n = 0;

  (void) error;
  for (guint k = 0; k < answers->len; k++)
    write_answer (report, section, answers->pdata[k], &n);
  if (n == 0)
    assay_report_add_not_done (report, "attribution of behaviour to training data", "no influence scores are in the case",
                               "assay influence CASE --query SPLIT:INDEX");
  return TRUE;
}

ASSAY_SECTION_DEFINE (attribution) = {
  .name = "attribution", .title = "Attribution of behaviour to training data", .tells = "influence.scores", .write = write_section
};
