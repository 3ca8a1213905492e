/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cot_record.c: one table says which arrays a record has; making room, writing and reading walk it. */
#include "probes/cot_record.h"

#include "base/error.h"
#include "base/mem.h"
#include "store/reader.h"
#include "store/shard.h"

#include <math.h>
#include <string.h>

typedef enum { OF_INSTANCES, OF_PROBES, OF_EDITS } Axis;

/* second: 0 none, 'T' positions, '3' value and bounds. */
typedef struct {
  const char *path;
  gsize offset;
  AssayStoreType type;
  Axis axis;
  char second;
  const char *words;
} Field;

#define FIELD(path, name, type, axis, second, words) { path, G_STRUCT_OFFSET (AssayCotRecord, name), type, axis, second, words }
static const Field fields[] = {
  FIELD ("/instances/example", example, ASSAY_STORE_I64, OF_INSTANCES, 0, "example of the data set"),
  FIELD ("/instances/tokens", tokens, ASSAY_STORE_I32, OF_INSTANCES, 'T', "the whole sequence up to ANS"),
  FIELD ("/instances/answer", answer, ASSAY_STORE_I32, OF_INSTANCES, 0, "likeliest answer behind the full chain"),
  FIELD ("/instances/answer_without_chain", answer_without, ASSAY_STORE_I32, OF_INSTANCES, 0, "likeliest answer when ANS follows at once"),
  FIELD ("/instances/probability", p_full, ASSAY_STORE_F64, OF_INSTANCES, 0, "of that answer behind the full chain"),
  FIELD ("/instances/probability_without_chain", p_without, ASSAY_STORE_F64, OF_INSTANCES, 0, "of the same answer when ANS follows at once"),
  FIELD ("/use/all", use[ASSAY_COT_ALL], ASSAY_STORE_F64, OF_INSTANCES, '3', "how far the chain is used, by all probes"),
  FIELD ("/use/independent", use[ASSAY_COT_INDEPENDENT], ASSAY_STORE_F64, OF_INSTANCES, '3',
         "how far the chain is used, by the probes that do not repeat the certificate's intervention"),
  FIELD ("/probes/soft", soft, ASSAY_STORE_F64, OF_PROBES, '3', "mean soft effect, or the probability read off a state"),
  FIELD ("/probes/hard", hard, ASSAY_STORE_F64, OF_PROBES, '3', "share of edits that changed the likeliest answer"),
  FIELD ("/probes/control", control, ASSAY_STORE_F64, OF_PROBES, 0, "mean soft effect of the control arm"),
  FIELD ("/probes/edits", n_edits, ASSAY_STORE_I64, OF_PROBES, 0, "edits behind the value"),
  FIELD ("/probes/cost", cost, ASSAY_STORE_I64, OF_PROBES, 0, "tokens that went through the model"),
  FIELD ("/edits/instance", edit_instance, ASSAY_STORE_I64, OF_EDITS, 0, "row of the instance, ascending"),
  FIELD ("/edits/probe", edit_probe, ASSAY_STORE_I32, OF_EDITS, 0, "which probe"),
  FIELD ("/edits/arm", edit_arm, ASSAY_STORE_I32, OF_EDITS, 0, "0: of the chain, 1: control"),
  FIELD ("/edits/point", edit_point, ASSAY_STORE_I64, OF_EDITS, 0, "place on the probe's curve, -1: none"),
  FIELD ("/edits/weight", edit_weight, ASSAY_STORE_F64, OF_EDITS, 0, "in the mean of its arm"),
  FIELD ("/edits/intervention", edit_intervention, ASSAY_STORE_I32, OF_EDITS, 0, "0: the tokens alone, 1: residuals of a donor, 2: attention cut"),
  FIELD ("/edits/read", edit_read, ASSAY_STORE_I64, OF_EDITS, 0, "position behind which the answer was read"),
  FIELD ("/edits/first", edit_first, ASSAY_STORE_I64, OF_EDITS, 0, "first position patched or cut"),
  FIELD ("/edits/count", edit_count, ASSAY_STORE_I64, OF_EDITS, 0, "positions patched or cut"),
  FIELD ("/edits/layer", edit_layer, ASSAY_STORE_I32, OF_EDITS, 0, "layer whose incoming residual was patched"),
  FIELD ("/edits/follows", edit_follows, ASSAY_STORE_I32, OF_EDITS, 0, "answer whose probability is the value, -1: a drop of the instance's own"),
  FIELD ("/edits/answer", edit_answer, ASSAY_STORE_I32, OF_EDITS, 0, "likeliest answer behind the edit"),
  FIELD ("/edits/probability", edit_p, ASSAY_STORE_F64, OF_EDITS, 0, "of the instance's answer, or of the one followed, behind the edit"),
  FIELD ("/edits/tokens", edit_tokens, ASSAY_STORE_I32, OF_EDITS, 'T', "the edited sequence; meaningless behind read"),
  FIELD ("/edits/donor", edit_donor, ASSAY_STORE_I32, OF_EDITS, 'T', "the sequence that residuals come from, -1: none"),
};

static gpointer *
array_of (const AssayCotRecord *record, const Field *field)
{
  return (gpointer *) (gpointer) ((char *) (gpointer) record + field->offset);
}

static guint
shape_of (const AssayCotRecord *record, const Field *field, gint64 *dims)
{
  guint rank = 1;

  dims[0] = field->axis == OF_EDITS ? record->E : record->n;
  if (field->axis == OF_PROBES)
    dims[rank++] = record->P;
  if (field->second != 0)
    dims[rank++] = field->second == 'T' ? record->T : 3;
  return rank;
}

static gsize
count_of (const AssayCotRecord *record, const Field *field)
{
  gint64 dims[ASSAY_STORE_MAX_RANK];
  gsize count = 1;

  for (guint k = shape_of (record, field, dims); k > 0; k--)
    count *= (gsize) dims[k - 1];
  return count;
}

static void
make_room (AssayCotRecord *record)
{
  for (gsize k = 0; k < G_N_ELEMENTS (fields); k++)
    *array_of (record, &fields[k]) = g_malloc0_n (MAX (1, count_of (record, &fields[k])), assay_store_type_width (fields[k].type));
}

void
assay_cot_record_free (AssayCotRecord *record)
{
  if (record == NULL)
    return;
  for (gsize k = 0; k < G_N_ELEMENTS (fields); k++)
    g_free (*array_of (record, &fields[k]));
  g_strfreev (record->probe);
  g_free (record);
}

/* --- from a battery --------------------------------------------------------------------------------------------------- */

static void
put_number (double *to, AssayProbeNumber number)
{
  to[0] = number.value;
  to[1] = number.lo;
  to[2] = number.hi;
}

static void
fill_instances (AssayCotRecord *r, const AssayBattery *b, const AssayCot *cot)
{
  const AssayChainTask *task = b->task;
  gint64 A = task->layout.n_answers;

  memcpy (r->tokens, task->tokens, (gsize) (r->n * r->T) * sizeof (gint32));
  memcpy (r->answer, task->answer, (gsize) r->n * sizeof (gint32));
  for (gint64 i = 0; i < r->n; i++)
    {
      r->p_full[i] = task->full[i * A + task->answer[i]];
      r->p_without[i] = task->none[i * A + task->answer[i]];
      r->answer_without[i] = assay_chain_likeliest (task->none + i * A, A);
      for (AssayCotFusion fusion = 0; fusion < ASSAY_COT_N_FUSIONS; fusion++)
        put_number (r->use[fusion] + 3 * i, (AssayProbeNumber) { cot->use[fusion][i].estimate, cot->use[fusion][i].lo, cot->use[fusion][i].hi });
      for (gint64 k = 0; k < r->P; k++)
        {
          const AssayProbeRow *row = &b->result[k]->row[i];

          put_number (r->soft + 3 * (i * r->P + k), row->soft);
          put_number (r->hard + 3 * (i * r->P + k), row->hard);
          r->control[i * r->P + k] = row->control;
          r->n_edits[i * r->P + k] = row->n_edits;
          r->cost[i * r->P + k] = row->cost;
        }
    }
}

static void
fill_edit (AssayCotRecord *r, const AssayProbeEdits *edits, const AssayProbeEdit *edit, gint64 probe, gint64 e)
{
  const gint32 *token = (const gint32 *) (gpointer) edits->token->data;

  r->edit_instance[e] = edit->instance;
  r->edit_probe[e] = (gint32) probe;
  r->edit_arm[e] = edit->arm;
  r->edit_point[e] = edit->point;
  r->edit_weight[e] = edit->weight;
  r->edit_intervention[e] = edit->intervention;
  r->edit_read[e] = edit->read;
  r->edit_first[e] = edit->first;
  r->edit_count[e] = edit->count;
  r->edit_layer[e] = (gint32) edit->layer;
  r->edit_follows[e] = edit->follows;
  r->edit_answer[e] = edit->answer;
  r->edit_p[e] = edit->p;
  memcpy (r->edit_tokens + e * r->T, token + edit->tokens, (gsize) r->T * sizeof *token);
  for (gint64 t = 0; t < r->T; t++)
    r->edit_donor[e * r->T + t] = edit->donor >= 0 ? token[edit->donor + t] : -1;
}

AssayCotRecord *
assay_cot_record_new (const AssayBattery *battery, const AssayCot *cot, const gint64 *example)
{
  AssayCotRecord *r = g_new0 (AssayCotRecord, 1);
  gint64 e = 0;

  r->n = battery->task->n;
  r->T = battery->task->layout.T;
  r->P = battery->P;
  r->probe = g_new0 (char *, r->P + 1);
  for (gint64 k = 0; k < r->P; k++)
    {
      r->probe[k] = g_strdup (battery->result[k]->probe->name);
      r->E += battery->result[k]->edits ? battery->result[k]->edits->edit->len : 0;
    }
  make_room (r);
  memcpy (r->example, example, (gsize) r->n * sizeof *example);
  fill_instances (r, battery, cot);
  for (gint64 i = 0; i < r->n; i++)
    for (gint64 k = 0; k < r->P; k++)
      {
        const AssayProbeEdits *edits = battery->result[k]->edits;

        for (gint64 at = edits ? g_array_index (edits->first, gint64, i) : 0; edits != NULL && at < g_array_index (edits->first, gint64, i + 1); at++)
          fill_edit (r, edits, &g_array_index (edits->edit, AssayProbeEdit, at), k, e++);
      }
  return r;
}

/* --- in a case -------------------------------------------------------------------------------------------------------- */

static gboolean
put_field (AssayShardWriter *writer, const AssayCotRecord *record, const Field *field, GError **error)
{
  AssayArraySpec spec = { .path = field->path, .type = field->type, .long_name = field->words, .description = field->words };
  guint last;

  spec.rank = shape_of (record, field, spec.dims);
  last = spec.rank - 1;
  spec.axes[0] = field->axis == OF_EDITS ? "edit" : "instance";
  if (field->axis == OF_PROBES)
    spec.axes[1] = "probe";
  if (field->second != 0)
    spec.axes[last] = field->second == 'T' ? "position" : "bound";
  return assay_shard_writer_put (writer, &spec, field->type, *array_of (record, field), error);
}

AssayObject *
assay_cot_record_save (const AssayCotRecord *record, AssayCase *cas, const char *name, json_t *meta, GError **error)
{
  static const char *const bounds[] = { "value", "lo", "hi" };
  const AssayArraySpec probe = { .path = "/probe", .type = ASSAY_STORE_TEXT, .rank = 1, .dims = { record->P }, .long_name = "probe", .description = "name" };
  const AssayArraySpec bound = { .path = "/bound", .type = ASSAY_STORE_TEXT, .rank = 1, .dims = { 3 }, .long_name = "bound",
                                 .description = "the value and the ends of its 95 % interval" };
  g_autoptr (AssayShardWriter) writer = assay_shard_writer_new (cas, "cot", name, meta, error);

  if (writer == NULL || !assay_shard_writer_put_axis_text (writer, &probe, (const char *const *) record->probe, error)
      || !assay_shard_writer_put_axis_text (writer, &bound, bounds, error))
    return NULL;
  for (gsize k = 0; k < G_N_ELEMENTS (fields); k++)
    if ((fields[k].axis != OF_EDITS || record->E > 0) && !put_field (writer, record, &fields[k], error))
      return NULL;
  assay_shard_writer_set_rows (writer, record->n);
  return assay_shard_writer_commit (writer, error);
}

/* The sizes, from the arrays that every record has. */
static gboolean
read_sizes (AssayReader *reader, AssayCotRecord *record, GError **error)
{
  AssayArrayInfo tokens, control, edits;

  if (!assay_reader_describe (reader, "/instances/tokens", &tokens, error) || !assay_reader_describe (reader, "/probes/control", &control, error)
      || (record->probe = assay_reader_read_text (reader, "/probe", error)) == NULL)
    return FALSE;
  record->n = tokens.dims[0];
  record->T = tokens.rank == 2 ? tokens.dims[1] : 0;
  record->P = control.rank == 2 ? control.dims[1] : 0;
  if (assay_reader_has (reader, "/edits/probe"))
    {
      if (!assay_reader_describe (reader, "/edits/probe", &edits, error))
        return FALSE;
      record->E = edits.dims[0];
    }
  if (record->P == (gint64) g_strv_length (record->probe))
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_DAMAGED, "%s: cot: %" G_GINT64_FORMAT " probes measured, %u named", assay_reader_get_object (reader)->name,
               record->P, g_strv_length (record->probe));
  return FALSE;
}

static gboolean
read_field (AssayReader *reader, AssayCotRecord *record, const Field *field, GError **error)
{
  gint64 dims[ASSAY_STORE_MAX_RANK];
  guint rank = shape_of (record, field, dims);
  AssayArrayInfo info;

  if (!assay_reader_describe (reader, field->path, &info, error))
    return FALSE;
  for (guint k = 0; k < rank; k++)
    if (info.rank != rank || info.dims[k] != dims[k])
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_DAMAGED, "%s: cot: array %s does not fit the others", assay_reader_get_object (reader)->name, field->path);
        return FALSE;
      }
  return assay_reader_read (reader, field->path, field->type, *array_of (record, field), error);
}

/* What indices point at must be there. */
static gboolean
check_edits (const AssayCotRecord *r, const char *name, GError **error)
{
  for (gint64 e = 0; e < r->E; e++)
    if (r->edit_instance[e] < (e > 0 ? r->edit_instance[e - 1] : 0) || r->edit_instance[e] >= r->n || r->edit_probe[e] < 0 || r->edit_probe[e] >= r->P)
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_DAMAGED, "%s: cot: edit %" G_GINT64_FORMAT " is of no instance or probe that there is", name, e);
        return FALSE;
      }
  return TRUE;
}

AssayCotRecord *
assay_cot_record_load (AssayCase *cas, const char *name, GError **error)
{
  g_autoptr (AssayReader) reader = assay_reader_open (cas, "cot", name, error);
  g_autoptr (AssayCotRecord) record = g_new0 (AssayCotRecord, 1);

  if (reader == NULL || !read_sizes (reader, record, error))
    return NULL;
  make_room (record);
  for (gsize k = 0; k < G_N_ELEMENTS (fields); k++)
    if ((fields[k].axis != OF_EDITS || record->E > 0) && !read_field (reader, record, &fields[k], error))
      return NULL;
  return check_edits (record, name, error) ? g_steal_pointer (&record) : NULL;
}

/* --- reading it ------------------------------------------------------------------------------------------------------- */

/* The first edit of the instance or of a later one. */
static gint64
find_edit (const AssayCotRecord *r, gint64 instance)
{
  gint64 low = 0, high = r->E;

  while (low < high)
    {
      gint64 middle = low + (high - low) / 2;

      if (r->edit_instance[middle] < instance)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

void
assay_cot_record_get_edits (const AssayCotRecord *r, gint64 instance, gint64 *first, gint64 *end)
{
  *first = find_edit (r, instance);
  *end = find_edit (r, instance + 1);
}

double
assay_cot_record_get_effect (const AssayCotRecord *r, gint64 e)
{
  const AssayProbe *probe = assay_probe_find (r->probe[r->edit_probe[e]], NULL);
  double full = r->p_full[r->edit_instance[e]], p = r->edit_p[e];

  if (r->edit_follows[e] >= 0)
    return p;
  return probe != NULL && probe->is_relative ? 1 - p / full : full - p;
}

double
assay_cot_record_get_point (const AssayCotRecord *r, gint64 instance, gint64 probe, AssayProbeArm arm, gint64 point)
{
  double sum = 0;
  gint64 first, end, n = 0;

  assay_cot_record_get_edits (r, instance, &first, &end);
  for (gint64 e = first; e < end; e++)
    {
      if (r->edit_probe[e] != probe || r->edit_arm[e] != (gint32) arm || r->edit_point[e] != point)
        continue;
      sum += assay_cot_record_get_effect (r, e);
      n++;
    }
  return n > 0 ? sum / (double) n : (double) NAN;
}

AssayChainWalk
assay_cot_record_get_walk (const AssayCotRecord *r, gint64 e)
{
  const gint32 *donor = r->edit_donor + e * r->T;

  return (AssayChainWalk) { .tokens = r->edit_tokens + e * r->T, .read = r->edit_read[e], .intervention = (AssayChainIntervention) r->edit_intervention[e],
                            .first = r->edit_first[e], .count = r->edit_count[e], .donor = donor[0] >= 0 ? donor : NULL,
                            .layer = (guint) r->edit_layer[e] };
}

AssayUse
assay_cot_record_get_use (const AssayCotRecord *r, gint64 instance, AssayCotFusion fusion)
{
  const double *at = r->use[fusion] + 3 * instance;

  return (AssayUse) { at[0], at[0], at[1], at[2] };
}
