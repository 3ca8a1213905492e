/* SPDX-License-Identifier: GPL-3.0-or-later */
/* section_mechanisms.c: what recorded units do: how often they are active, and what the model loses without them beside random others. */
#include "report/columns.h"
#include "report/section.h"

#include "base/json.h"

#include <math.h>

#define UNITS_SHOWN 10

typedef struct {
  AssayReport *report;
  AssaySection *section;
  const AssayReportAnswer *answer;
  const json_t *tap;            /* of the answer */
  char *id;                     /* "units/1" */
  AssayResultTable *table;
} Tap;

enum { UNIT, DENSITY, MEAN, MAX, CHANGE, LO, HI, CONTROL, CONTROL_LO, CONTROL_HI };

/* The first of the answer's ranking: by what their ablation changes, where it was made. */
static json_t *
list_first (const json_t *ranking)
{
  json_t *first = json_array ();

  for (gsize k = 0; k < MIN (json_array_size (ranking), UNITS_SHOWN); k++)
    json_array_append (first, json_array_get (ranking, k));
  return first;
}

static void
add_table (Tap *tap)
{
  static const struct { const char *path; AssayResultColumn about; } numbers[] = {
    [DENSITY] = { "density", { "density", "density", NULL, "share of rows with an activation other than 0" } },
    [MEAN] = { "mean", { "mean", "mean activation", NULL, NULL } },
    [MAX] = { "max", { "max", "largest activation", NULL, NULL } },
    [CHANGE] = { "ablation.loss_change.value", { "loss_change", "change of the loss", "nats", "when the unit is replaced by its mean" } },
    [LO] = { "ablation.loss_change.lo", { "loss_change_lo", "lo", "nats", NULL } },
    [HI] = { "ablation.loss_change.hi", { "loss_change_hi", "hi", "nats", NULL } },
    [CONTROL] = { "ablation.control.loss_change.value", { "control", "control", "nats", "the same for random other units of the tap, in the mean" } },
    [CONTROL_LO] = { "ablation.control.loss_change.lo", { "control_lo", "control lo", "nats", NULL } },
    [CONTROL_HI] = { "ablation.control.loss_change.hi", { "control_hi", "control hi", "nats", NULL } },
  };
  AssayResultSource source = assay_report_answer_as_source (tap->answer, "mean ablation with random units as control");
  json_t *first = list_first (json_object_get (tap->tap, "ranking"));

  tap->table = assay_results_add_table (tap->report->document->results, tap->id, "units", (gint64) json_array_size (first), &source);
  assay_columns_add_counts (tap->table, &(AssayResultColumn) { "unit", "unit", NULL, NULL }, first, "unit");
  for (guint k = DENSITY; k <= CONTROL_HI; k++)
    assay_columns_add_numbers (tap->table, &numbers[k].about, first, numbers[k].path);
  for (gint64 row = 0; row < assay_result_table_get_n_rows (tap->table); row++)
    for (guint k = CHANGE; k <= CONTROL_HI; k++)
      if (isnan (assay_result_table_get_numbers (tap->table, k)[row]))
        assay_result_table_set_reason (tap->table, k, row, "not ablated");
  json_decref (first);
}

static const char *
name_of (const Tap *tap)
{
  return assay_json_get_text (tap->tap, "tap");
}

static void
show_table (const Tap *tap)
{
  static const AssayShownColumn columns[] = {
    { UNIT, NULL, ASSAY_NUMBER_COUNT, 0 }, { DENSITY, NULL, ASSAY_NUMBER_DECIMALS, 3 }, { MEAN, NULL, ASSAY_NUMBER_SIGNIFICANT, 3 },
    { MAX, NULL, ASSAY_NUMBER_SIGNIFICANT, 3 }, { CHANGE, NULL, ASSAY_NUMBER_DECIMALS, 4 }, { LO, NULL, ASSAY_NUMBER_DECIMALS, 4 },
    { HI, NULL, ASSAY_NUMBER_DECIMALS, 4 }, { CONTROL, NULL, ASSAY_NUMBER_DECIMALS, 4 },
  };
  AssayProse *caption = assay_prose_new_plain ("Units of ");

  assay_prose_add_code (caption, name_of (tap));
  assay_prose_add (caption, ": how often they are active, and what the loss changes by when one is replaced by its mean; lo and hi: 95 %");
  assay_section_add_result_table (tap->section, tap->id, caption, tap->table, columns, G_N_ELEMENTS (columns));
}

static AssayNumber
number (const Tap *tap, guint column)
{
  return assay_number_new (tap->table, column, 0, ASSAY_NUMBER_DECIMALS, 4);
}

/* Of the unit that stands first. Without an ablation it says when the unit is active and claims nothing about what it does. */
static void
add_claim (const Tap *tap)
{
  const json_t *ablation = json_object_get (tap->tap, "ablation");
  AssayNumber change = number (tap, CHANGE);
  AssayProse *sentence = assay_prose_new ();
  g_autofree char *id = g_strconcat (tap->id, "/first", NULL);
  AssayClaim *claim;

  assay_prose_add (sentence, assay_number_exists (&change) ? "Replacing unit " : "Unit ");
  assay_prose_add_number (sentence, number (tap, UNIT));
  assay_prose_add (sentence, " of ");
  assay_prose_add_code (sentence, name_of (tap));
  if (assay_number_exists (&change))
    {
      assay_prose_add (sentence, " by its mean changes the mean loss by ");
      assay_prose_add_number (sentence, change);
      assay_prose_add (sentence, " nats; random other units of the tap change it by ");
      assay_prose_add_number (sentence, number (tap, CONTROL));
      assay_prose_add (sentence, " in the mean.");
    }
  else
    {
      assay_prose_add (sentence, " is active in ");
      assay_prose_add_number (sentence, assay_number_new (tap->table, DENSITY, 0, ASSAY_NUMBER_PERCENT, 1));
      assay_prose_add (sentence, " of the recorded rows.");
    }
  claim = assay_claim_new (id, ASSAY_CLAIM_UNIT, ASSAY_CLAIM_MEASURED, sentence);
  claim->is_description = !assay_number_exists (&change);
  if (!claim->is_description)
    {
      claim->value = change;
      claim->lo = number (tap, LO);
      claim->hi = number (tap, HI);
      claim->unit = g_strdup ("nats");
      claim->interval = g_strdup ("95 %, over examples");
      claim->n = json_integer_value (json_object_get (ablation, "examples"));
      claim->check = (AssayClaimCheck) { g_strdup ("control: random other units of the tap, mean change of the loss in nats"), number (tap, CONTROL), NULL, TRUE };
    }
  else
    claim->reason = g_strdup ("the unit was not ablated: assay units with --ablate would");
  claim->seeds = 1;
  claim->method = g_strdup ("mean ablation");
  claim->command = g_strdup (tap->answer->command);
  claim->object = g_strconcat ("units/", assay_json_get_text (tap->tap, "units_object"), NULL);
  assay_section_add_claim (tap->section, claim);
}

static gboolean
write_section (AssayReport *report, AssaySection *section, GError **error)
{
  g_autoptr (GPtrArray) answers = assay_report_source_list (report->source, "units");
  guint n = 0;
  gsize t;
  json_t *item;

  (void) error;
  for (guint k = 0; k < answers->len; k++)
    json_array_foreach (json_object_get (((const AssayReportAnswer *) answers->pdata[k])->document, "taps"), t, item)
      {
        g_autofree char *id = g_strdup_printf ("units/%u", ++n);
        Tap tap = { .report = report, .section = section, .answer = answers->pdata[k], .tap = item, .id = id };

        if (json_array_size (json_object_get (item, "ranking")) == 0)
          continue;
        add_table (&tap);
        add_claim (&tap);
        show_table (&tap);
      }
  if (answers->len == 0)
    assay_report_add_not_done (report, "what units inside the model do", "no recorded units were examined", "assay units CASE");
  return TRUE;
}

ASSAY_SECTION_DEFINE (mechanisms) = { .name = "mechanisms", .title = "What units inside the model do", .write = write_section };
