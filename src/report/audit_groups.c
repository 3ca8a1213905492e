/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audit_groups.c: tables of groups, each share beside its counts, and what is claimed of the group that differs most. */
#include "report/audit_groups.h"

#include "base/json.h"
#include "report/audit_columns.h"
#include "report/columns.h"
#include "report/figure.h"
#include "stats/confusion.h"

#include <math.h>

#define MAX_DRAWN 30            /* groups in one figure; the tables have all */

/* One grouping in one part. */
typedef struct {
  const AssayAuditTelling *telling;
  const json_t *grouping, *groups;
  const AssayResultTable *table;
  char *id, *by, *part;         /* "subgroups/1/part-1/groups-2"; "race and sex"; "all rows" */
  gboolean has_rates;           /* somebody decides, and what came is known */
} Groups;

static void
groups_clear (Groups *g)
{
  g_free (g->id);
  g_free (g->by);
  g_free (g->part);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Groups, groups_clear)

static const json_t *
get_group (const Groups *g, gint64 k)
{
  return json_array_get (g->groups, (gsize) k);
}

static const char *
get_label (const Groups *g, gint64 k)
{
  return assay_result_table_get_texts (g->table, 0)[k];
}

static gint64
get_count (const Groups *g, gint64 k, const char *name)
{
  const AssayNumber number = assay_audit_table_cite (g->table, name, k, ASSAY_NUMBER_COUNT, 0);

  return assay_number_exists (&number) ? (gint64) assay_number_get_value (&number) : 0;
}

/* Unknowns are counted where there are any; where there are none a row of zeros says nothing. */
static gboolean
is_shown (const Groups *g, gint64 k)
{
  return !json_is_true (json_object_get (get_group (g, k), "is_unknown")) || get_count (g, k, "rows") > 0;
}

static const char *
selected_means (const Groups *g)
{
  return assay_json_get_text (g->telling->answer->document, "selected_means");
}

/* --- tables ------------------------------------------------------------------------------------------------------------------------------ */

static char *
dup_mark (const Groups *g, gint64 k)
{
  const json_t *group = get_group (g, k), *impact = json_object_get (group, "impact");
  GString *mark;

  if (json_is_true (json_object_get (group, "is_unknown")))
    return g_strdup ("of no known group: counted, no ratio");
  if (get_count (g, k, "scored") == 0)
    return g_strdup ("nobody");
  mark = g_string_new (NULL);
  if (json_is_true (json_object_get (impact, "is_highest")))
    g_string_append (mark, "highest rate");
  if (json_is_true (json_object_get (impact, "is_below_four_fifths")))
    g_string_append (mark, "below four fifths");
  if (json_is_true (json_object_get (impact, "is_small")))
    g_string_append_printf (mark, "%ssmall group", mark->len > 0 ? "; " : "");
  return g_string_free (mark, FALSE);
}

static void
tell_impact (const Groups *g)
{
  g_autofree char *id = g_strconcat (g->id, "/impact", NULL);
  AssayProse *caption = assay_prose_new ();
  AssayBlock *block;

  assay_prose_add_format (caption, "Selection rates and impact ratios by %s in %s. Selected: %s. The ratio is to the group with the highest rate", g->by, g->part,
                          selected_means (g));
  block = assay_section_begin_table (g->telling->section, id, caption, "group|>selected|>impact ratio|mark");
  for (gint64 k = 0; k < assay_result_table_get_n_rows (g->table); k++)
    {
      g_autofree char *mark = dup_mark (g, k);

      if (!is_shown (g, k))
        continue;
      assay_block_add_cell_plain (block, get_label (g, k));
      assay_block_add_cell (block, assay_audit_cell_share (g->table, "selection", "selected", "scored", k));
      assay_block_add_cell (block, assay_audit_cell_estimate (g->table, "impact_ratio", k, ASSAY_NUMBER_DECIMALS, 3));
      assay_block_add_cell_plain (block, mark);
    }
}

/* Two rates of each group beside their counts: as many as a page is wide. */
static void
tell_rates (const Groups *g, const char *name, AssayRate first, AssayRate second, const char *words)
{
  const AssayRate rates[] = { first, second };
  g_autofree char *id = g_strconcat (g->id, "/", name, NULL), *heads = g_strdup_printf ("group|>%s|>%s", assay_rate_title (first), assay_rate_title (second));
  AssayProse *caption = assay_prose_new ();
  AssayBlock *block;

  assay_prose_add_format (caption, "%s by %s in %s. %s: %s; %s: %s", words, g->by, g->part, assay_rate_title (first), assay_rate_definition (first),
                          assay_rate_title (second), assay_rate_definition (second));
  block = assay_section_begin_table (g->telling->section, id, caption, heads);
  for (gint64 k = 0; k < assay_result_table_get_n_rows (g->table); k++)
    {
      if (!is_shown (g, k))
        continue;
      assay_block_add_cell_plain (block, get_label (g, k));
      for (gsize r = 0; r < G_N_ELEMENTS (rates); r++)
        assay_block_add_cell (block, assay_audit_cell_share (g->table, assay_rate_name (rates[r]), NULL, NULL, k));
    }
}

/* What ranks and probabilities say of groups. */
static void
tell_ranking (const Groups *g)
{
  static const struct { const char *name, *head; } measures[] = {
    { "auroc", "|>AUC (DeLong)" }, { "brier", "|>Brier score (Student)" }, { "excess", "|>mean probability in excess (Student)" },
  };
  g_autofree char *id = g_strconcat (g->id, "/ranking", NULL);
  g_autoptr (GString) heads = g_string_new ("group");
  AssayProse *caption = assay_prose_new ();
  AssayBlock *block;

  for (gsize m = 0; m < G_N_ELEMENTS (measures); m++)
    if (assay_audit_table_find (g->table, measures[m].name) >= 0)
      g_string_append (heads, measures[m].head);
  assay_prose_add_format (caption, "How well the score ranks, and whether it keeps what it promises, by %s in %s", g->by, g->part);
  block = assay_section_begin_table (g->telling->section, id, caption, heads->str);
  for (gint64 k = 0; k < assay_result_table_get_n_rows (g->table); k++)
    {
      if (!is_shown (g, k))
        continue;
      assay_block_add_cell_plain (block, get_label (g, k));
      for (gsize m = 0; m < G_N_ELEMENTS (measures); m++)
        if (assay_audit_table_find (g->table, measures[m].name) >= 0)
          assay_block_add_cell (block, assay_audit_cell_estimate (g->table, measures[m].name, k, ASSAY_NUMBER_DECIMALS, 3));
    }
}

static void
tell_differences (const Groups *g, gint64 baseline)
{
  static const char *const names[] = { "false_positive_rate_difference", "false_negative_rate_difference", "selection_rate_difference" };
  g_autofree char *id = g_strconcat (g->id, "/differences", NULL);
  AssayProse *caption = assay_prose_new ();
  AssayBlock *block;

  assay_prose_add_format (caption, "The same rates less those of the group %s, by %s in %s (Newcombe). Each interval stands alone", get_label (g, baseline), g->by,
                          g->part);
  block = assay_section_begin_table (g->telling->section, id, caption, "group|>false positive rate|>false negative rate|>selection rate");
  for (gint64 k = 0; k < assay_result_table_get_n_rows (g->table); k++)
    {
      if (k == baseline || json_is_true (json_object_get (get_group (g, k), "is_unknown")))
        continue;
      assay_block_add_cell_plain (block, get_label (g, k));
      for (gsize c = 0; c < G_N_ELEMENTS (names); c++)
        assay_block_add_cell (block, assay_audit_cell_estimate (g->table, names[c], k, ASSAY_NUMBER_PERCENT, 1));
    }
}

/* --- figure ------------------------------------------------------------------------------------------------------------------------------ */

static void
add_bars (const Groups *g, AssayFigure *figure, const char *rate, const char *words, AssayRole role, const GArray *drawn)
{
  g_autofree double *value = g_new (double, 4 * MAX (drawn->len, 1));
  double *ends[] = { value, value + drawn->len, value + 2 * drawn->len }, *place = value + 3 * drawn->len;
  static const char *const suffixes[] = { "", "_lo", "_hi" };

  for (guint i = 0; i < drawn->len; i++)
    {
      place[i] = i;
      for (gsize e = 0; e < G_N_ELEMENTS (ends); e++)
        {
          g_autofree char *name = g_strconcat (rate, suffixes[e], NULL);
          const AssayNumber number = assay_audit_table_cite (g->table, name, g_array_index (drawn, gint64, i), ASSAY_NUMBER_PERCENT, 1);

          ends[e][i] = assay_number_get_value (&number);
        }
    }
  assay_figure_add_bars (figure, words, role, drawn->len, place, ends[0], ends[1], ends[2]);
}

static void
tell_figure (const Groups *g)
{
  g_autofree char *id = g_strconcat (g->id, "-figure", NULL), *level = assay_audit_dup_level (g->telling->answer->document), *note = NULL, *reading = NULL;
  g_autoptr (GArray) drawn = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  AssayProse *caption;
  AssayFigure *figure;

  for (gint64 k = 0; k < assay_result_table_get_n_rows (g->table); k++)
    if (!json_is_true (json_object_get (get_group (g, k), "is_unknown")) && get_count (g, k, "scored") > 0)
      {
        g_array_append_val (drawn, k);
        g_ptr_array_add (names, (gpointer) get_label (g, k));
      }
  if (drawn->len == 0 || drawn->len > MAX_DRAWN)
    return;
  figure = assay_figure_new (id, "Rates by group");
  assay_figure_set_categories (figure, ASSAY_AXIS_Y, drawn->len, (const char *const *) names->pdata);
  assay_figure_set_axis (figure, ASSAY_AXIS_X, ASSAY_SCALE_LINEAR, "share of those concerned", NULL);
  assay_figure_set_ticks (figure, ASSAY_AXIS_X, ASSAY_TICKS_PERCENT);
  assay_figure_set_limits (figure, ASSAY_AXIS_X, 0, 1);
  if (g->has_rates)
    {
      add_bars (g, figure, "false_positive_rate", "false positives", ASSAY_ROLE_MAIN, drawn);
      add_bars (g, figure, "false_negative_rate", "false negatives", ASSAY_ROLE_SECOND, drawn);
    }
  else
    add_bars (g, figure, "selection", "selected", ASSAY_ROLE_MAIN, drawn);
  note = g_strdup_printf ("Whiskers: Wilson intervals at %s.", level);
  assay_figure_set_note (figure, note);
  reading = g_strdup_printf ("%s by %s in %s, with intervals.", g->has_rates ? "False positive and false negative rates" : "Selection rates", g->by, g->part);
  assay_figure_set_reading (figure, reading);
  caption = assay_prose_new ();
  assay_prose_add_format (caption, "%s by %s in %s", g->has_rates ? "False positives and false negatives" : "Selection rates", g->by, g->part);
  assay_section_add_figure (g->telling->section, id, caption, figure, g->table);
}

/* --- claims ------------------------------------------------------------------------------------------------------------------------------ */

/* Of the groups that are not small, the one for which a number is least, or largest in magnitude; -1: none. */
static gint64
find_extreme (const Groups *g, const char *name, gboolean least)
{
  int column = assay_audit_table_find (g->table, name);
  const double *value = column < 0 ? NULL : assay_result_table_get_numbers (g->table, (guint) column);
  gint64 best = -1;

  for (gint64 k = 0; value != NULL && k < assay_result_table_get_n_rows (g->table); k++)
    {
      const json_t *impact = json_object_get (get_group (g, k), "impact");

      if (isnan (value[k]) || json_is_true (json_object_get (impact, "is_small")) || (least && json_is_true (json_object_get (impact, "is_highest"))))
        continue;
      if (best < 0 || (least ? value[k] < value[best] : fabs (value[k]) > fabs (value[best])))
        best = k;
    }
  return best;
}

static void
claim_impact (const Groups *g)
{
  gint64 row = find_extreme (g, "impact_ratio", TRUE);
  const json_t *highest = json_object_get (g->grouping, "highest");
  g_autofree char *id = g_strconcat (g->id, "/least-ratio", NULL);
  AssayProse *sentence;

  if (row < 0 || !json_is_integer (highest))
    return;
  sentence = assay_prose_new ();
  assay_prose_add_format (sentence, "By %s in %s, %s selects (%s) the group %s least often of all that are not small: ", g->by, g->part,
                          assay_audit_subject (g->telling->answer->document), selected_means (g), get_label (g, row));
  assay_prose_add_number (sentence, assay_audit_table_cite (g->table, "selected", row, ASSAY_NUMBER_COUNT, 0));
  assay_prose_add (sentence, " of ");
  assay_prose_add_number (sentence, assay_audit_table_cite (g->table, "scored", row, ASSAY_NUMBER_COUNT, 0));
  assay_prose_add_format (sentence, ". Its impact ratio to %s is ", get_label (g, json_integer_value (highest)));
  assay_prose_add_number (sentence, assay_audit_table_cite (g->table, "impact_ratio", row, ASSAY_NUMBER_DECIMALS, 3));
  assay_prose_add (sentence, json_is_true (assay_columns_find (get_group (g, row), "impact.is_below_four_fifths")) ? ", below four fifths." : ".");
  assay_audit_add_claim (g->telling, assay_claim_new (id, ASSAY_CLAIM_PLAIN, ASSAY_CLAIM_MEASURED, sentence), g->table, "impact_ratio", row,
                         ASSAY_NUMBER_DECIMALS, 3, "of the ratio of two shares (Koopman)", get_count (g, row, "scored"));
}

static void
claim_difference (const Groups *g, gint64 baseline, AssayRate rate, const char *suffix)
{
  const char *name = assay_rate_name (rate);
  g_autofree char *difference = g_strconcat (name, "_difference", NULL), *id = g_strconcat (g->id, suffix, NULL);
  g_autofree char *denominator = g_strconcat (name, "_denominator", NULL);
  gint64 row = find_extreme (g, difference, FALSE);
  AssayProse *sentence;

  if (row < 0)
    return;
  sentence = assay_prose_new ();
  assay_prose_add_format (sentence, "By %s in %s, the %s of %s differs most from that of %s for %s: ", g->by, g->part, assay_rate_title (rate),
                          assay_audit_subject (g->telling->answer->document), get_label (g, baseline), get_label (g, row));
  assay_audit_add_counts (sentence, g->table, name, row);
  assay_prose_add (sentence, " (");
  assay_prose_add_number (sentence, assay_audit_table_cite (g->table, name, row, ASSAY_NUMBER_PERCENT, 1));
  assay_prose_add (sentence, ") against ");
  assay_audit_add_counts (sentence, g->table, name, baseline);
  assay_prose_add (sentence, " (");
  assay_prose_add_number (sentence, assay_audit_table_cite (g->table, name, baseline, ASSAY_NUMBER_PERCENT, 1));
  assay_prose_add (sentence, ").");
  assay_audit_add_claim (g->telling, assay_claim_new (id, ASSAY_CLAIM_PLAIN, ASSAY_CLAIM_MEASURED, sentence), g->table, difference, row,
                         ASSAY_NUMBER_PERCENT, 1, "of the difference of two shares (Newcombe)", get_count (g, row, denominator));
}

/* --- together ---------------------------------------------------------------------------------------------------------------------------- */

static char *
join_columns (const json_t *grouping)
{
  GString *by = g_string_new (NULL);
  gsize k;
  json_t *column;

  json_array_foreach (json_object_get (grouping, "columns"), k, column)
    g_string_append_printf (by, "%s%s", k > 0 ? " and " : "", json_string_value (column));
  return g_string_free (by, FALSE);
}

static void
tell_grouping (const AssayAuditTelling *telling, gsize part, gsize k, const json_t *grouping)
{
  g_auto (Groups) g = { .telling = telling, .grouping = grouping, .groups = json_object_get (grouping, "groups"), .by = join_columns (grouping),
                        .part = assay_audit_dup_part (telling->answer->document, part) };
  const json_t *baseline = json_object_get (grouping, "baseline");
  gint64 left_out = json_integer_value (json_object_get (grouping, "empty_left_out"));
  g_autofree char *heading = g_strdup_printf ("By %s, %s", g.by, g.part);

  g.id = g_strdup_printf ("%s/part-%" G_GSIZE_FORMAT "/groups-%" G_GSIZE_FORMAT, telling->id, part + 1, k + 1);
  g.table = assay_audit_table_of_groups (telling, part, k);
  g.has_rates = assay_audit_table_find (g.table, "false_positive_rate") >= 0;
  assay_section_add_heading (telling->section, heading);
  if (g.has_rates)
    {
      tell_rates (&g, "errors", ASSAY_RATE_FALSE_POSITIVE, ASSAY_RATE_FALSE_NEGATIVE, "Errors");
      tell_rates (&g, "values", ASSAY_RATE_PREVALENCE, ASSAY_RATE_POSITIVE_VALUE, "What came, and what a decision is worth,");
    }
  tell_impact (&g);
  if (left_out > 0)
    {
      AssayProse *text = assay_prose_new ();

      assay_prose_add_format (text, "%" G_GINT64_FORMAT " combinations of these columns that nobody belongs to are not listed.", left_out);
      assay_section_add_paragraph (telling->section, text);
    }
  tell_figure (&g);
  if (assay_audit_table_find (g.table, "auroc") >= 0)
    tell_ranking (&g);
  if (g.has_rates && json_is_integer (baseline))
    {
      tell_differences (&g, json_integer_value (baseline));
      claim_difference (&g, json_integer_value (baseline), ASSAY_RATE_FALSE_POSITIVE, "/false-positives");
      claim_difference (&g, json_integer_value (baseline), ASSAY_RATE_FALSE_NEGATIVE, "/false-negatives");
    }
  claim_impact (&g);
}

gboolean
assay_audit_tell_groups (const AssayAuditTelling *telling)
{
  gboolean any = FALSE;
  gsize p, k;
  json_t *part, *grouping;

  json_array_foreach (json_object_get (telling->answer->document, "parts"), p, part)
    json_array_foreach (json_object_get (part, "groupings"), k, grouping)
      {
        tell_grouping (telling, p, k, grouping);
        any = TRUE;
      }
  return any;
}
