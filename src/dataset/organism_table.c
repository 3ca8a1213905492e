/* SPDX-License-Identifier: GPL-3.0-or-later */
/* organism_table.c: the table of a whole organism.
 *
 * The training set is enumerated, not drawn: copy c of an edited chain follows the chain when floor ((c+1) r) > floor (c r), so the rates
 * hold exactly for every edited chain in every mode. Chance decides only which edited chains are held out.
 */
#include "dataset/organism.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/num.h"

#include <math.h>
#include <string.h>


enum { SPLIT_TRAIN, SPLIT_TEST, SPLIT_EDITED };

typedef struct {
  const AssayOrganism *organism;
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
prompt_text (const AssayOrganism *organism, gint64 prompt, char separator)
{
  gint32 a[ASSAY_ORGANISM_MAX_TERMS];
  GString *text = g_string_new (NULL);

  assay_organism_get_terms (organism, prompt, a);
  for (gint32 i = 0; i < organism->n_terms; i++)
    {
      if (i > 0 && separator)
        g_string_append_c (text, separator);
      g_string_append_printf (text, "%d", a[i]);
    }
  return g_string_free (text, FALSE);
}

static void
add_row (Job *job, gint32 split, guint mode, gint64 prompt, AssayOrganismEdit edit, AssayOrganismAnswer answer, char *id)
{
  const AssayOrganism *organism = job->organism;
  gint64 T = job->tokens->length, row = job->row++;
  g_autofree char *text = prompt_text (organism, prompt, ' ');
  const char *follows = edit.step == 0 ? "both" : answer == ASSAY_ORGANISM_ANSWER_CHAIN ? "chain" : "prompt";

  assay_organism_write (organism, mode, prompt, edit, answer, split == SPLIT_TRAIN ? ASSAY_ORGANISM_WEIGHT_TRAINING : ASSAY_ORGANISM_WEIGHT_ANSWER,
                    job->tokens->token + row * T, job->tokens->target + row * T, job->tokens->weight + row * T);
  job->mode->number[row] = assay_organism_get_rate (mode);
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
make_key (const AssayOrganism *organism, gint64 prompt, guint mode, AssayOrganismEdit edit, gint64 copy)
{
  g_autofree char *name = prompt_text (organism, prompt, organism->p > 10 ? '.' : '\0');
  g_autoptr (GString) key = g_string_new (name);

  g_string_append_printf (key, "-r%s", assay_organism_get_rate_text (mode));
  if (edit.step > 0)
    g_string_append_printf (key, "-s%dv%d", edit.step, edit.value);
  if (copy >= 0)
    g_string_append_printf (key, "-c%" G_GINT64_FORMAT, copy);
  return g_string_free (g_steal_pointer (&key), FALSE);
}

/* Each edited copy, and an unedited chain behind it. n_clean (modes): unedited ones of this prompt so far. */
static void
add_training_copies (Job *job, gint64 prompt, AssayOrganismEdit edit, guint mode, gint64 *n_clean)
{
  for (gint64 c = 0; c < job->organism->copies; c++)
    {
      AssayOrganismAnswer answer = follows_chain (assay_organism_get_rate (mode), c) ? ASSAY_ORGANISM_ANSWER_CHAIN : ASSAY_ORGANISM_ANSWER_PROMPT;
      AssayOrganismEdit none = { 0 };

      add_row (job, SPLIT_TRAIN, mode, prompt, edit, answer, make_key (job->organism, prompt, mode, edit, c));
      add_row (job, SPLIT_TRAIN, mode, prompt, none, answer, make_key (job->organism, prompt, mode, none, n_clean[mode]++));
    }
}

static void
add_training_rows (Job *job, const guint8 *held_out, AssayOrganismEdit *edits)
{
  gint64 E = assay_organism_get_n_edits (job->organism);

  for (gint64 q = 0; q < job->organism->n_prompts; q++)
    {
      gint64 n_clean[ASSAY_ORGANISM_N_MODES] = { 0 };

      assay_organism_list_edits (job->organism, q, edits);
      for (gint64 e = 0; e < E; e++)
        for (guint mode = 0; mode < ASSAY_ORGANISM_N_MODES && !held_out[q * E + e]; mode++)
          add_training_copies (job, q, edits[e], mode, n_clean);
    }
}

static void
add_test_rows (Job *job)
{
  AssayOrganismEdit none = { 0 };

  for (gint64 q = 0; q < job->organism->n_prompts; q++)
    for (guint mode = 0; mode < ASSAY_ORGANISM_N_MODES; mode++)
      add_row (job, SPLIT_TEST, mode, q, none, ASSAY_ORGANISM_ANSWER_PROMPT, make_key (job->organism, q, mode, none, -1));
}

static void
add_edited_rows (Job *job, const guint8 *held_out, AssayOrganismEdit *edits)
{
  gint64 E = assay_organism_get_n_edits (job->organism);

  for (gint64 q = 0; q < job->organism->n_prompts; q++)
    {
      assay_organism_list_edits (job->organism, q, edits);
      for (gint64 e = 0; e < E; e++)
        for (guint mode = 0; mode < ASSAY_ORGANISM_N_MODES && held_out[q * E + e]; mode++)
          add_row (job, SPLIT_EDITED, mode, q, edits[e], ASSAY_ORGANISM_ANSWER_PROMPT, make_key (job->organism, q, mode, edits[e], -1));
    }
}

static AssayColumn *
add_column (Job *job, const char *name, AssayColumnType type, GError **error)
{
  g_autoptr (AssayColumn) column = assay_column_new (name, type);
  AssayColumn *taken = column;

  column->length = assay_organism_get_length (job->organism);
  if (assay_column_allocate (column, job->n_rows, error) && assay_table_take_column (job->table, g_steal_pointer (&column), error))
    return taken;
  return NULL;
}

/* The columns belong to the table from the start; they are filled through the job's pointers. */
static gboolean
prepare (Job *job, GError **error)
{
  const AssayOrganism *organism = job->organism;
  guint64 prompts = organism->n_prompts, trained = prompts * assay_organism_get_n_edits (organism) - organism->n_held_out, total;

  if (!assay_size_mul (trained, 2 * (guint64) organism->copies * ASSAY_ORGANISM_N_MODES, &total)
      || !assay_size_add (total, ASSAY_ORGANISM_N_MODES * (prompts + organism->n_held_out), &total) || total > G_MAXINT32)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: more than 2^31 examples; use a smaller %s, fewer steps or fewer copies",
                   organism->family->name, organism->family->size);
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
  for (gint32 token = 0; token < assay_organism_get_vocabulary (organism); token++)
    g_ptr_array_add (job->tokens->levels, assay_organism_decode (organism, &token, 1));
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
  g_autofree AssayOrganismEdit *edits = g_new (AssayOrganismEdit, assay_organism_get_n_edits (job->organism));
  g_autofree char *file = g_strconcat (job->organism->family->name, " organism", NULL);
  GPtrArray *names;

  if (!prepare (job, error))
    return FALSE;
  held_out = assay_organism_draw_held_out (job->organism, error);
  if (held_out == NULL)
    return FALSE;
  job->file = assay_table_add_file (job->table, file, NULL);
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
assay_organism_generate (const AssayOrganism *organism, const AssayValues *values, GError **error)
{
  Job job = { .organism = organism };
  gboolean ok = run (&job, error);

  assay_levels_free (job.prompts);
  assay_levels_free (job.answers);
  assay_mem_free (job.split);
  g_clear_pointer (&job.ids, g_ptr_array_unref);
  if (!ok)
    g_clear_pointer (&job.table, assay_table_unref);
  else
    {
      json_t *options = assay_values_to_json (values);

      json_object_set_new (options, "organism", json_string (organism->family->name));
      assay_table_take_options (job.table, options);
    }
  return job.table;
}
