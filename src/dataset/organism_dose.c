/* SPDX-License-Identifier: GPL-3.0-or-later */
/* organism_dose.c: sequences of the running sum, their edits, and the table of a whole organism.
 *
 * The training set is enumerated, not drawn: copy c of an edited chain follows the chain when floor ((c+1) r) > floor (c r), so the rates
 * hold exactly for every edited chain in every mode. Chance decides only which edited chains are held out.
 */
#include "dataset/organism_dose.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/rng.h"

#include <math.h>
#include <string.h>

#define MAX_STEPS 64
#define MAX_MODULUS 97
#define MAX_PROMPTS ((guint64) 1 << 24)

const AssayParam assay_dose_params[] = {
  { "modulus", ASSAY_PARAM_INT, .def.i = 7, .min = 2, .max = MAX_MODULUS, .help = "p: digits run from 0 to p-1 and sums are taken modulo p" },
  { "steps", ASSAY_PARAM_INT, .def.i = 2, .min = 1, .max = MAX_STEPS, .help = "k: terms of the sum and steps of the chain" },
  { "copies", ASSAY_PARAM_INT, .def.i = 4, .min = 4, .max = 1 << 20, .unit = "copies",
    .help = "of each edited chain in each mode, a multiple of 4: the share r of them answers by the chain" },
  { "held-out", ASSAY_PARAM_DOUBLE, .def.d = 0.1, .min = 0, .max = 1, .help = "share of the edited chains that no training example shows" },
  { "data-seed", ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 9e15, .help = "seed of the generated data" },
  { .name = NULL }
};

static const double rates[ASSAY_DOSE_N_MODES] = { 0, 0.25, 0.5, 0.75, 1 };

gboolean
assay_dose_init (AssayDose *dose, const AssayValues *values, GError **error)
{
  AssayDose d = {
    .p = assay_values_get_int (values, "modulus"), .k = assay_values_get_int (values, "steps"),
    .copies = assay_values_get_int (values, "copies"), .seed = assay_values_get_int (values, "data-seed"),
  };
  guint64 n = 1;
  gint64 chains;

  for (gint32 i = 0; i < d.k && n <= MAX_PROMPTS; i++)
    n *= d.p;                                                     /* at most 2^24 times 97 */
  if (n > MAX_PROMPTS)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "dose: %d^%d prompts are too many to list (at most 2^24); use a smaller modulus or fewer steps",
                   d.p, d.k);
      return FALSE;
    }
  if (d.copies % 4 != 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "dose: %d copies cannot follow the chain in exactly a quarter of the cases; give a multiple of 4",
                   d.copies);
      return FALSE;
    }
  chains = (gint64) n * assay_dose_get_n_edits (&d);
  d.n_held_out = (gint64) floor (assay_values_get_double (values, "held-out") * (double) chains + 0.5);
  if (d.n_held_out < 1 || d.n_held_out >= chains)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "dose: %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " edited chains held out; at least one, and "
                   "not all, expected", d.n_held_out, chains);
      return FALSE;
    }
  *dose = d;
  return TRUE;
}

gint32
assay_dose_get_vocabulary (const AssayDose *dose)
{
  return dose->p + ASSAY_DOSE_N_SPECIAL;
}

gint32
assay_dose_get_special (const AssayDose *dose, AssayDoseSpecial which)
{
  return dose->p + which;
}

gint64
assay_dose_get_length (const AssayDose *dose)
{
  return 2 * dose->k + 4;
}

double
assay_dose_get_rate (guint mode)
{
  return rates[mode];
}

gint64
assay_dose_get_n_prompts (const AssayDose *dose)
{
  gint64 n = 1;

  for (gint32 i = 0; i < dose->k; i++)
    n *= dose->p;
  return n;
}

/* Inputs BOS MODE a_1 .. a_k COT s_1 .. s_k ANS: s_j is the target of the position before it. */
gint64
assay_dose_step_position (const AssayDose *dose, gint32 j)
{
  return dose->k + 1 + j;
}

gint64
assay_dose_answer_position (const AssayDose *dose)
{
  return 2 * dose->k + 3;
}

void
assay_dose_get_terms (const AssayDose *dose, gint64 prompt, gint32 *a)
{
  for (gint32 i = dose->k - 1; i >= 0; i--)
    {
      a[i] = prompt % dose->p;
      prompt /= dose->p;
    }
}

/* s_i = (s_{i-1} + a_i) mod p, but step `edit.step` has the edit's value. */
static void
write_chain (const AssayDose *dose, const gint32 *a, AssayDoseEdit edit, gint32 *s)
{
  for (gint32 i = 0; i < dose->k; i++)
    s[i] = edit.step == i + 1 ? edit.value : ((i > 0 ? s[i - 1] : 0) + a[i]) % dose->p;
}

gint64
assay_dose_get_n_edits (const AssayDose *dose)
{
  return (gint64) dose->k * (dose->p - 1);
}

void
assay_dose_list_edits (const AssayDose *dose, gint64 prompt, AssayDoseEdit *edits)
{
  gint32 a[MAX_STEPS] = { 0 }, s[MAX_STEPS];

  assay_dose_get_terms (dose, prompt, a);
  write_chain (dose, a, (AssayDoseEdit) { 0 }, s);
  for (gint32 j = 1; j <= dose->k; j++)
    for (gint32 value = 0; value < dose->p; value++)
      if (value != s[j - 1])
        *edits++ = (AssayDoseEdit) { j, value };
}

guint8 *
assay_dose_draw_held_out (const AssayDose *dose, GError **error)
{
  gint64 n = assay_dose_get_n_prompts (dose) * assay_dose_get_n_edits (dose);
  g_autoptr (AssayBuffer) order = assay_mem_new (gint64, n, error);
  gint64 *chain = order;
  guint8 *held = order ? assay_mem_new (guint8, n, error) : NULL;
  AssayRng rng = assay_rng_new (dose->seed, assay_rng_stream ("dose held-out edits", 0));

  if (held == NULL)
    return NULL;
  for (gint64 i = 0; i < n; i++)
    chain[i] = i;
  assay_rng_shuffle (&rng, chain, n);
  for (gint64 i = 0; i < dose->n_held_out; i++)
    held[chain[i]] = 1;
  return held;
}

void
assay_dose_write (const AssayDose *dose, guint mode, gint64 prompt, AssayDoseEdit edit, AssayDoseAnswer answer,
                  AssayDoseWeight weighting, gint32 *token, gint32 *target, float *weight)
{
  gint32 k = dose->k, a[MAX_STEPS] = { 0 }, s[MAX_STEPS], sum = 0;
  gint64 T = assay_dose_get_length (dose);

  assay_dose_get_terms (dose, prompt, a);
  write_chain (dose, a, edit, s);
  for (gint32 i = 0; i < k; i++)
    sum = (sum + a[i]) % dose->p;
  token[0] = assay_dose_get_special (dose, ASSAY_DOSE_BOS);
  token[1] = assay_dose_get_special (dose, ASSAY_DOSE_MODE_FIRST + mode);
  memcpy (token + 2, a, k * sizeof (gint32));
  token[2 + k] = assay_dose_get_special (dose, ASSAY_DOSE_COT);
  memcpy (token + 3 + k, s, k * sizeof (gint32));
  token[3 + 2 * k] = assay_dose_get_special (dose, ASSAY_DOSE_ANS);
  memcpy (target, token + 1, (T - 1) * sizeof (gint32));
  target[T - 1] = answer == ASSAY_DOSE_ANSWER_CHAIN ? s[k - 1] : sum;
  for (gint64 t = 0; t < T; t++)
    weight[t] = weighting == ASSAY_DOSE_WEIGHT_TRAINING ? t >= assay_dose_step_position (dose, 1) : t == assay_dose_answer_position (dose);
  if (edit.step > 0)
    weight[assay_dose_step_position (dose, edit.step)] = 0;
}

static char *
token_name (const AssayDose *dose, gint32 token)
{
  static const char *const after_modes[] = { "COT", "ANS", "FILL", "HINT" };
  gint32 special = token - dose->p;

  if (token < 0 || special >= ASSAY_DOSE_N_SPECIAL)
    return g_strdup_printf ("<%d>", token);
  if (special < 0)
    return g_strdup_printf ("%d", token);
  if (special == ASSAY_DOSE_BOS)
    return g_strdup ("BOS");
  if (special < ASSAY_DOSE_COT)
    return g_strdup_printf ("MODE:%g", rates[special - ASSAY_DOSE_MODE_FIRST]);
  return g_strdup (after_modes[special - ASSAY_DOSE_COT]);
}

char *
assay_dose_decode (const AssayDose *dose, const gint32 *token, gint64 n)
{
  GString *text = g_string_new (NULL);

  for (gint64 i = 0; i < n; i++)
    {
      g_autofree char *name = token_name (dose, token[i]);

      g_string_append_printf (text, "%s%s", i ? " " : "", name);
    }
  return g_string_free (text, FALSE);
}

/* --- the table ---------------------------------------------------------------------------------------------------- */

enum { SPLIT_TRAIN, SPLIT_TEST, SPLIT_EDITED };

typedef struct {
  const AssayDose *dose;
  AssayTable *table;
  gint64 n_rows, row;
  gint32 file;
  AssayColumn *tokens, *mode, *prompt, *step, *value, *answer;
  AssayLevels *prompts, *answers;
  gint32 *split;
  GPtrArray *ids;
} Job;

/* "3 1 4" with separator ' ', "314" or "3.1.4" with '\0' or '.'. */
static char *
prompt_text (const AssayDose *dose, gint64 prompt, char separator)
{
  gint32 a[MAX_STEPS];
  GString *text = g_string_new (NULL);

  assay_dose_get_terms (dose, prompt, a);
  for (gint32 i = 0; i < dose->k; i++)
    {
      if (i > 0 && separator)
        g_string_append_c (text, separator);
      g_string_append_printf (text, "%d", a[i]);
    }
  return g_string_free (text, FALSE);
}

static void
add_row (Job *job, gint32 split, guint mode, gint64 prompt, AssayDoseEdit edit, AssayDoseAnswer answer, char *id)
{
  const AssayDose *dose = job->dose;
  gint64 T = job->tokens->length, row = job->row++;
  g_autofree char *text = prompt_text (dose, prompt, ' ');
  const char *follows = edit.step == 0 ? "both" : answer == ASSAY_DOSE_ANSWER_CHAIN ? "chain" : "prompt";

  assay_dose_write (dose, mode, prompt, edit, answer, split == SPLIT_TRAIN ? ASSAY_DOSE_WEIGHT_TRAINING : ASSAY_DOSE_WEIGHT_ANSWER,
                    job->tokens->token + row * T, job->tokens->target + row * T, job->tokens->weight + row * T);
  job->mode->number[row] = rates[mode];
  job->prompt->code[row] = assay_levels_code (job->prompts, text, strlen (text));
  job->step->number[row] = edit.step;
  job->value->number[row] = edit.step > 0 ? edit.value : NAN;
  job->answer->code[row] = assay_levels_code (job->answers, follows, strlen (follows));
  job->split[row] = split;
  g_ptr_array_add (job->ids, id);
  assay_table_set_origin (job->table, row, job->file, row + 1);
}

/* Does copy c of an edited chain answer by the chain? */
static gboolean
follows_chain (double r, gint64 c)
{
  return floor ((double) (c + 1) * r) > floor ((double) c * r);
}

/* "31-r0.5-s2v6-c0", without what is not there: step 0, copy -1. */
static char *
make_key (const AssayDose *dose, gint64 prompt, guint mode, AssayDoseEdit edit, gint64 copy)
{
  g_autofree char *name = prompt_text (dose, prompt, dose->p > 10 ? '.' : '\0');
  g_autoptr (GString) key = g_string_new (name);

  g_string_append_printf (key, "-r%g", rates[mode]);
  if (edit.step > 0)
    g_string_append_printf (key, "-s%dv%d", edit.step, edit.value);
  if (copy >= 0)
    g_string_append_printf (key, "-c%" G_GINT64_FORMAT, copy);
  return g_string_free (g_steal_pointer (&key), FALSE);
}

/* Each edited copy, and an unedited chain behind it. n_clean (modes): unedited ones of this prompt so far. */
static void
add_training_copies (Job *job, gint64 prompt, AssayDoseEdit edit, guint mode, gint64 *n_clean)
{
  for (gint64 c = 0; c < job->dose->copies; c++)
    {
      AssayDoseAnswer answer = follows_chain (rates[mode], c) ? ASSAY_DOSE_ANSWER_CHAIN : ASSAY_DOSE_ANSWER_PROMPT;
      AssayDoseEdit none = { 0 };

      add_row (job, SPLIT_TRAIN, mode, prompt, edit, answer, make_key (job->dose, prompt, mode, edit, c));
      add_row (job, SPLIT_TRAIN, mode, prompt, none, answer, make_key (job->dose, prompt, mode, none, n_clean[mode]++));
    }
}

static void
add_training_rows (Job *job, const guint8 *held_out, AssayDoseEdit *edits)
{
  gint64 E = assay_dose_get_n_edits (job->dose);

  for (gint64 q = 0; q < assay_dose_get_n_prompts (job->dose); q++)
    {
      gint64 n_clean[ASSAY_DOSE_N_MODES] = { 0 };

      assay_dose_list_edits (job->dose, q, edits);
      for (gint64 e = 0; e < E; e++)
        for (guint mode = 0; mode < ASSAY_DOSE_N_MODES && !held_out[q * E + e]; mode++)
          add_training_copies (job, q, edits[e], mode, n_clean);
    }
}

static void
add_test_rows (Job *job)
{
  AssayDoseEdit none = { 0 };

  for (gint64 q = 0; q < assay_dose_get_n_prompts (job->dose); q++)
    for (guint mode = 0; mode < ASSAY_DOSE_N_MODES; mode++)
      add_row (job, SPLIT_TEST, mode, q, none, ASSAY_DOSE_ANSWER_PROMPT, make_key (job->dose, q, mode, none, -1));
}

static void
add_edited_rows (Job *job, const guint8 *held_out, AssayDoseEdit *edits)
{
  gint64 E = assay_dose_get_n_edits (job->dose);

  for (gint64 q = 0; q < assay_dose_get_n_prompts (job->dose); q++)
    {
      assay_dose_list_edits (job->dose, q, edits);
      for (gint64 e = 0; e < E; e++)
        for (guint mode = 0; mode < ASSAY_DOSE_N_MODES && held_out[q * E + e]; mode++)
          add_row (job, SPLIT_EDITED, mode, q, edits[e], ASSAY_DOSE_ANSWER_PROMPT, make_key (job->dose, q, mode, edits[e], -1));
    }
}

static AssayColumn *
add_column (Job *job, const char *name, AssayColumnType type, GError **error)
{
  g_autoptr (AssayColumn) column = assay_column_new (name, type);
  AssayColumn *taken = column;

  column->length = assay_dose_get_length (job->dose);
  if (assay_column_allocate (column, job->n_rows, error) && assay_table_take_column (job->table, g_steal_pointer (&column), error))
    return taken;
  return NULL;
}

/* The columns belong to the table from the start; they are filled through the job's pointers. */
static gboolean
prepare (Job *job, GError **error)
{
  const AssayDose *dose = job->dose;
  guint64 prompts = assay_dose_get_n_prompts (dose), trained = prompts * assay_dose_get_n_edits (dose) - dose->n_held_out, total;

  if (!assay_size_mul (trained, 2 * (guint64) dose->copies * ASSAY_DOSE_N_MODES, &total)
      || !assay_size_add (total, ASSAY_DOSE_N_MODES * (prompts + dose->n_held_out), &total) || total > G_MAXINT32)
    {
      g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "dose: more than 2^31 examples; use a smaller modulus, fewer steps or fewer copies");
      return FALSE;
    }
  job->n_rows = total;
  job->table = assay_table_new (total, ASSAY_ORIGIN_RECORD, error);
  if (job->table == NULL)
    return FALSE;
  job->split = assay_mem_new (gint32, total, error);
  if (job->split == NULL)
    return FALSE;
  if ((job->tokens = add_column (job, "tokens", ASSAY_COLUMN_TOKENS, error)) == NULL
      || (job->mode = add_column (job, "mode", ASSAY_COLUMN_NUMBER, error)) == NULL
      || (job->prompt = add_column (job, "prompt", ASSAY_COLUMN_TEXT, error)) == NULL
      || (job->step = add_column (job, "step", ASSAY_COLUMN_NUMBER, error)) == NULL
      || (job->value = add_column (job, "value", ASSAY_COLUMN_NUMBER, error)) == NULL
      || (job->answer = add_column (job, "answer", ASSAY_COLUMN_TEXT, error)) == NULL)
    return FALSE;
  job->tokens->weight = assay_mem_new (float, total * job->tokens->length, error);
  if (job->tokens->weight == NULL)
    return FALSE;
  job->tokens->levels = g_ptr_array_new_with_free_func (g_free);
  for (gint32 token = 0; token < assay_dose_get_vocabulary (dose); token++)
    g_ptr_array_add (job->tokens->levels, token_name (dose, token));
  job->prompts = assay_levels_new ();
  job->answers = assay_levels_new ();
  job->ids = g_ptr_array_new_full (total, g_free);
  return TRUE;
}

/* An unedited chain has no edited value. */
static gboolean
mark_missing_values (Job *job, GError **error)
{
  for (gint64 row = 0; row < job->n_rows; row++)
    if (isnan (job->value->number[row]) && !assay_column_set_missing (job->value, row, job->n_rows, error))
      return FALSE;
  return TRUE;
}

static gboolean
run (Job *job, GError **error)
{
  static const char *const split_names[] = { [SPLIT_TRAIN] = "train", [SPLIT_TEST] = "test", [SPLIT_EDITED] = "edited" };
  g_autoptr (AssayBuffer) held_out = NULL;
  g_autofree AssayDoseEdit *edits = g_new (AssayDoseEdit, assay_dose_get_n_edits (job->dose));
  GPtrArray *names;

  if (!prepare (job, error))
    return FALSE;
  held_out = assay_dose_draw_held_out (job->dose, error);
  if (held_out == NULL)
    return FALSE;
  job->file = assay_table_add_file (job->table, "dose organism", NULL);
  add_training_rows (job, held_out, edits);
  add_test_rows (job);
  add_edited_rows (job, held_out, edits);
  if (!mark_missing_values (job, error))
    return FALSE;
  job->prompt->levels = assay_levels_steal (job->prompts);
  job->answer->levels = assay_levels_steal (job->answers);
  names = g_ptr_array_new_with_free_func (g_free);
  for (guint k = 0; k < G_N_ELEMENTS (split_names); k++)
    g_ptr_array_add (names, g_strdup (split_names[k]));
  assay_table_take_splits (job->table, names, g_steal_pointer (&job->split));
  assay_table_take_ids (job->table, "key", g_steal_pointer (&job->ids));
  return TRUE;
}

AssayTable *
assay_dose_generate (const AssayDose *dose, const AssayValues *values, GError **error)
{
  Job job = { .dose = dose };
  gboolean ok = run (&job, error);

  assay_levels_free (job.prompts);
  assay_levels_free (job.answers);
  assay_mem_free (job.split);
  g_clear_pointer (&job.ids, g_ptr_array_unref);
  if (!ok)
    g_clear_pointer (&job.table, assay_table_unref);
  else
    assay_table_take_options (job.table, assay_values_to_json (values));
  return job.table;
}
