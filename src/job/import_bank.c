/* SPDX-License-Identifier: GPL-3.0-or-later */
/* import_bank.c: retrainings that somebody else made become a bank of a case. */
#include "job/import_measured.h"

#include "base/error.h"
#include "influence/bank.h"
#include "store/array_file.h"

#include <math.h>
#include <string.h>

const AssayParam assay_import_bank_params[] = {
  { "query", ASSAY_PARAM_LIST, .metavar = "SPLIT:INDEX", .names = "example", .flags = ASSAY_PARAM_REQUIRED,
    .help = "what the losses are of, in their order; also SPLIT:FIRST-LAST, \"SPLIT:where EXPRESSION\", or id:VALUE" },
  ASSAY_SUBJECT_PARAMS,
  { .name = NULL }
};

/* An array of at most that many axes, whose last has the wanted length. */
static AssayArrayFile *
read_losses (const char *path, guint max_rank, gint64 n_query, GError **error)
{
  g_autoptr (AssayArrayFile) array = assay_array_file_read (path, NULL, error);

  if (array == NULL)
    return NULL;
  if (array->rank >= 1 && array->rank <= max_rank && array->dims[array->rank - 1] == n_query)
    return g_steal_pointer (&array);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "%s: losses of %" G_GINT64_FORMAT " queries (--query) on the last of at most %u axes expected, %u axes with %"
               G_GINT64_FORMAT " on the last found", array->label, n_query, max_rank, array->rank, array->rank > 0 ? array->dims[array->rank - 1] : 0);
  return NULL;
}

/* From (S,k) numbers. Owns: the caller. */
static gint64 *
read_places (const AssayArrayFile *sets, GError **error)
{
  g_autofree gint64 *place = g_new (gint64, sets->n_elements);

  if (sets->rank != 2)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "%s: sets with their training examples, two axes, expected; %u found", sets->label, sets->rank);
      return NULL;
    }
  for (guint64 i = 0; i < sets->n_elements; i++)
    {
      if (!(fabs (sets->values[i]) < 9e15) || floor (sets->values[i]) != sets->values[i])
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: set %" G_GINT64_FORMAT ": numbers of training examples expected, %g found", sets->label,
                       (gint64) i / MAX (sets->dims[1], 1), sets->values[i]);
          return NULL;
        }
      place[i] = (gint64) sets->values[i];
    }
  return g_steal_pointer (&place);
}

/* The name of the file, without its ending and with what no name may hold as "-". */
static char *
name_family (const char *path)
{
  g_autofree char *base = g_path_get_basename (path);
  char *dot = strrchr (base, '.');

  if (dot != NULL)
    *dot = '\0';
  return g_strcanon (g_steal_pointer (&base), G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "-_", '-');
}

/* Sets (S,k) and losses (S,Q), or (S,R,Q). */
static gboolean
add_family (AssayBank *bank, const char *sets_path, const char *loss_path, GError **error)
{
  g_autofree char *name = name_family (sets_path);
  g_autoptr (AssayArrayFile) sets = assay_array_file_read (sets_path, NULL, error);
  g_autofree gint64 *place = sets ? read_places (sets, error) : NULL;
  g_autoptr (AssayArrayFile) loss = place ? read_losses (loss_path, 3, bank->n_query, error) : NULL;
  gint64 R;

  if (loss == NULL)
    return FALSE;
  R = loss->rank == 3 ? loss->dims[1] : 1;
  if (loss->rank >= 2 && loss->dims[0] == sets->dims[0] && R == bank->n_seeds)
    return assay_bank_add_family (bank, name, place, sets->dims[0], sets->dims[1], loss->values, error);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "%s: losses of %" G_GINT64_FORMAT " sets and %" G_GINT64_FORMAT " seeds expected, as %s has sets and the base "
               "losses have seeds; %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT " found", loss->label, sets->dims[0], bank->n_seeds, sets_path,
               loss->rank >= 2 ? loss->dims[0] : 0, R);
  return FALSE;
}

static AssayBank *
read_bank (const char *const *files, const AssaySubject *subject, const GArray *queries, GError **error)
{
  gint64 Q = queries->len;
  g_autoptr (AssayArrayFile) base = read_losses (files[0], 2, Q, error);
  g_autoptr (AssayBank) bank = NULL;

  if (base == NULL)
    return NULL;
  bank = assay_bank_new (subject->train, subject->n_train, (const gint64 *) queries->data, Q, base->values, base->rank == 2 ? base->dims[0] : 1, error);
  for (files++; bank != NULL && *files != NULL; files += 2)
    if (!add_family (bank, files[0], files[1], error))
      return NULL;
  return g_steal_pointer (&bank);
}

json_t *
assay_import_bank (const AssayJob *job, const AssaySubject *subject, AssayJobContext *context, GError **error)
{
  const AssayValues *options = assay_job_get_section (job, "what"), *values = assay_job_get_values (job);
  const char *const *files = assay_values_get_list (values, "file");
  const char *name = assay_values_get_string (values, "name");
  g_autoptr (GArray) queries = assay_subject_find_examples (subject->dataset, assay_values_get_list (options, "query"), error);
  g_autoptr (AssayBank) bank = queries ? read_bank (files, subject, queries, error) : NULL;
  AssayObject *object = bank ? assay_bank_save (bank, context->cas, name, subject->described, NULL, error) : NULL;

  if (object == NULL)
    return NULL;
  assay_job_add_output (context, object);
  return json_pack ("{s:s, s:s, s:s, s:I, s:I, s:O}", "what", "bank", "name", name, "model", subject->object->name, "queries", (json_int_t) bank->n_query, "seeds",
                    (json_int_t) bank->n_seeds, "families", json_object_get (object->meta, "families"));
}
