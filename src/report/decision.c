/* SPDX-License-Identifier: GPL-3.0-or-later */
/* decision.c: a packet as blocks and claims. A number whose check failed is not shown: the packet says so in its place. */
#include "report/decision.h"

#include "base/json.h"
#include "report/columns.h"
#include "report/people.h"

#include <math.h>
#include <string.h>

#define MAX_ROWS 20             /* contributions of an image */

/* One person's packet. */
typedef struct {
  const AssayDecisions *all;
  const json_t *packet;
  gint64 row;                   /* of the people */
  char *id;                     /* "decisions/1/person-3" */
  const char *name;
  gboolean decides;             /* FALSE: a real number is predicted */
} Packet;

static AssayNumber
cite (const Packet *p, AssayDecisionColumn column, AssayNumberFormat format, guint digits)
{
  return assay_number_new (p->all->people, column, p->row, format, digits);
}

static gboolean
exists (const Packet *p, AssayDecisionColumn column)
{
  const AssayNumber number = cite (p, column, ASSAY_NUMBER_COUNT, 0);

  return assay_number_exists (&number) && assay_number_get_value (&number) >= 0;         /* a count that is not there is -1 */
}

static double
value_of (const Packet *p, AssayDecisionColumn column)
{
  const AssayNumber number = cite (p, column, ASSAY_NUMBER_SIGNIFICANT, 4);

  return assay_number_get_value (&number);
}

/* --- the decision ------------------------------------------------------------------------------------------------------------------------- */

static void
tell_decision (const Packet *p)
{
  const json_t *reference = json_object_get (p->packet, "reference");
  const char *const *decided = assay_result_table_get_texts (p->all->people, ASSAY_DECISION_DECIDED);
  const char *const *outcome = assay_result_table_get_texts (p->all->people, ASSAY_DECISION_OUTCOME);
  AssayProse *text = assay_prose_new ();

  if (p->decides)
    {
      assay_prose_add_format (text, "Decided: %s, with probability ", decided[p->row]);
      assay_prose_add_number (text, cite (p, ASSAY_DECISION_PROBABILITY, ASSAY_NUMBER_DECIMALS, 4));
      assay_prose_add_format (text, "; the margin toward %s is ", assay_json_get_text (json_object_get (p->packet, "decision"), "margin_toward"));
      assay_prose_add_number (text, cite (p, ASSAY_DECISION_MARGIN, ASSAY_NUMBER_DECIMALS, 4));
      assay_prose_add_format (text, " log odds. Recorded outcome: %s.", outcome[p->row]);
    }
  else
    {
      assay_prose_add (text, "Predicted: ");
      assay_prose_add_number (text, cite (p, ASSAY_DECISION_MARGIN, ASSAY_NUMBER_SIGNIFICANT, 6));
      assay_prose_add_format (text, ". Recorded: %s.", outcome[p->row]);
    }
  if (exists (p, ASSAY_DECISION_REFERENCE_PROBABILITY))
    {
      assay_prose_add_format (text, " The reference itself is decided %s, with probability ", assay_json_get_text (reference, "class"));
      assay_prose_add_number (text, cite (p, ASSAY_DECISION_REFERENCE_PROBABILITY, ASSAY_NUMBER_DECIMALS, 4));
      assay_prose_add (text, ".");
    }
  assay_section_add_paragraph (p->all->section, text);
}

/* --- contributions ------------------------------------------------------------------------------------------------------------------------ */

static gboolean
has_converged (const Packet *p)
{
  return json_is_true (assay_columns_find (p->packet, "check.converged"));
}

/* Deleting columns in their order lowers the margin at least as fast as random orders do, up to rounding. */
static gboolean
is_faithful (const Packet *p)
{
  double area = value_of (p, ASSAY_DECISION_AREA), random = value_of (p, ASSAY_DECISION_RANDOM_AREA);

  return isfinite (area) && (isnan (random) || area >= random - 1e-9 * (fabs (area) + fabs (random)));
}

static json_t *
list_contributions (const Packet *p)
{
  const json_t *all = json_object_get (p->packet, "contributions");
  gboolean is_table = json_is_true (json_object_get (p->all->answer->document, "is_table"));
  json_t *list = json_array (), *entry;
  gsize k;

  json_array_foreach (all, k, entry)
    {
      json_t *copy;

      if (!is_table && k == MAX_ROWS)
        break;
      copy = json_copy (entry);
      if (assay_decisions_hide_reference (p->all))
        json_object_set_new (copy, "reference", json_string ("not shown"));
      json_array_append_new (list, copy);
    }
  return list;
}

static AssayResultTable *
add_contributions (const Packet *p)
{
  AssayResultSource source = assay_report_answer_as_source (p->all->answer, assay_json_get_text (json_object_get (p->packet, "check"), "method"));
  g_autofree char *path = g_strconcat (p->id, "/contributions", NULL);
  json_t *items = list_contributions (p);
  AssayResultTable *table = assay_results_add_table (p->all->report->document->results, path, "contributions to the margin", (gint64) json_array_size (items),
                                                     &source);

  assay_columns_add_texts (table, &(AssayResultColumn) { "column", "column", NULL, NULL }, items, "column");
  assay_columns_add_texts (table, &(AssayResultColumn) { "value", "value", NULL, NULL }, items, "value");
  assay_columns_add_texts (table, &(AssayResultColumn) { "reference", "reference", NULL, NULL }, items, "reference");
  assay_columns_add_numbers (table, &(AssayResultColumn) { "contribution", "contribution", p->decides ? "log odds" : NULL, NULL }, items, "contribution");
  json_decref (items);
  return table;
}

static void
tell_contributions (const Packet *p, const AssayResultTable *table)
{
  static const AssayShownColumn columns[] = {
    { 0, NULL, ASSAY_NUMBER_COUNT, 0 }, { 1, NULL, ASSAY_NUMBER_COUNT, 0 }, { 2, NULL, ASSAY_NUMBER_COUNT, 0 }, { 3, NULL, ASSAY_NUMBER_DECIMALS, 4 },
  };
  AssayProse *caption = assay_prose_new ();
  gsize all = json_array_size (json_object_get (p->packet, "contributions"));

  assay_prose_add_format (caption, "What contributed to the decision about %s (%s). Of all: sum ", p->name,
                          assay_json_get_text (json_object_get (p->packet, "check"), "method"));
  assay_prose_add_number (caption, cite (p, ASSAY_DECISION_SUM, ASSAY_NUMBER_DECIMALS, 4));
  assay_prose_add (caption, " of a change of ");
  assay_prose_add_number (caption, cite (p, ASSAY_DECISION_CHANGE, ASSAY_NUMBER_DECIMALS, 4));
  assay_prose_add (caption, ", residual ");
  assay_prose_add_number (caption, cite (p, ASSAY_DECISION_RESIDUAL, ASSAY_NUMBER_SIGNIFICANT, 2));
  if ((gsize) assay_result_table_get_n_rows (table) < all)
    assay_prose_add (caption, "; the largest are listed, all are in the case");
  assay_section_add_result_table (p->all->section, assay_result_table_get_path (table), caption, table, columns, G_N_ELEMENTS (columns));
}

/* The row of the contributions that holds the strongest reason. */
static gint64
find_first (const Packet *p, const AssayResultTable *table)
{
  const char *first = assay_result_table_get_texts (p->all->people, ASSAY_DECISION_FIRST)[p->row];

  for (gint64 k = 0; k < assay_result_table_get_n_rows (table); k++)
    if (strcmp (assay_result_table_get_texts (table, 0)[k], first) == 0)
      return k;
  return 0;
}

static AssayClaim *
new_claim (const Packet *p, const char *name, AssayClaimKind kind, AssayProse *sentence)
{
  g_autofree char *id = g_strconcat (p->id, "/", name, NULL);
  AssayClaim *claim = assay_claim_new (id, kind, ASSAY_CLAIM_MEASURED, sentence);

  claim->n = -1;
  claim->seeds = -1;
  claim->command = g_strdup (p->all->answer->command);
  claim->object = g_strconcat ("packet/", assay_json_get_text (p->all->answer->document, "packet_object"), NULL);
  return claim;
}

static void
claim_reason (const Packet *p, const AssayResultTable *table)
{
  gint64 row = find_first (p, table);
  const char *decided = assay_result_table_get_texts (p->all->people, ASSAY_DECISION_DECIDED)[p->row];
  gboolean has_scale = exists (p, ASSAY_DECISION_RESCALED);
  AssayProse *sentence = assay_prose_new ();
  AssayClaim *claim;

  assay_prose_add_format (sentence, p->decides ? "For %s, what speaks most for %s is %s = %s, against %s of the reference: it contributes "
                                               : "For %s, what moves %s most is %s = %s, against %s of the reference: it contributes ",
                          p->name, p->decides ? decided : "the prediction", assay_result_table_get_texts (table, 0)[row],
                          assay_result_table_get_texts (table, 1)[row], assay_result_table_get_texts (table, 2)[row]);
  assay_prose_add_number (sentence, assay_number_new (table, 3, row, ASSAY_NUMBER_DECIMALS, 4));
  if (p->decides)
    assay_prose_add_format (sentence, " log odds to the margin toward %s.", assay_json_get_text (json_object_get (p->packet, "decision"), "margin_toward"));
  else
    assay_prose_add (sentence, ".");
  claim = new_claim (p, "reason", ASSAY_CLAIM_DECISION, sentence);
  claim->value = assay_number_new (table, 3, row, ASSAY_NUMBER_DECIMALS, 4);
  claim->unit = p->decides ? g_strdup ("log odds") : NULL;
  claim->reason = g_strdup ("no interval: computed of the model as it is, not estimated");
  claim->check = (AssayClaimCheck) { g_strdup ("residual: contributions add up to the change of the margin"),
                                     cite (p, ASSAY_DECISION_RESIDUAL, ASSAY_NUMBER_SIGNIFICANT, 2), g_strdup ("the method's tolerance"), TRUE };
  claim->validity = (AssayClaimCheck) {
    g_strdup (has_scale ? "deletion fidelity: from 0, the worst order of deleting columns, to 1, the best" : "deletion fidelity: mean drop of the margin"),
    cite (p, has_scale ? ASSAY_DECISION_RESCALED : ASSAY_DECISION_AREA, ASSAY_NUMBER_DECIMALS, 3), g_strdup ("no less than random orders reach"), TRUE };
  claim->method = g_strdup (assay_json_get_text (json_object_get (p->packet, "check"), "method"));
  assay_section_add_claim (p->all->section, claim);
}

static void
tell_fidelity (const Packet *p)
{
  AssayProse *text = assay_prose_new ();

  assay_prose_add_format (text, "Fidelity: setting columns to the reference in their order lowers the %s by ", p->decides ? "margin" : "prediction");
  assay_prose_add_number (text, cite (p, ASSAY_DECISION_AREA, ASSAY_NUMBER_SIGNIFICANT, 4));
  assay_prose_add (text, " in the mean");
  if (exists (p, ASSAY_DECISION_RANDOM_AREA))
    {
      assay_prose_add (text, ", random orders by ");
      assay_prose_add_number (text, cite (p, ASSAY_DECISION_RANDOM_AREA, ASSAY_NUMBER_SIGNIFICANT, 4));
    }
  if (exists (p, ASSAY_DECISION_P))
    {
      assay_prose_add (text, " (p = ");
      assay_prose_add_number (text, cite (p, ASSAY_DECISION_P, ASSAY_NUMBER_SIGNIFICANT, 3));
      assay_prose_add (text, ")");
    }
  assay_prose_add (text, ". What was claimed and what was measured differ by at most ");
  assay_prose_add_number (text, cite (p, ASSAY_DECISION_GAP, ASSAY_NUMBER_SIGNIFICANT, 2));
  assay_prose_add (text, ".");
  assay_section_add_paragraph (p->all->section, text);
}

static void
withhold (const Packet *p, const char *why)
{
  AssayProse *text = assay_prose_new ();

  assay_prose_add_format (text, "Contributions and reasons for %s are withheld: %s.", p->name, why);
  assay_section_add_callout (p->all->section, ASSAY_CALLOUT_WARNING, text);
  assay_report_add_not_done (p->all->report, "reasons for a decision", why, p->all->answer->command);
}

static void
tell_reasons (const Packet *p)
{
  if (!has_converged (p))
    withhold (p, "they do not add up to the change of the margin; --gradients allows more");
  else if (!is_faithful (p))
    withhold (p, "deleting columns in their order changes the margin less than random orders do");
  else
    {
      const AssayResultTable *table = add_contributions (p);

      if (assay_result_table_get_n_rows (table) > 0)
        claim_reason (p, table);
      tell_contributions (p, table);
    }
  tell_fidelity (p);
}

/* --- flips -------------------------------------------------------------------------------------------------------------------------------- */

static void
append_flip (json_t *list, const json_t *column, const json_t *flip)
{
  json_t *entry;

  if (!json_is_object (flip))
    return;
  entry = json_copy ((json_t *) flip);
  json_object_set (entry, "column", json_object_get (column, "column"));
  json_object_set (entry, "from", json_object_get (column, "value"));
  json_array_append_new (list, entry);
}

static json_t *
list_flips (const Packet *p)
{
  json_t *list = json_array (), *column, *level;
  gsize k, l;

  json_array_foreach (assay_columns_find (p->packet, "flips.columns"), k, column)
    {
      append_flip (list, column, json_object_get (column, "down"));
      append_flip (list, column, json_object_get (column, "up"));
      json_array_foreach (json_object_get (column, "levels"), l, level)
        append_flip (list, column, level);
    }
  return list;
}

static void
tell_flip_table (const Packet *p, const json_t *items)
{
  static const AssayShownColumn columns[] = {
    { 0, NULL, ASSAY_NUMBER_COUNT, 0 }, { 1, NULL, ASSAY_NUMBER_COUNT, 0 }, { 2, NULL, ASSAY_NUMBER_COUNT, 0 }, { 3, NULL, ASSAY_NUMBER_COUNT, 0 },
    { 4, NULL, ASSAY_NUMBER_DECIMALS, 3 }, { 5, NULL, ASSAY_NUMBER_COUNT, 0 },
  };
  AssayResultSource source = assay_report_answer_as_source (p->all->answer, "predictions with one column changed");
  g_autofree char *path = g_strconcat (p->id, "/flips", NULL), *id = g_strconcat (p->id, "/flips-table", NULL);
  AssayResultTable *table = assay_results_add_table (p->all->report->document->results, path, "single changes that decide otherwise",
                                                     (gint64) json_array_size (items), &source);
  AssayProse *caption = assay_prose_new ();

  assay_columns_add_texts (table, &(AssayResultColumn) { "column", "column", NULL, NULL }, items, "column");
  assay_columns_add_texts (table, &(AssayResultColumn) { "from", "from", NULL, NULL }, items, "from");
  assay_columns_add_texts (table, &(AssayResultColumn) { "to", "to", NULL, NULL }, items, "value");
  assay_columns_add_texts (table, &(AssayResultColumn) { "then", "then decided", NULL, NULL }, items, "class");
  assay_columns_add_numbers (table, &(AssayResultColumn) { "probability", "probability", NULL, NULL }, items, "probability");
  assay_columns_add_counts (table, &(AssayResultColumn) { "people", "training examples that have it", NULL, NULL }, items, "people");
  assay_prose_add_format (caption, "Single changes that would decide otherwise about %s: of a number the nearest value on either side, of levels each", p->name);
  assay_section_add_result_table (p->all->section, id, caption, table, columns, G_N_ELEMENTS (columns));
}

static void
tell_flips (const Packet *p)
{
  const char *not_applicable = assay_json_get_text (json_object_get (p->packet, "flips"), "not_applicable");
  AssayProse *sentence;
  AssayClaim *claim;
  json_t *items;

  if (!exists (p, ASSAY_DECISION_TRIED))
    {
      AssayProse *text = assay_prose_new ();

      assay_prose_add_format (text, "Single changes were not tried: %s.", not_applicable);
      assay_section_add_paragraph (p->all->section, text);
      return;
    }
  sentence = assay_prose_new ();
  assay_prose_add_format (sentence, "For %s, ", p->name);
  assay_prose_add_number (sentence, cite (p, ASSAY_DECISION_FLIPPING, ASSAY_NUMBER_COUNT, 0));
  assay_prose_add (sentence, " of ");
  assay_prose_add_number (sentence, cite (p, ASSAY_DECISION_TRIED, ASSAY_NUMBER_COUNT, 0));
  assay_prose_add (sentence, " columns would alone decide otherwise, by a value that a training example has.");
  claim = new_claim (p, "flips", ASSAY_CLAIM_PLAIN, sentence);
  claim->value = cite (p, ASSAY_DECISION_FLIPPING, ASSAY_NUMBER_COUNT, 0);
  claim->unit = g_strdup (value_of (p, ASSAY_DECISION_FLIPPING) == 1 ? "column" : "columns");
  claim->n = (gint64) value_of (p, ASSAY_DECISION_TRIED);
  claim->reason = g_strdup ("no interval: every observed value of each column was tried");
  claim->method = g_strdup ("predictions with one column changed");
  assay_section_add_claim (p->all->section, claim);
  items = list_flips (p);
  if (json_array_size (items) > 0)
    tell_flip_table (p, items);
  json_decref (items);
}

/* --- training evidence -------------------------------------------------------------------------------------------------------------------- */

/* Whose records they are, for readers who may know. */
static void
tell_neighbours (const Packet *p)
{
  const json_t *items = assay_columns_find (p->packet, "nearest.neighbours");
  AssayResultSource source = assay_report_answer_as_source (p->all->answer, "distances");
  g_autofree char *path = g_strconcat (p->id, "/nearest", NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free), outcomes = g_ptr_array_new_with_free_func (g_free);
  AssayResultTable *table;
  gsize k;
  json_t *item;

  json_array_foreach (items, k, item)
    {
      g_ptr_array_add (names, assay_report_name_example (p->all->report, item));
      g_ptr_array_add (outcomes, assay_decisions_dup_outcome (json_object_get (item, "outcome")));
    }
  g_ptr_array_add (names, NULL);
  g_ptr_array_add (outcomes, NULL);
  table = assay_results_add_table (p->all->report->document->results, path, "training examples most alike", (gint64) json_array_size (items), &source);
  assay_result_table_add_texts (table, &(AssayResultColumn) { "example", "training example", NULL, NULL }, (const char *const *) names->pdata);
  assay_columns_add_numbers (table, &(AssayResultColumn) { "distance", "distance", NULL, NULL }, items, "distance");
  assay_result_table_add_texts (table, &(AssayResultColumn) { "outcome", "outcome", NULL, NULL }, (const char *const *) outcomes->pdata);
  assay_section_add_result_table (p->all->section, path, assay_prose_new_plain ("The training examples most alike"), table,
                                  (const AssayShownColumn[]) { { 0, NULL, ASSAY_NUMBER_COUNT, 0 }, { 1, NULL, ASSAY_NUMBER_DECIMALS, 3 },
                                                               { 2, NULL, ASSAY_NUMBER_COUNT, 0 } }, 3);
}

static void
tell_evidence (const Packet *p)
{
  gsize influence = json_array_size (json_object_get (p->packet, "influence"));
  AssayProse *text;

  if (!exists (p, ASSAY_DECISION_NEAREST))
    return;
  text = assay_prose_new_plain ("Training evidence: of the ");
  assay_prose_add_number (text, cite (p, ASSAY_DECISION_NEAREST, ASSAY_NUMBER_COUNT, 0));
  assay_prose_add_format (text, " training examples most alike (%s), ", assay_json_get_text (json_object_get (p->packet, "nearest"), "distance"));
  if (exists (p, ASSAY_DECISION_SAME_OUTCOME))
    {
      assay_prose_add_number (text, cite (p, ASSAY_DECISION_SAME_OUTCOME, ASSAY_NUMBER_COUNT, 0));
      assay_prose_add (text, " have the outcome that was decided; ");
    }
  assay_prose_add_number (text, cite (p, ASSAY_DECISION_IDENTICAL, ASSAY_NUMBER_COUNT, 0));
  assay_prose_add (text, " of the training split cannot be told from this one by the model.");
  if (influence > 0)
    assay_prose_add (text, " Influence scores on this decision stand in the section on attribution.");
  assay_section_add_paragraph (p->all->section, text);
  if (p->all->report->audience == ASSAY_AUDIENCE_INTERNAL && json_array_size (assay_columns_find (p->packet, "nearest.neighbours")) > 0)
    tell_neighbours (p);
}

void
assay_decisions_tell (const AssayDecisions *decisions, gsize k)
{
  g_autofree char *id = g_strdup_printf ("%s/person-%" G_GSIZE_FORMAT, decisions->id, k + 1);
  const json_t *packet = json_array_get (json_object_get (decisions->answer->document, "packets"), k);
  const Packet p = { decisions, packet, (gint64) k, id, assay_result_table_get_texts (decisions->people, ASSAY_DECISION_PERSON)[k],
                     json_is_string (assay_columns_find (packet, "decision.class")) };

  assay_section_add_heading (decisions->section, p.name);
  tell_decision (&p);
  tell_reasons (&p);
  tell_flips (&p);
  tell_evidence (&p);
}
