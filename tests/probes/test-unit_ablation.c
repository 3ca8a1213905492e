/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-unit_ablation.c: the one unit that matters is found beside random others; what is kept of a tap comes back bit for bit. */
#include "../run/fixtures.h"
#include "recordings.h"

#include "probes/units_store.h"
#include "run/record.h"

#include <math.h>

#define HIDDEN 8

static double *
find_param (Fixture *f, const char *name)
{
  AssayGraph *layout = assay_model_get_layout (f->model);

  return (double *) assay_model_get_theta (f->model) + assay_graph_get_value (layout, assay_graph_find (layout, name))->offset;
}

static AssayValues *
values_of (const AssayParam *table, const char *text)
{
  json_t *json = json_loads (text, 0, NULL);
  GError *error = NULL;
  AssayValues *values = assay_values_from_json (table, json, "options", &error);

  g_assert_no_error (error);
  json_decref (json);
  return values;
}

/* Only unit 3 writes; unit 6 is dead, unit 7 constant. */
static Fixture *
plant (void)
{
  Fixture *f = fixture_mlp ("{\"dtype\": \"f64\"}", 1);

  for (guint u = 0; u < HIDDEN; u++)
    for (guint v = 0; v < 3; v++)
      find_param (f, "fc2.weight")[v * HIDDEN + u] = u == 3 ? 2 * (double) v - 2 : 0;
  for (guint u = 6; u < HIDDEN; u++)
    for (guint d = 0; d < 6; d++)
      find_param (f, "fc1.weight")[u * 6 + d] = 0;
  find_param (f, "fc1.bias")[6] = 0;
  find_param (f, "fc1.bias")[7] = 1;
  return f;
}

static AssayUnits *
measure (Fixture *f, AssayCase *cas)
{
  g_autoptr (AssayValues) recorded = values_of (assay_record_params, "{\"taps\": [\"act1\"], \"type\": \"f64\"}");
  g_autoptr (AssayValues) options = values_of (assay_units_params, "{\"top\": 5, \"similar\": 0.5}");
  const AssayRecording recording = { .model = f->model, .dataset = f->dataset, .examples = f->training.train, .N = f->training.N, .options = recorded,
                                     .backend = f->backend, .store = cas, .name = "rec" };
  GError *error = NULL;
  g_autoptr (AssayObject) object = assay_record_activations (&recording, NULL, &error);
  g_autoptr (AssayReader) reader = object ? assay_reader_new (cas, object, &error) : NULL;
  AssayUnits *units = reader ? assay_units_measure (reader, "act1", options, ASSAY_UNITS_MEMORY, NULL, NULL, &error) : NULL;

  g_assert_no_error (error);
  return units;
}

static AssayUnitAblations *
ablate (Fixture *f, AssayCase *cas, const AssayUnits *units, const char *options_text)
{
  g_autoptr (AssayValues) options = values_of (assay_unit_ablation_params, options_text);
  const AssayAblation spec = { .model = f->model, .dataset = f->dataset, .examples = f->training.train, .N = f->training.N, .backend = f->backend,
                               .store = cas, .name = "rec/act1" };
  GError *error = NULL;
  AssayUnitAblations *a = assay_unit_ablation_run (units, &spec, options, NULL, &error);

  g_assert_no_error (error);
  return a;
}

/* The planted unit changes the loss; nobody else does, by not one bit. */
static void
test_planted (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = new_case (room);
  g_autoptr (Fixture) f = plant ();
  g_autoptr (AssayUnits) units = measure (f, cas);
  g_autoptr (AssayUnitAblations) named = ablate (f, cas, units, "{\"ablate\": \"3\", \"controls\": 16}");
  g_autoptr (AssayUnitAblations) all = ablate (f, cas, units, "{\"ablate\": \"all\", \"controls\": 3}");
  const AssayUnitAblated *a = assay_unit_ablations_find (named, 3);

  (void) unused;
  g_assert_true (assay_unit_is_dead (&units->unit[6]) && assay_unit_is_constant (&units->unit[7]));
  g_assert_cmpuint (named->ablated->len, ==, 1);
  g_assert_cmpuint (named->controls->len, ==, 5);                 /* 0 1 2 4 5: there are no more that live */
  g_assert_cmpfloat (fabs (a->loss.value), >, 0.01);
  g_assert_cmpint (a->n_controls, ==, 5);
  g_assert_cmpint (a->n_as_much, ==, 0);
  g_assert_cmpfloat (a->p, ==, 1.0 / 6);
  g_assert_true (a->control_loss.value == 0 && a->control_least == 0 && a->control_most == 0);
  g_assert_false (named->has_together);
  g_assert_cmpint (named->N, ==, f->training.N);
  g_assert_cmpuint (all->ablated->len, ==, 6);
  for (gint64 u = 0; u < HIDDEN; u++)
    {
      a = assay_unit_ablations_find (all, u);
      g_assert_cmpint (a != NULL, ==, u < 6);
      if (a == NULL)
        continue;
      g_assert_cmpint (a->n_controls, ==, 3);
      g_assert_true (u == 3 ? a->loss.value == assay_unit_ablations_find (named, 3)->loss.value : a->loss.value == 0);
    }
  g_assert_nonnull (all->together_missing);
}

/* The units that vary most, beside others, alone and together; the same whatever was asked before. */
static void
test_top (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = new_case (room);
  g_autoptr (Fixture) f = fixture_mlp ("{\"dtype\": \"f64\"}", 1);
  g_autoptr (AssayUnits) units = measure (f, cas);
  const char *options = "{\"ablate\": \"top\", \"ablate-units\": 3, \"controls\": 4, \"ablate-examples\": 20, \"control-seed\": 5}";
  g_autoptr (AssayUnitAblations) first = ablate (f, cas, units, options), second = NULL, other = NULL;
  double least = G_MAXDOUBLE;

  (void) unused;
  g_assert_cmpuint (first->ablated->len, ==, 3);
  g_assert_cmpuint (first->controls->len, ==, 4);
  g_assert_cmpint (first->N, ==, 20);
  g_assert_cmpint (first->n_recorded, ==, f->training.N);
  for (guint k = 0; k < 3; k++)
    least = MIN (least, units->unit[g_array_index (first->ablated, AssayUnitAblated, k).unit].s.variance);
  for (gint64 u = 0; u < HIDDEN; u++)
    if (assay_unit_ablations_find (first, u) == NULL)
      g_assert_cmpfloat (units->unit[u].s.variance, <=, least);
  for (guint k = 0; k < first->controls->len; k++)
    g_assert_null (assay_unit_ablations_find (first, g_array_index (first->controls, gint64, k)));
  g_assert_true (first->has_together);
  g_assert_cmpint (first->together.unit, ==, -1);
  g_assert_cmpint (first->together.n_controls, ==, 4);
  other = ablate (f, cas, units, "{\"ablate\": \"all\"}");
  second = ablate (f, NULL, units, options);
  g_assert_cmpmem (&first->together, sizeof first->together, &second->together, sizeof second->together);
  for (guint k = 0; k < 3; k++)
    g_assert_cmpmem (&g_array_index (first->ablated, AssayUnitAblated, k), sizeof (AssayUnitAblated), &g_array_index (second->ablated, AssayUnitAblated, k),
                     sizeof (AssayUnitAblated));
}

static void
test_wanted (void)
{
  static const struct { const char *ablate, *text; } trials[] = {
    { "none", NULL }, { "top", NULL }, { "all", NULL }, { "0,7", NULL }, { " 3 , 4", NULL }, { "8", "units 0 to 7" }, { "tops", "none, top, all or numbers" },
    { "", "none, top, all" }, { "3,", "none, top, all" }, { "-1", "none, top, all" } };

  for (guint k = 0; k < G_N_ELEMENTS (trials); k++)
    {
      g_autoptr (AssayValues) options = assay_values_new (assay_unit_ablation_params);
      g_autoptr (GError) error = NULL;

      g_assert_true (assay_values_set_text (options, "ablate", trials[k].ablate, NULL));
      g_assert_cmpint (assay_unit_ablation_check (options, "act1", HIDDEN, &error), ==, trials[k].text == NULL);
      if (trials[k].text != NULL)
        expect_error (&error, ASSAY_ERROR_USAGE, trials[k].text, "--ablate");
    }
}

/* --- kept -------------------------------------------------------------------------------------------------------------- */

static void
assert_side (const AssayUnitEffects *a, const AssayUnitEffects *b)
{
  g_assert_cmpint (a->kind, ==, b->kind);
  g_assert_cmpstr (a->reason, ==, b->reason);
  g_assert_cmpstr (a->through, ==, b->through);
  g_assert_cmpstr (a->of, ==, b->of);
  g_assert_cmpint (a->n, ==, b->n);
  g_assert_cmpuint (a->k, ==, b->k);
  for (gint64 u = 0; a->kind != ASSAY_SIDE_MISSING && u < a->C; u++)
    {
      g_assert_cmpuint (a->n_positive[u], ==, b->n_positive[u]);
      g_assert_cmpuint (a->n_negative[u], ==, b->n_negative[u]);
      for (guint k = 0; k < a->n_positive[u]; k++)
        g_assert_true (a->positive[u * a->k + k].index == b->positive[u * a->k + k].index && a->positive[u * a->k + k].weight == b->positive[u * a->k + k].weight);
      for (guint k = 0; k < a->n_negative[u]; k++)
        g_assert_true (a->negative[u * a->k + k].index == b->negative[u * a->k + k].index && a->negative[u * a->k + k].weight == b->negative[u * a->k + k].weight);
    }
}

static void
test_store (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = new_case (room);
  g_autoptr (Fixture) f = plant ();
  g_autoptr (AssayTapUnits) tap = assay_tap_units_new (), back = NULL;
  g_autoptr (AssayUnitDirections) d = assay_unit_directions_new (f->model, "act1", NULL);
  g_autoptr (AssayObject) object = NULL;
  GError *error = NULL;

  (void) unused;
  tap->units = measure (f, cas);
  tap->side[ASSAY_TAP_READS] = assay_unit_effects_find (d, &d->reads[0], 3, NULL, NULL, &error);
  tap->side[ASSAY_TAP_WRITES] = assay_unit_effects_find (d, &d->writes, 2, NULL, NULL, &error);
  tap->ablations = ablate (f, cas, tap->units, "{\"ablate\": \"2,3\", \"controls\": 2}");
  object = assay_tap_units_save (tap, cas, "units", "rec/act1", NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (object->rows, ==, HIDDEN);
  back = assay_tap_units_load (cas, object, &error);
  g_assert_no_error (error);
  assert_same (back->units, tap->units);
  g_assert_cmpint (back->units->type, ==, ASSAY_STORE_F64);
  assert_side (back->side[ASSAY_TAP_READS], tap->side[ASSAY_TAP_READS]);
  g_assert_null (back->side[ASSAY_TAP_READS_2]);
  assert_side (back->side[ASSAY_TAP_WRITES], tap->side[ASSAY_TAP_WRITES]);
  g_assert_cmpuint (back->ablations->ablated->len, ==, 2);
  g_assert_cmpmem (back->ablations->ablated->data, 2 * sizeof (AssayUnitAblated), tap->ablations->ablated->data, 2 * sizeof (AssayUnitAblated));
  g_assert_cmpmem (&back->ablations->together, sizeof (AssayUnitAblated), &tap->ablations->together, sizeof (AssayUnitAblated));
  g_assert_cmpuint (back->ablations->controls->len, ==, 2);
  g_assert_cmpfloat (back->ablations->loss, ==, tap->ablations->loss);
}

/* Metadata that do not fit the arrays, or say nonsense, are damage and no crash. */
static void
test_damaged (Room *room, gconstpointer unused)
{
  static const struct { const char *key; gint64 value; } wrong[] = { { "count", 9 }, { "count", -1 }, { "rows", 0 }, { "bands", 99 }, { "top", 6 } };
  g_autoptr (AssayCase) cas = new_case (room);
  g_autoptr (Fixture) f = plant ();
  g_autoptr (AssayTapUnits) tap = assay_tap_units_new ();
  g_autoptr (AssayObject) object = NULL;
  GError *error = NULL;

  (void) unused;
  tap->units = measure (f, cas);
  object = assay_tap_units_save (tap, cas, "units", "rec/act1", NULL, &error);
  g_assert_no_error (error);
  for (guint k = 0; k < G_N_ELEMENTS (wrong); k++)
    {
      json_t *said = json_object_get (object->meta, "units"), *before = json_incref (json_object_get (said, wrong[k].key));

      json_object_set_new (said, wrong[k].key, json_integer (wrong[k].value));
      g_assert_null (assay_tap_units_load (cas, object, &error));
      g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_DAMAGED);
      g_clear_error (&error);
      json_object_set_new (said, wrong[k].key, before);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/unit ablation/the one unit that writes is found, and the others change no bit", test_planted);
  ADD ("/unit ablation/those that vary most are compared with others, alone and together", test_top);
  g_test_add_func ("/unit ablation/what is to be ablated is understood or refused", test_wanted);
  ADD ("/unit ablation/everything about a tap is kept and comes back", test_store);
  ADD ("/unit ablation/an object that is not what it says is damaged", test_damaged);
  return g_test_run ();
}
