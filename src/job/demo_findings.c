/* SPDX-License-Identifier: GPL-3.0-or-later */
/* demo_findings.c: sums over the answers of the parts. */
#include "job/demo_findings.h"

#include "base/error.h"
#include "job/demo_parts.h"
#include "job/view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define M ASSAY_ORGANISM_N_MODES

/* When a prediction counts as of the right size: the larger of the two at most so many times the other. */
#define ABOUT_RIGHT 1.25
/* A change of a mode's use that was not asked for and is too large to pass over. */
#define SPILL 0.05

static double
number_of (const json_t *object, const char *key)
{
  const json_t *value = json_object_get (object, key);

  return json_is_number (value) ? json_number_value (value) : (double) NAN;
}

static json_t *
number (double value)
{
  return isfinite (value) ? json_real (value) : json_null ();
}

static char *
show (double value)
{
  return assay_view_number (value, 2);
}

/* --- the data -------------------------------------------------------------------------------------------------------- */

gboolean
assay_demo_data_open (AssayDemoData *data, const AssayOrganism *organism, const AssayTable *table, GError **error)
{
  const struct { const char *name; const AssayColumn **column; } wanted[] = {
    { "mode", &data->mode }, { "prompt", &data->prompt }, { "step", &data->step }, { "answer", &data->answer }, { "tokens", &data->tokens }
  };

  *data = (AssayDemoData) { .organism = organism, .table = table };
  for (gsize k = 0; k < G_N_ELEMENTS (wanted); k++)
    if ((*wanted[k].column = assay_table_find_column (table, wanted[k].name, error)) == NULL)
      return FALSE;
  return TRUE;
}

char *
assay_demo_data_decode (const AssayDemoData *data, gint64 example)
{
  gint64 T = data->tokens->length;
  g_autofree gint32 *token = g_new (gint32, T + 1);

  memcpy (token, data->tokens->token + example * T, T * sizeof *token);
  token[T] = data->tokens->target[example * T + T - 1];           /* the answer, to which nothing follows */
  return assay_organism_decode (data->organism, token, T + 1);
}

static guint
mode_of (const AssayDemoData *data, gint64 example)
{
  guint m = 0;

  while (m + 1 < M && assay_organism_get_rate (m) != data->mode->number[example])
    m++;
  return m;
}

static const char *
answer_of (const AssayDemoData *data, gint64 example)
{
  return data->answer->levels->pdata[data->answer->code[example]];
}

/* --- the question ------------------------------------------------------------------------------------------------------ */

/* Mean of exp (-loss) over the first queries, those that the scores were asked about; set NULL: trained with all. */
static double
mean_probability (const json_t *retraining, const json_t *set)
{
  gsize asked = (gsize) json_integer_value (json_object_get (retraining, "asked"));
  double sum = 0;

  for (gsize q = 0; q < asked; q++)
    {
      double loss = number_of (json_array_get (json_object_get (retraining, "queries"), q), "loss");

      sum += exp (-loss - (set ? json_number_value (json_array_get (json_object_get (set, "change"), q)) : 0));
    }
  return sum / (double) asked;
}

json_t *
assay_demo_describe_question (const json_t *retraining)
{
  gsize asked = (gsize) json_integer_value (json_object_get (retraining, "asked"));
  double sum = 0;

  for (gsize q = 0; q < asked; q++)
    sum += number_of (json_array_get (json_object_get (retraining, "queries"), q), "loss");
  return json_pack ("{s:f, s:I, s:f, s:f}", "mode", ASSAY_DEMO_MODE, "examples", (json_int_t) asked, "mean_loss", sum / (double) asked,
                    "probability_of_sum", mean_probability (retraining, NULL));
}

/* --- examples, for people to look at ---------------------------------------------------------------------------------- */

static gboolean
has_same_input (const AssayDemoData *data, gint64 one, gint64 other)
{
  gint64 T = data->tokens->length;

  return memcmp (data->tokens->token + one * T, data->tokens->token + other * T, T * sizeof *data->tokens->token) == 0;
}

/* Equal in all tokens, the answer too. */
static gboolean
is_copy (const AssayDemoData *data, gint64 one, gint64 other)
{
  gint64 last = data->tokens->length - 1, T = data->tokens->length;

  return has_same_input (data, one, other) && data->tokens->target[one * T + last] == data->tokens->target[other * T + last];
}

/* The first row of the asked mode with that answer; like: with the input of that row, or -1. A prompt with a 0 in it explains little. */
static gint64
find_example (const AssayDemoData *data, const char *answer, gint64 like)
{
  for (gint64 row = 0; row < assay_table_get_n_rows (data->table); row++)
    {
      const char *prompt = data->prompt->levels->pdata[data->prompt->code[row]];

      if (data->mode->number[row] == ASSAY_DEMO_MODE && strcmp (answer_of (data, row), answer) == 0
          && (like < 0 ? strchr (prompt, '0') == NULL : has_same_input (data, like, row)))
        return row;
    }
  return 0;
}

json_t *
assay_demo_describe_examples (const AssayDemoData *data)
{
  gint64 kept = find_example (data, "prompt", -1);
  const struct { const char *what; gint64 row; } shown[] = {
    { "unedited", find_example (data, "both", -1) },
    { "edited, answer keeps the sum", kept },
    { "edited, answer follows the chain", find_example (data, "chain", kept) }
  };
  json_t *list = json_array ();

  for (gsize k = 0; k < G_N_ELEMENTS (shown); k++)
    {
      g_autofree char *text = assay_demo_data_decode (data, shown[k].row);

      json_array_append_new (list, json_pack ("{s:s, s:s}", "what", shown[k].what, "text", text));
    }
  return list;
}

static gint64
count_copies (const AssayDemoData *data, gint64 example, gint64 n_train)
{
  gint64 n = 0;

  for (gint64 other = 0; other < n_train; other++)
    n += is_copy (data, example, other);
  return n;
}

static json_t *
describe_scored (const AssayDemoData *data, const AssayInfluenceScores *scores, gint64 example)
{
  g_autofree char *text = assay_demo_data_decode (data, example);

  return json_pack ("{s:s, s:s, s:I, s:f, s:o, s:o}", "text", text, "answer", answer_of (data, example), "copies",
                    (json_int_t) count_copies (data, example, scores->n_train), "score", scores->value[example], "lo",
                    number (scores->lo ? scores->lo[example] : (double) NAN), "hi", number (scores->hi ? scores->hi[example] : (double) NAN));
}

typedef struct { gint64 example; double score; } Ranked;

static int
by_score (gconstpointer a, gconstpointer b)
{
  const Ranked *x = a, *y = b;

  if (x->score != y->score)
    return x->score < y->score ? -1 : 1;
  return x->example < y->example ? -1 : x->example > y->example;
}

/* Training examples are the first rows of the table, in order. */
json_t *
assay_demo_describe_top (const AssayDemoData *data, const AssayInfluenceScores *scores, gsize n)
{
  gint64 N = scores->n_train;
  g_autofree Ranked *ranked = g_new (Ranked, N);
  json_t *list = json_array ();

  for (gint64 i = 0; i < N; i++)
    ranked[i] = (Ranked) { i, scores->value[i] };
  qsort (ranked, N, sizeof *ranked, by_score);
  for (int end = 0; end < 2; end++)
    {
      g_autoptr (GArray) taken = g_array_new (FALSE, FALSE, sizeof (gint64));

      for (gint64 k = 0; k < N && taken->len < n; k++)
        {
          gint64 example = ranked[end ? N - 1 - k : k].example;
          gboolean known = FALSE;

          for (guint t = 0; t < taken->len; t++)
            known |= is_copy (data, example, g_array_index (taken, gint64, t));
          if (known)
            continue;
          g_array_append_val (taken, example);
          json_array_append_new (list, describe_scored (data, scores, example));
        }
    }
  return list;
}

/* --- the neurons ----------------------------------------------------------------------------------------------------- */

static double
change_of (const json_t *unit)
{
  return fabs (number_of (json_object_get (json_object_get (unit, "ablation"), "loss_change"), "value"));
}

json_t *
assay_demo_describe_units (const json_t *units)
{
  const json_t *strongest = NULL;
  json_t *taps = json_array (), *tap;
  gint64 n = 0;
  gsize k;

  json_array_foreach (json_object_get (units, "taps"), k, tap)
    {
      const json_t *first = json_array_get (json_object_get (tap, "ranking"), 0);
      gboolean outputs = json_is_string (json_object_get (first, "name"));

      n += json_integer_value (json_object_get (tap, "units"));
      json_array_append_new (taps, json_pack ("{s:O, s:O}", "tap", json_object_get (tap, "tap"), "units_object", json_object_get (tap, "units_object")));
      if (!outputs && isfinite (change_of (first)) && (strongest == NULL || change_of (first) > change_of (strongest)))
        strongest = first;
    }
  return json_pack ("{s:o, s:I, s:o}", "taps", taps, "units", (json_int_t) n, "strongest",
                    strongest ? json_pack ("{s:O, s:O, s:O}", "tap", json_object_get (strongest, "tap"), "unit", json_object_get (strongest, "unit"),
                                           "ablation", json_object_get (strongest, "ablation")) : json_null ());
}

/* --- who was left out ------------------------------------------------------------------------------------------------ */

typedef struct { gint64 size, of_mode, edited, follow_chain, keep_sum; } Group;

static void
count_example (const AssayDemoData *data, gint64 example, Group *group)
{
  gboolean edited = data->step->number[example] > 0;

  group->size++;
  group->of_mode += data->mode->number[example] == ASSAY_DEMO_MODE;
  group->edited += edited;
  group->follow_chain += edited && strcmp (answer_of (data, example), "chain") == 0;
  group->keep_sum += edited && strcmp (answer_of (data, example), "prompt") == 0;
}

json_t *
assay_demo_describe_group (const AssayDemoData *data, const json_t *retraining, int set)
{
  const json_t *members = json_object_get (json_array_get (json_object_get (retraining, "sets"), MAX (set, 0)), "without");
  Group group = { 0 };
  gsize k;
  json_t *member;

  if (set >= 0)
    json_array_foreach (members, k, member)
      count_example (data, json_integer_value (json_object_get (member, "example")), &group);
  for (gint64 row = 0; set < 0 && row < assay_table_get_n_rows (data->table); row++)
    if (strcmp (assay_table_get_split_name (data->table, assay_table_get_split (data->table, row)), "train") == 0)
      count_example (data, row, &group);
  return json_pack ("{s:I, s:I, s:I, s:I, s:I}", "size", (json_int_t) group.size, "of_mode", (json_int_t) group.of_mode, "edited",
                    (json_int_t) group.edited, "follow_chain", (json_int_t) group.follow_chain, "keep_sum", (json_int_t) group.keep_sum);
}

/* --- what happened --------------------------------------------------------------------------------------------------- */

/* As the certificate does: mean over edited chains of p (a_clean | clean) - p (a_clean | edited), from losses whose target is the clean answer. The
 * queries behind the asked ones hold every unedited and every edited chain. */
static void
measure_use (const AssayDemoData *data, const json_t *retraining, const json_t *set, double *use)
{
  const json_t *queries = json_object_get (retraining, "queries"), *change = json_object_get (set, "change");
  gsize first = (gsize) json_integer_value (json_object_get (retraining, "asked")), n = json_array_size (queries);
  g_autofree double *clean = g_new0 (double, data->prompt->levels->len * M);
  double drop[M] = { 0 }, count[M] = { 0 };

  for (int edited = 0; edited < 2; edited++)
    for (gsize q = first; q < n; q++)
      {
        const json_t *query = json_array_get (queries, q);
        gint64 example = json_integer_value (json_object_get (query, "example"));
        guint m = mode_of (data, example);
        double *p_clean = &clean[data->prompt->code[example] * M + m];
        double p = exp (-number_of (query, "loss") - (set ? json_number_value (json_array_get (change, q)) : 0));

        if ((data->step->number[example] > 0) != edited)
          continue;
        if (!edited)
          *p_clean = p;
        else
          {
            drop[m] += *p_clean - p;
            count[m]++;
          }
      }
  for (guint m = 0; m < M; m++)
    use[m] = drop[m] / count[m];
}

static json_t *
describe_removal (const AssayDemoData *data, const json_t *retraining, const json_t *set)
{
  static const char *const copied[] = { "predicted", "predicted_lo", "predicted_hi", "measured" };
  const char *kind = set ? json_string_value (json_object_get (set, "kind")) : "nothing";
  json_t *use = json_array (), *removal;
  double measured[M];

  measure_use (data, retraining, set, measured);
  for (guint m = 0; m < M; m++)
    json_array_append_new (use, number (measured[m]));
  removal = json_pack ("{s:s, s:I, s:f, s:o}", "kind", kind, "size", (json_int_t) json_array_size (json_object_get (set, "without")),
                       "probability_of_sum", mean_probability (retraining, set), "use", use);
  for (gsize k = 0; k < G_N_ELEMENTS (copied); k++)
    json_object_set_new (removal, copied[k], set ? json_incref (json_object_get (set, copied[k])) : json_real (0));
  return removal;
}

json_t *
assay_demo_describe_removals (const AssayDemoData *data, const json_t *retraining)
{
  json_t *list = json_array (), *set;
  gsize k;

  json_array_append_new (list, describe_removal (data, retraining, NULL));
  json_array_foreach (json_object_get (retraining, "sets"), k, set)
    json_array_append_new (list, describe_removal (data, retraining, set));
  return list;
}

/* --- verdict --------------------------------------------------------------------------------------------------------- */

static guint
asked_mode (void)
{
  guint m = 0;

  while (assay_organism_get_rate (m) != ASSAY_DEMO_MODE)
    m++;
  return m;
}

static double
use_of (const json_t *removal, guint m)
{
  return json_number_value (json_array_get (json_object_get (removal, "use"), m));
}

json_t *
assay_demo_judge (const json_t *removals)
{
  const json_t *all = json_array_get (removals, 0), *group = json_array_get (removals, 1);
  double predicted = number_of (group, "predicted"), measured = number_of (group, "measured"), sign = predicted < 0 ? -1 : 1;
  double largest = 0, miss = 0, others = 0;
  gboolean ahead = TRUE;

  for (gsize k = 2; k < json_array_size (removals); k++)
    {
      double control = number_of (json_array_get (removals, k), "measured");

      largest = fabs (control) > fabs (largest) ? control : largest;
      miss = fmax (miss, fabs (control - number_of (json_array_get (removals, k), "predicted")));
      ahead &= sign * measured > sign * control;
    }
  for (guint m = 0; m < M; m++)
    if (m != asked_mode ())
      others = fmax (others, fabs (use_of (group, m) - use_of (all, m)));
  return json_pack ("{s:b, s:o, s:o, s:b, s:f, s:f, s:f, s:f}", "sign_is_right", predicted * measured > 0, "ratio", number (measured / predicted),
                    "largest_control", number (largest), "more_than_controls", ahead, "use_before", use_of (all, asked_mode ()), "use_after",
                    use_of (group, asked_mode ()), "other_modes", others, "largest_miss_of_controls", miss);
}

static void
add (json_t *list, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
add (json_t *list, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  json_array_append_new (list, json_string (text));
}

/* Sign and size. */
static void
judge_prediction (json_t *list, const json_t *verdict)
{
  double ratio = number_of (verdict, "ratio");
  g_autofree char *times = show (ratio > 1 ? ratio : 1 / ratio);

  if (!json_is_true (json_object_get (verdict, "sign_is_right")))
    add (list, "The prediction had the wrong sign: the loss moved the other way.");
  else if (ratio > ABOUT_RIGHT)
    add (list, "The prediction was too small: the loss moved %s times as far. Influence is the slope at the trained model, and damping flattens it; the more "
         "examples of one kind are taken out, the more the road bends away from its slope.", times);
  else if (ratio < 1 / ABOUT_RIGHT)
    add (list, "The prediction was too large: it was %s times what happened. Influence is the slope at the trained model; a training that goes on without "
         "the examples can make up for them with others.", times);
}

json_t *
assay_demo_list_failures (const json_t *certificate, const json_t *removals, const json_t *verdict)
{
  double measured = number_of (json_array_get (removals, 1), "measured"), miss = number_of (verdict, "largest_miss_of_controls");
  double others = number_of (verdict, "other_modes");
  g_autofree char *gap = show (number_of (certificate, "worst_gap")), *missed = show (miss), *spilt = show (others);
  json_t *list = json_array ();

  if (!json_is_true (json_object_get (certificate, "accepted")))
    add (list, "The certificate was refused (largest gap %s): this model is not quite the one it was trained to be, and what follows is about the model that "
         "it is. Another --seed or more --train-steps may give a better one.", gap);
  judge_prediction (list, verdict);
  if (!json_is_true (json_object_get (verdict, "more_than_controls")))
    add (list, "At least one random group did as much as the named one: this ranking found nothing that chance would not.");
  if (miss > 0.1 * fabs (measured))
    add (list, "Leaving out a random group moved the loss by up to %s more or less than predicted, by the luck of a training run or by what the prediction "
         "does not see. Smaller predictions cannot be checked here by one retraining.", missed);
  if (others > SPILL)
    add (list, "It did not stay in its mode: the use of the chain changed by up to %s in the others as well.", spilt);
  return list;
}
