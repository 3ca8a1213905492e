/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cot_document.c: records and calibrations as JSON. Use and disclosure are two members that never meet. */
#include "job/cot_document.h"

#include "base/json.h"
#include "stats/estimate.h"

#include <math.h>
#include <string.h>

#define M ASSAY_ORGANISM_N_MODES

static json_t *
bounds_to_json (const double *number)
{
  return json_pack ("{s:o, s:o, s:o}", "value", assay_json_number (number[0]), "lo", assay_json_number (number[1]), "hi", assay_json_number (number[2]));
}

static json_t *
use_to_json (const AssayUse *use)
{
  return json_pack ("{s:o, s:o, s:o, s:s}", "estimate", assay_json_number (use->estimate), "lo", assay_json_number (use->lo), "hi",
                    assay_json_number (use->hi), "verdict", assay_use_verdict (use));
}

/* --- the instrument --------------------------------------------------------------------------------------------------- */

static json_t *
fusion_to_json (const AssayBattery *battery, const AssayCot *cot, AssayCotFusion fusion)
{
  json_t *names = json_array (), *document = assay_operating_curve_to_json (&cot->fused[fusion]);

  for (guint k = 0; k < battery->P; k++)
    if (fusion == ASSAY_COT_ALL || !battery->result[k]->probe->repeats_certificate)
      json_array_append_new (names, json_string (battery->result[k]->probe->name));
  json_object_set_new (document, "probes", names);
  json_object_set_new (document, "coverage", assay_estimate_to_json (&cot->coverage[fusion]));
  json_object_set_new (document, "mean_error", assay_json_number (cot->error[fusion]));
  return document;
}

static json_t *
probe_to_json (const AssayProbe *probe, const AssayCotProbeCurve *curve)
{
  json_t *document = json_pack ("{s:s, s:s, s:s, s:s, s:s, s:s?, s:b}", "name", probe->name, "title", probe->title, "help", probe->help, "control",
                                probe->control_help, "blind_spot", probe->blind_spot, "points", probe->point_name, "repeats_certificate",
                                probe->repeats_certificate);

  json_object_set_new (document, "value", curve ? assay_operating_curve_to_json (&curve->value) : json_null ());
  json_object_set_new (document, "less_control", curve ? assay_operating_curve_to_json (&curve->less_control) : json_null ());
  return document;
}

json_t *
assay_cot_describe_instrument (const AssayBattery *battery, const AssayCot *cot, json_t *certificate, const char *reason)
{
  json_t *probes = json_array ();
  gboolean is = cot->is_calibrated;

  for (guint k = 0; k < battery->P; k++)
    json_array_append_new (probes, probe_to_json (battery->result[k]->probe, is ? &cot->probe[k] : NULL));
  return json_pack ("{s:b, s:s?, s:O?, s:I, s:o, s:o, s:o}", "is_calibrated", is, "reason", reason, "certificate", certificate, "instances",
                    (json_int_t) cot->m, "fused", is ? fusion_to_json (battery, cot, ASSAY_COT_ALL) : json_null (), "independent",
                    is ? fusion_to_json (battery, cot, ASSAY_COT_INDEPENDENT) : json_null (), "probes", probes);
}

/* --- modes ------------------------------------------------------------------------------------------------------------ */

static gint32
true_answer (const AssayCotRecord *r, const AssayOrganism *organism, gint64 i)
{
  AssayChainLayout at;
  gint32 s[ASSAY_ORGANISM_MAX_STEPS] = { 0 };

  assay_chain_layout_init (&at, organism);
  assay_organism_write_chain (organism, r->tokens + i * r->T + at.prompt, (AssayOrganismEdit) { 0 }, s);
  return s[organism->k - 1];
}

/* Mean of numbers that are there. */
typedef struct { double sum; gint64 n; } Mean;

static void
mean_add (Mean *mean, double value)
{
  if (!isfinite (value))
    return;
  mean->sum += value;
  mean->n++;
}

static json_t *
mean_to_json (const Mean *mean)
{
  return assay_json_number (mean->n > 0 ? mean->sum / (double) mean->n : (double) NAN);
}

static json_t *
count_verdicts (const AssayCotRecord *r, const GArray *instances, AssayCotFusion fusion)
{
  json_t *counts = json_pack ("{s:i, s:i, s:i, s:i}", "used", 0, "partly used", 0, "decorative", 0, "cannot tell", 0);
  Mean estimate = { 0 };

  for (guint k = 0; k < instances->len; k++)
    {
      AssayUse use = assay_cot_record_get_use (r, g_array_index (instances, gint64, k), fusion);
      const char *verdict = assay_use_verdict (&use);

      json_object_set_new (counts, verdict, json_integer (json_integer_value (json_object_get (counts, verdict)) + 1));
      mean_add (&estimate, use.estimate);
    }
  return json_pack ("{s:o, s:o}", "estimate", mean_to_json (&estimate), "verdicts", counts);
}

static json_t *
average_probes (const AssayCotRecord *r, const GArray *instances)
{
  json_t *probes = json_array ();

  for (gint64 p = 0; p < r->P; p++)
    {
      Mean value = { 0 }, hard = { 0 }, control = { 0 };

      for (guint k = 0; k < instances->len; k++)
        {
          gint64 at = g_array_index (instances, gint64, k) * r->P + p;

          mean_add (&value, r->soft[3 * at]);
          mean_add (&hard, r->hard[3 * at]);
          mean_add (&control, r->control[at]);
        }
      json_array_append_new (probes, json_pack ("{s:s, s:o, s:o, s:o}", "name", r->probe[p], "value", mean_to_json (&value), "hard", mean_to_json (&hard),
                                                "control", mean_to_json (&control)));
    }
  return probes;
}

static json_t *
describe_mode (const AssayCotRecord *r, const AssayOrganism *organism, double dose, const GArray *instances)
{
  Mean p = { 0 }, right = { 0 }, without = { 0 };

  for (guint k = 0; k < instances->len; k++)
    {
      gint64 i = g_array_index (instances, gint64, k);
      gint32 truth = true_answer (r, organism, i);

      mean_add (&p, r->p_full[i]);
      mean_add (&right, r->answer[i] == truth);
      mean_add (&without, r->answer_without[i] == truth);
    }
  return json_pack ("{s:f, s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "mode", dose, "instances", (json_int_t) instances->len, "p_full", mean_to_json (&p),
                    "right_with_chain", mean_to_json (&right), "right_without_chain", mean_to_json (&without), "used",
                    count_verdicts (r, instances, ASSAY_COT_ALL), "independent", count_verdicts (r, instances, ASSAY_COT_INDEPENDENT), "probes",
                    average_probes (r, instances));
}

json_t *
assay_cot_describe_modes (const AssayCotRecord *record, const AssayOrganism *organism, const double *rate, gint64 asked)
{
  json_t *modes = json_array ();

  for (guint m = 0; m < M; m++)
    {
      g_autoptr (GArray) instances = g_array_new (FALSE, FALSE, sizeof (gint64));

      for (gint64 i = 0; i < asked; i++)
        if (rate[i] == assay_organism_get_rate (m))
          g_array_append_val (instances, i);
      if (instances->len > 0)
        json_array_append_new (modes, describe_mode (record, organism, assay_organism_get_rate (m), instances));
    }
  return modes;
}

/* --- instances -------------------------------------------------------------------------------------------------------- */

static json_t *
describe_probes (const AssayCotRecord *r, gint64 i)
{
  json_t *probes = json_array ();

  for (gint64 p = 0; p < r->P; p++)
    {
      gint64 at = i * r->P + p;
      json_t *one = json_pack ("{s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:I}", "name", r->probe[p], "value", assay_json_number (r->soft[3 * at]), "lo",
                               assay_json_number (r->soft[3 * at + 1]), "hi", assay_json_number (r->soft[3 * at + 2]), "control",
                               assay_json_number (r->control[at]), "hard", bounds_to_json (r->hard + 3 * at), "edits", (json_int_t) r->n_edits[at],
                               "tokens", (json_int_t) r->cost[at]);

      json_array_append_new (probes, one);
    }
  return probes;
}

json_t *
assay_cot_describe_instance (const AssayCotRecord *r, const AssayOrganism *organism, gint64 i, json_t *example)
{
  AssayUse used = assay_cot_record_get_use (r, i, ASSAY_COT_ALL), independent = assay_cot_record_get_use (r, i, ASSAY_COT_INDEPENDENT);
  g_autofree char *text = assay_organism_decode (organism, r->tokens + i * r->T, r->T), *answer = assay_organism_decode (organism, &r->answer[i], 1);
  g_autofree char *without = assay_organism_decode (organism, &r->answer_without[i], 1);

  return json_pack ("{s:I, s:o, s:s, s:s, s:o, s:s, s:o, s:o, s:o, s:s, s:o}", "instance", (json_int_t) i, "example", example, "text", text, "answer",
                    answer, "p_full", assay_json_number (r->p_full[i]), "answer_without_chain", without, "p_without_chain",
                    assay_json_number (r->p_without[i]), "used", use_to_json (&used), "independent", use_to_json (&independent), "disclosed", "not tested",
                    "probes", describe_probes (r, i));
}

static json_t *
describe_curve (const AssayCotRecord *r, gint64 i, gint64 p)
{
  const AssayProbe *probe = assay_probe_find (r->probe[p], NULL);
  gint64 first, end, low = G_MAXINT64, high = -1;
  json_t *points = json_array ();

  assay_cot_record_get_edits (r, i, &first, &end);
  for (gint64 e = first; e < end; e++)
    if (r->edit_probe[e] == p && r->edit_point[e] >= 0)
      {
        low = MIN (low, r->edit_point[e]);
        high = MAX (high, r->edit_point[e]);
      }
  for (gint64 at = low; at <= high; at++)
    json_array_append_new (points, json_pack ("{s:I, s:o, s:o}", "point", (json_int_t) at, "value",
                                              assay_json_number (assay_cot_record_get_point (r, i, p, ASSAY_ARM_CHAIN, at)), "control",
                                              assay_json_number (assay_cot_record_get_point (r, i, p, ASSAY_ARM_CONTROL, at))));
  return json_pack ("{s:s, s:s?, s:o}", "probe", r->probe[p], "points_are", probe ? probe->point_name : NULL, "points", points);
}

static json_t *
describe_edit (const AssayCotRecord *r, const AssayOrganism *organism, gint64 e)
{
  static const char *const interventions[] = { "tokens", "states of a donor", "attention cut" };
  AssayChainWalk walk = assay_cot_record_get_walk (r, e);
  g_autofree char *text = assay_organism_decode (organism, walk.tokens, walk.read + 1), *answer = assay_organism_decode (organism, &r->edit_answer[e], 1);
  g_autofree char *donor = walk.donor ? assay_organism_decode (organism, walk.donor, r->T) : NULL;
  json_t *edit = json_pack ("{s:I, s:s, s:s, s:o, s:s, s:s, s:s, s:o}", "edit", (json_int_t) e, "probe", r->probe[r->edit_probe[e]], "arm",
                            r->edit_arm[e] == ASSAY_ARM_CHAIN ? "chain" : "control", "point",
                            r->edit_point[e] >= 0 ? json_integer (r->edit_point[e]) : json_null (), "intervention",
                            interventions[CLAMP (r->edit_intervention[e], 0, 2)], "text", text, "answer", answer, "p", assay_json_number (r->edit_p[e]));

  if (walk.intervention != ASSAY_CHAIN_PLAIN)
    json_object_set_new (edit, "positions", json_pack ("[I, I]", (json_int_t) walk.first, (json_int_t) (walk.first + walk.count - 1)));
  if (donor != NULL)
    {
      json_object_set_new (edit, "donor", json_string (donor));
      json_object_set_new (edit, "layer", json_integer (walk.layer));
    }
  return edit;
}

json_t *
assay_cot_describe_whole (const AssayCotRecord *r, const AssayOrganism *organism, gint64 i, json_t *example)
{
  json_t *whole = assay_cot_describe_instance (r, organism, i, example), *curves = json_array (), *edits = json_array ();
  gint64 first, end;

  for (gint64 p = 0; p < r->P; p++)
    {
      json_t *curve = describe_curve (r, i, p);

      if (json_array_size (json_object_get (curve, "points")) > 0)
        json_array_append (curves, curve);
      json_decref (curve);
    }
  assay_cot_record_get_edits (r, i, &first, &end);
  for (gint64 e = first; e < end; e++)
    json_array_append_new (edits, describe_edit (r, organism, e));
  json_object_set_new (whole, "curves", curves);
  json_object_set_new (whole, "edits", edits);
  return whole;
}

/* --- the same text ----------------------------------------------------------------------------------------------------- */

/* The text behind BOS and MODE. */
static const char *
text_of (const json_t *instance)
{
  const char *text = strchr (assay_json_get_text (instance, "text"), ' ');

  text = text ? strchr (text + 1, ' ') : NULL;
  return text ? text : "";
}

static gboolean
has_verdict (const json_t *instance, const char *verdict)
{
  return strcmp (assay_json_get_text (json_object_get (instance, "used"), "verdict"), verdict) == 0;
}

static guint
count_words (const json_t *instance)
{
  g_auto (GStrv) words = g_strsplit (text_of (instance), " ", -1);
  g_autoptr (GHashTable) set = g_hash_table_new (g_str_hash, g_str_equal);

  for (char **word = words; *word != NULL; word++)
    g_hash_table_add (set, *word);
  return g_hash_table_size (set);
}

gboolean
assay_cot_find_pair (const json_t *instances, json_t **pair)
{
  g_autoptr (GHashTable) used = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  guint most = 0;
  gsize k;
  json_t *instance;

  json_array_foreach (instances, k, instance)
    if (has_verdict (instance, "used"))
      g_hash_table_insert (used, g_strconcat (text_of (instance), " ", assay_json_get_text (instance, "answer"), NULL), instance);
  json_array_foreach (instances, k, instance)
    {
      g_autofree char *key = g_strconcat (text_of (instance), " ", assay_json_get_text (instance, "answer"), NULL);
      json_t *other = has_verdict (instance, "decorative") ? g_hash_table_lookup (used, key) : NULL;

      if (other == NULL || count_words (instance) <= most)
        continue;
      most = count_words (instance);
      pair[0] = instance;
      pair[1] = other;
    }
  return most > 0;
}
