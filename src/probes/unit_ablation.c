/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unit_ablation.c: which units, which controls, and what the walks over them say. */
#include "probes/unit_ablation.h"

#include "base/error.h"
#include "base/rng.h"
#include "probes/unit_draw.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BUDGET 4e12             /* operations of a tap's ablations where the number of examples is chosen here: about a minute on two cores */
#define LEAST_EXAMPLES 16
#define MOST_EXAMPLES 512

const AssayParam assay_unit_ablation_params[] = {
  { .name = "ablate", .type = ASSAY_PARAM_STRING, .def.s = "top", .metavar = "none|top|all|UNIT,...",
    .help = "units that are replaced by their mean; top: those of each tap whose activations vary most" },
  { .name = "ablate-units", .type = ASSAY_PARAM_INT, .def.i = 8, .min = 1, .max = 1e6, .unit = "units", .help = "how many that are with top" },
  { .name = "ablate-examples", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1e9, .unit = "examples",
    .help = "drawn from the recorded ones; 0: 16 to 512, as many as 4e12 operations for each tap allow" },
  { .name = "controls", .type = ASSAY_PARAM_INT, .def.i = 16, .min = 0, .max = 1e6, .unit = "units", .help = "random other units that are replaced for comparison" },
  { .name = "control-seed", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 9e15, .help = "of those draws and of the examples" },
  { .name = NULL }
};

typedef struct {
  const AssayUnits *units;
  const AssayValues *options;
  gint64 n_controls;
  guint64 seed;
  gboolean all;
  GArray *living, *chosen, *controls;   /* gint64, ascending */
  GArray *together;             /* gint64: n_controls runs of chosen->len */
  GArray *sets;                 /* AssayAblationSet */
  gint64 none;
} Trial;

/* --- what is asked for ----------------------------------------------------------------------------------------------- */

static const char *
get_wanted (const AssayValues *options)
{
  return assay_values_get_string (options, "ablate");
}

gboolean
assay_unit_ablation_is_wanted (const AssayValues *options)
{
  return g_strcmp0 (get_wanted (options), "none") != 0;
}

/* The numbers of "3,17"; NULL where it is something else. */
static GArray *
parse_units (const char *text)
{
  g_autoptr (GArray) units = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_auto (GStrv) words = g_strsplit (text, ",", -1);

  for (char **word = words; *word != NULL; word++)
    {
      gint64 unit;

      if (!g_ascii_string_to_signed (g_strstrip (*word), 10, 0, G_MAXINT64, &unit, NULL))
        return NULL;
      g_array_append_val (units, unit);
    }
  return units->len > 0 ? g_steal_pointer (&units) : NULL;
}

gboolean
assay_unit_ablation_check (const AssayValues *options, const char *tap, gint64 C, GError **error)
{
  const char *wanted = get_wanted (options);
  g_autoptr (GArray) units = NULL;

  if (strcmp (wanted, "none") == 0 || strcmp (wanted, "top") == 0 || strcmp (wanted, "all") == 0)
    return TRUE;
  units = parse_units (wanted);
  if (units == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "--ablate: none, top, all or numbers of units such as 3,17 expected, \"%s\" found", wanted);
      return FALSE;
    }
  for (guint k = 0; k < units->len; k++)
    if (g_array_index (units, gint64, k) >= C)
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "--ablate: tap %s has units 0 to %" G_GINT64_FORMAT ", %" G_GINT64_FORMAT " asked for", tap,
                     C - 1, g_array_index (units, gint64, k));
        return FALSE;
      }
  return TRUE;
}

static double
flops_of_example (AssayModel *model)
{
  g_autoptr (AssayPlan) plan = assay_plan_new (assay_model_get_layout (model), ASSAY_WALK_FORWARD, assay_model_get_dtype (model), NULL);

  return assay_plan_get_cost (plan, FALSE).flops;
}

static gint64
choose_n_examples (AssayModel *model, const AssayValues *options, gint64 n_recorded, gint64 n_sets)
{
  gint64 given = assay_values_get_int (options, "ablate-examples");

  if (given == 0)
    given = (gint64) CLAMP (BUDGET / (flops_of_example (model) * (double) n_sets), LEAST_EXAMPLES, MOST_EXAMPLES);
  return MIN (given, n_recorded);
}

/* Of A chosen units: the model as it is, each, their controls, all together and the sets beside that. */
static gint64
count_sets (const AssayValues *options, gint64 A, gboolean all)
{
  gint64 controls = assay_values_get_int (options, "controls");

  return 1 + A + (all ? 0 : controls + (A > 1 ? 1 + controls : 0));
}

AssayUnitAblationCost
assay_unit_ablation_measure (AssayModel *model, const AssayValues *options, gint64 n_recorded, gint64 C)
{
  const char *wanted = get_wanted (options);
  g_autoptr (GArray) units = parse_units (wanted);
  gboolean all = strcmp (wanted, "all") == 0;
  gint64 A = all ? C : units ? units->len : MIN (assay_values_get_int (options, "ablate-units"), C);
  AssayUnitAblationCost cost = { .n_sets = 0 };

  if (!assay_unit_ablation_is_wanted (options))
    return cost;
  cost.n_sets = MIN (count_sets (options, A, all), 2 * C + 2);
  cost.N = choose_n_examples (model, options, n_recorded, count_sets (options, A, all));
  cost.flops = (double) cost.n_sets * (double) cost.N * flops_of_example (model);
  return cost;
}

/* --- drawing --------------------------------------------------------------------------------------------------------- */

static int
ascending (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return x < y ? -1 : x > y;
}

static gboolean
holds (const GArray *list, gint64 unit)
{
  return bsearch (&unit, list->data, list->len, sizeof unit, ascending) != NULL;
}

static int
by_variance (gconstpointer a, gconstpointer b, gpointer data)
{
  const AssayUnits *units = data;
  double x = units->unit[*(const gint64 *) a].s.variance, y = units->unit[*(const gint64 *) b].s.variance;

  return x != y ? (x > y ? -1 : 1) : ascending (a, b);
}

static void
choose (Trial *trial)
{
  const char *wanted = get_wanted (trial->options);

  trial->living = g_array_new (FALSE, FALSE, sizeof (gint64));
  for (gint64 u = 0; u < trial->units->C; u++)
    if (!assay_unit_is_dead (&trial->units->unit[u]) && !assay_unit_is_constant (&trial->units->unit[u]))
      g_array_append_val (trial->living, u);
  trial->all = strcmp (wanted, "all") == 0;
  trial->chosen = parse_units (wanted);
  if (trial->chosen == NULL)
    {
      trial->chosen = g_array_copy (trial->living);
      g_array_sort_with_data (trial->chosen, by_variance, (gpointer) trial->units);
      if (!trial->all)
        g_array_set_size (trial->chosen, MIN (trial->chosen->len, (guint) assay_values_get_int (trial->options, "ablate-units")));
    }
  g_array_sort (trial->chosen, ascending);
  for (guint k = 1; k < trial->chosen->len;)                      /* numbers may have been given twice */
    if (g_array_index (trial->chosen, gint64, k) == g_array_index (trial->chosen, gint64, k - 1))
      g_array_remove_index (trial->chosen, k);
    else
      k++;
}

/* n of the living units that are not in `without`, ascending; fewer where there are no more. */
static GArray *
draw_others (const Trial *trial, const GArray *without, gint64 n, const char *purpose, guint64 index)
{
  g_autofree char *stream = g_strconcat (purpose, " ", trial->units->tap, NULL);
  AssayRng rng = assay_rng_new (trial->seed, assay_rng_stream (stream, index));
  GArray *others = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (guint k = 0; k < trial->living->len; k++)
    if (!holds (without, g_array_index (trial->living, gint64, k)))
      g_array_append_vals (others, &g_array_index (trial->living, gint64, k), 1);
  assay_rng_shuffle (&rng, (gint64 *) others->data, others->len);
  g_array_set_size (others, (guint) MIN ((gint64) others->len, n));
  g_array_sort (others, ascending);
  return others;
}

static void
add_set (Trial *trial, const gint64 *unit, gint64 n)
{
  const AssayAblationSet set = { unit, n };

  g_array_append_val (trial->sets, set);
}

/* Returns why the chosen cannot be compared together, or NULL. */
static const char *
draw_together (Trial *trial)
{
  gint64 A = trial->chosen->len;

  trial->together = g_array_new (FALSE, FALSE, sizeof (gint64));
  if (trial->all)
    return "all units are ablated: no other set of as many is left";
  if (A < 2)
    return "one unit alone";
  for (gint64 k = 0; k < trial->n_controls; k++)
    {
      g_autoptr (GArray) others = draw_others (trial, trial->chosen, A, "unit.together", (guint64) k);

      if ((gint64) others->len < A)
        return "fewer units than that are left for a set to compare with";
      g_array_append_vals (trial->together, others->data, others->len);
    }
  return NULL;
}

static void
list_sets (Trial *trial, gboolean together)
{
  trial->sets = g_array_new (FALSE, FALSE, sizeof (AssayAblationSet));
  add_set (trial, &trial->none, 0);
  for (guint k = 0; k < trial->chosen->len; k++)
    add_set (trial, &g_array_index (trial->chosen, gint64, k), 1);
  for (guint k = 0; k < trial->controls->len; k++)
    add_set (trial, &g_array_index (trial->controls, gint64, k), 1);
  if (!together)
    return;
  add_set (trial, (const gint64 *) trial->chosen->data, trial->chosen->len);
  for (guint k = 0; k < trial->together->len; k += trial->chosen->len)
    add_set (trial, &g_array_index (trial->together, gint64, k), trial->chosen->len);
}

static void
trial_clear (Trial *trial)
{
  g_clear_pointer (&trial->living, g_array_unref);
  g_clear_pointer (&trial->chosen, g_array_unref);
  g_clear_pointer (&trial->controls, g_array_unref);
  g_clear_pointer (&trial->together, g_array_unref);
  g_clear_pointer (&trial->sets, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Trial, trial_clear)

typedef struct { guint64 priority; gint64 example; } Ticket;

static int
by_priority (gconstpointer a, gconstpointer b)
{
  const Ticket *x = a, *y = b;

  return x->priority != y->priority ? (x->priority < y->priority ? -1 : 1) : ascending (&x->example, &y->example);
}

/* n of them, ascending. */
static GArray *
draw_examples (const gint64 *examples, gint64 N, gint64 n, guint64 seed)
{
  g_autofree Ticket *ticket = g_new (Ticket, N);
  GArray *drawn = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (gint64 i = 0; i < N; i++)
    ticket[i] = (Ticket) { assay_unit_draw_priority (seed, examples[i], -1), examples[i] };
  qsort (ticket, (gsize) N, sizeof *ticket, by_priority);
  for (gint64 i = 0; i < n; i++)
    g_array_append_val (drawn, ticket[i].example);
  g_array_sort (drawn, ascending);
  return drawn;
}

/* --- what came out --------------------------------------------------------------------------------------------------- */

static AssayUnitAblated
compare (const AssayAblations *out, gint64 unit, gint64 set, const gint64 *controls, gint64 n)
{
  const double level = ASSAY_UNIT_ABLATION_LEVEL;
  AssayUnitAblated a = { .unit = unit, .n_controls = n, .control_least = (double) NAN, .control_most = (double) NAN, .p = (double) NAN };

  a.loss = assay_ablations_change (out, ASSAY_ABLATION_LOSS, 0, &set, 1, level);
  a.logit = assay_ablations_change (out, ASSAY_ABLATION_LOGIT, 0, &set, 1, level);
  a.accuracy = assay_ablations_change (out, ASSAY_ABLATION_ACCURACY, 0, &set, 1, level);
  a.control_loss = assay_ablations_change (out, ASSAY_ABLATION_LOSS, 0, controls, n, level);
  a.control_logit = assay_ablations_change (out, ASSAY_ABLATION_LOGIT, 0, controls, n, level);
  a.control_accuracy = assay_ablations_change (out, ASSAY_ABLATION_ACCURACY, 0, controls, n, level);
  for (gint64 k = 0; k < n; k++)
    {
      double change = assay_ablations_change (out, ASSAY_ABLATION_LOSS, 0, &controls[k], 1, level).value;

      a.control_least = k == 0 ? change : fmin (a.control_least, change);
      a.control_most = k == 0 ? change : fmax (a.control_most, change);
      a.n_as_much += fabs (change) >= fabs (a.loss.value);
    }
  if (n > 0)
    a.p = (double) (a.n_as_much + 1) / (double) (n + 1);
  return a;
}

/* Set numbers of the units of a list, which are the singles from `first` on in the order of `of`. */
static GArray *
sets_of (const GArray *units, const GArray *of, gint64 first)
{
  GArray *sets = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (guint k = 0; k < units->len; k++)
    {
      const gint64 *at = bsearch (&g_array_index (units, gint64, k), of->data, of->len, sizeof (gint64), ascending);
      gint64 set = first + (at - (const gint64 *) of->data);

      g_array_append_val (sets, set);
    }
  return sets;
}

static void
compare_chosen (const Trial *trial, const AssayAblations *out, AssayUnitAblations *result)
{
  g_autoptr (GArray) shared = sets_of (trial->controls, trial->controls, 1 + trial->chosen->len);

  for (guint k = 0; k < trial->chosen->len; k++)
    {
      gint64 unit = g_array_index (trial->chosen, gint64, k);
      g_autoptr (GArray) self = g_array_new (FALSE, FALSE, sizeof (gint64)), others = NULL, sets = NULL;
      AssayUnitAblated a;

      g_array_append_val (self, unit);
      if (trial->all)
        {
          others = draw_others (trial, self, trial->n_controls, "unit.control", (guint64) unit);
          sets = sets_of (others, trial->chosen, 1);
        }
      else
        sets = g_array_ref (shared);
      a = compare (out, unit, 1 + k, (const gint64 *) sets->data, sets->len);
      g_array_append_val (result->ablated, a);
    }
}

static void
compare_together (const Trial *trial, const AssayAblations *out, AssayUnitAblations *result)
{
  gint64 set = 1 + (gint64) trial->chosen->len + (gint64) trial->controls->len;
  g_autofree gint64 *controls = g_new (gint64, trial->n_controls);

  for (gint64 k = 0; k < trial->n_controls; k++)
    controls[k] = set + 1 + k;
  result->has_together = TRUE;
  result->together = compare (out, -1, set, controls, trial->n_controls);
}

static void
describe_model (const AssayAblations *out, AssayUnitAblations *result)
{
  gint64 right = 0;

  for (gint64 i = 0; i < out->N; i++)
    {
      result->loss += out->loss[i] / (double) out->N;
      result->n_predictions += out->predictions[i];
      right += out->right ? out->right[i] : 0;
    }
  result->accuracy = out->right && result->n_predictions > 0 ? (double) right / (double) result->n_predictions : (double) NAN;
}

AssayUnitAblations *
assay_unit_ablation_run (const AssayUnits *units, const AssayAblation *spec, const AssayValues *options, AssayProgress *progress, GError **error)
{
  g_auto (Trial) trial = { .units = units, .options = options, .n_controls = assay_values_get_int (options, "controls"),
                           .seed = (guint64) assay_values_get_int (options, "control-seed") };
  g_autofree double *mean = g_new (double, units->C);
  g_autoptr (GArray) examples = NULL;
  g_autoptr (AssayAblations) out = NULL;
  AssayAblation ablation = *spec;
  AssayUnitAblations *result;
  const char *missing;

  choose (&trial);
  trial.controls = draw_others (&trial, trial.chosen, trial.all ? 0 : trial.n_controls, "unit.control", 0);
  missing = draw_together (&trial);
  list_sets (&trial, missing == NULL);
  examples = draw_examples (spec->examples, spec->N, choose_n_examples (spec->model, options, spec->N, count_sets (options, trial.chosen->len, trial.all)),
                            trial.seed);
  for (gint64 u = 0; u < units->C; u++)
    mean[u] = units->unit[u].s.mean;
  ablation.examples = (const gint64 *) examples->data;
  ablation.N = examples->len;
  ablation.tap = units->tap;
  ablation.replacement = mean;
  ablation.C = units->C;
  out = assay_ablate (&ablation, (const AssayAblationSet *) trial.sets->data, trial.sets->len, progress, error);
  if (out == NULL)
    return NULL;
  result = g_new0 (AssayUnitAblations, 1);
  result->N = out->N;
  result->n_recorded = spec->N;
  result->controls = g_array_ref (trial.controls);
  result->ablated = g_array_new (FALSE, FALSE, sizeof (AssayUnitAblated));
  result->together_missing = g_strdup (missing);
  describe_model (out, result);
  compare_chosen (&trial, out, result);
  if (missing == NULL)
    compare_together (&trial, out, result);
  return result;
}

void
assay_unit_ablations_free (AssayUnitAblations *ablations)
{
  if (ablations == NULL)
    return;
  g_array_unref (ablations->controls);
  g_array_unref (ablations->ablated);
  g_free (ablations->together_missing);
  g_free (ablations);
}

const AssayUnitAblated *
assay_unit_ablations_find (const AssayUnitAblations *ablations, gint64 unit)
{
  for (guint k = 0; ablations != NULL && k < ablations->ablated->len; k++)
    if (g_array_index (ablations->ablated, AssayUnitAblated, k).unit == unit)
      return &g_array_index (ablations->ablated, AssayUnitAblated, k);
  return NULL;
}
