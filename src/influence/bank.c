/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bank.c: checks, keeps and reads a ground truth that comes from elsewhere. */
#include "influence/bank.h"

#include "base/error.h"
#include "store/reader.h"
#include "store/shard.h"

#include <math.h>
#include <string.h>

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

static void
family_free (gpointer data)
{
  AssayBankFamily *family = data;

  g_free (family->name);
  g_free (family->place);
  g_free (family->loss);
  g_free (family);
}

void
assay_bank_free (AssayBank *bank)
{
  if (bank == NULL)
    return;
  g_free (bank->train);
  g_free (bank->query);
  g_free (bank->base);
  g_ptr_array_unref (bank->families);
  g_free (bank);
}

/* --- checks -------------------------------------------------------------------------------------------------------------- */

static gboolean
check_distinct (const char *what, const gint64 *x, gint64 n, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_int64_hash, g_int64_equal);

  for (gint64 i = 0; i < n; i++)
    if (x[i] < 0 || !g_hash_table_add (seen, (gpointer) (x + i)))
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, x[i] < 0 ? "bank: %s: number 0 or more of an example expected, %" G_GINT64_FORMAT " found"
                     : "bank: %s: each once expected, example %" G_GINT64_FORMAT " is named twice", what, x[i]);
        return FALSE;
      }
  return TRUE;
}

AssayBank *
assay_bank_new (const gint64 *train, gint64 N, const gint64 *query, gint64 Q, const double *base, gint64 R, GError **error)
{
  AssayBank *bank;

  if (N < 2 || Q < 1 || R < 1)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "bank: two or more training examples, a query and a seed expected; %" G_GINT64_FORMAT ", %"
                   G_GINT64_FORMAT " and %" G_GINT64_FORMAT " found", N, Q, R);
      return NULL;
    }
  for (gint64 i = 0; i < R * Q; i++)
    if (!isfinite (base[i]))
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "bank: base losses: a finite number expected for query %" G_GINT64_FORMAT ", %g found",
                     i % Q, base[i]);
        return NULL;
      }
  if (!check_distinct ("training example", train, N, error) || !check_distinct ("query", query, Q, error))
    return NULL;
  bank = g_new0 (AssayBank, 1);
  bank->n_train = N;
  bank->n_query = Q;
  bank->n_seeds = R;
  bank->train = g_memdup2 (train, N * sizeof *train);
  bank->query = g_memdup2 (query, Q * sizeof *query);
  bank->base = g_memdup2 (base, R * Q * sizeof *base);
  bank->families = g_ptr_array_new_with_free_func (family_free);
  return bank;
}

static int
ascending (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return x < y ? -1 : x > y;
}

/* Sorts the places of one set. */
static gboolean
check_set (const AssayBank *bank, const char *name, gint64 set, gint64 *place, gint64 k, GError **error)
{
  qsort (place, k, sizeof *place, ascending);
  for (gint64 i = 0; i < k; i++)
    {
      const char *fault = place[i] < 0 || place[i] >= bank->n_train ? "is none" : i > 0 && place[i] == place[i - 1] ? "is left out twice" : NULL;

      if (fault == NULL)
        continue;
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "bank: %s: set %" G_GINT64_FORMAT ": different training examples from 0 to %" G_GINT64_FORMAT
                   " expected, %" G_GINT64_FORMAT " %s", name, set, bank->n_train - 1, place[i], fault);
      return FALSE;
    }
  return TRUE;
}

static gboolean
check_losses (const AssayBank *bank, const char *name, const double *loss, gint64 S, GError **error)
{
  gint64 per_set = bank->n_seeds * bank->n_query, known = 0;

  for (gint64 i = 0; i < S * per_set; i++)
    {
      if (isinf (loss[i]))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "bank: %s: set %" G_GINT64_FORMAT ", query %" G_GINT64_FORMAT ": a finite loss expected, or NaN "
                       "where the training diverged; %g found", name, i / per_set, i % bank->n_query, loss[i]);
          return FALSE;
        }
      known += !isnan (loss[i]);
    }
  if (known == 0)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "bank: %s: losses expected, only NaN found", name);
  return known > 0;
}

static gboolean
check_family (const AssayBank *bank, const char *name, gint64 S, gint64 k, GError **error)
{
  if (name[0] == '\0' || strspn (name, NAME_CHARACTERS) != strlen (name))
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "bank: a family's name of letters, digits, \"-\" and \"_\" expected, \"%s\" found", name);
  else if (assay_bank_find_family (bank, name) != NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "bank: two families are named %s; give one another name", name);
  else if (S < 1 || k < 1 || k >= bank->n_train)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "bank: %s: sets of 1 to %" G_GINT64_FORMAT " examples expected, %" G_GINT64_FORMAT " sets of %"
                 G_GINT64_FORMAT " found", name, bank->n_train - 1, S, k);
  else
    return TRUE;
  return FALSE;
}

const AssayBankFamily *
assay_bank_find_family (const AssayBank *bank, const char *name)
{
  for (guint f = 0; f < bank->families->len; f++)
    if (strcmp (((AssayBankFamily *) bank->families->pdata[f])->name, name) == 0)
      return bank->families->pdata[f];
  return NULL;
}

gboolean
assay_bank_add_family (AssayBank *bank, const char *name, const gint64 *place, gint64 S, gint64 k, const double *loss, GError **error)
{
  AssayBankFamily *family;
  gboolean fine;

  if (!check_family (bank, name, S, k, error) || !check_losses (bank, name, loss, S, error))
    return FALSE;
  family = g_new0 (AssayBankFamily, 1);
  family->name = g_strdup (name);
  family->n_sets = S;
  family->size = k;
  family->place = g_memdup2 (place, S * k * sizeof *place);
  family->loss = g_memdup2 (loss, S * bank->n_seeds * bank->n_query * sizeof *loss);
  fine = TRUE;
  for (gint64 s = 0; fine && s < S; s++)
    fine = check_set (bank, name, s, family->place + s * k, k, error);
  if (fine)
    g_ptr_array_add (bank->families, family);
  else
    family_free (family);
  return fine;
}

/* --- the object ---------------------------------------------------------------------------------------------------------- */

static gboolean
put_axis (AssayShardWriter *writer, const char *path, const char *name, const gint64 *examples, gint64 n, GError **error)
{
  const AssayArraySpec spec = { .path = path, .type = ASSAY_STORE_I64, .rank = 1, .dims = { n }, .long_name = name, .units = "1",
                                .description = "number of the example in the data set" };

  return assay_shard_writer_put_axis (writer, &spec, ASSAY_STORE_I64, examples, error);
}

static gboolean
put_base (AssayShardWriter *writer, const AssayBank *bank, GError **error)
{
  const AssayArraySpec spec = { .path = "/bank/base", .type = ASSAY_STORE_F64, .rank = 2, .dims = { bank->n_seeds, bank->n_query },
                                .axes = { "seed", "query" }, .long_name = "loss after training with all", .units = "nats",
                                .description = "measured elsewhere" };

  return assay_shard_writer_put (writer, &spec, ASSAY_STORE_F64, bank->base, error);
}

static gboolean
put_family (AssayShardWriter *writer, const AssayBank *bank, const AssayBankFamily *family, GError **error)
{
  g_autofree char *places = g_strdup_printf ("/bank/%s/places", family->name), *loss = g_strdup_printf ("/bank/%s/loss", family->name);
  g_autofree char *set = g_strdup_printf ("%s_set", family->name), *member = g_strdup_printf ("%s_member", family->name);
  const AssayArraySpec loss_spec = { .path = loss, .type = ASSAY_STORE_F64, .rank = 3, .dims = { family->n_sets, bank->n_seeds, bank->n_query },
                                     .axes = { set, "seed", "query" }, .long_name = "loss after training without the set", .units = "nats",
                                     .description = "measured elsewhere; NaN: that training diverged, or was not made" };
  const AssayArraySpec place_spec = { .path = places, .type = ASSAY_STORE_I64, .rank = 2, .dims = { family->n_sets, family->size },
                                      .axes = { set, member }, .long_name = "left out", .units = "1",
                                      .description = "places among the training examples" };

  return assay_shard_writer_put (writer, &loss_spec, ASSAY_STORE_F64, family->loss, error)
         && assay_shard_writer_put (writer, &place_spec, ASSAY_STORE_I64, family->place, error);
}

AssayObject *
assay_bank_save (const AssayBank *bank, AssayCase *cas, const char *name, const json_t *data, json_t *extra, GError **error)
{
  json_t *families = json_array (), *meta;
  g_autoptr (AssayShardWriter) writer = NULL;
  gboolean fine;

  for (guint f = 0; f < bank->families->len; f++)
    {
      const AssayBankFamily *family = bank->families->pdata[f];

      json_array_append_new (families, json_pack ("{s:s, s:I, s:I}", "name", family->name, "sets", (json_int_t) family->n_sets, "size",
                                                  (json_int_t) family->size));
    }
  meta = json_pack ("{s:b, s:I, s:I, s:I, s:o, s:o}", "imported", TRUE, "n_train", (json_int_t) bank->n_train, "n_query", (json_int_t) bank->n_query,
                    "n_seeds", (json_int_t) bank->n_seeds, "families", families, "data", data ? json_deep_copy (data) : json_null ());
  if (extra != NULL)
    json_object_update_missing (meta, extra);
  writer = assay_shard_writer_new (cas, "bank", name, meta, error);
  json_decref (meta);
  fine = writer != NULL && put_axis (writer, "/query", "query", bank->query, bank->n_query, error)
         && put_axis (writer, "/example", "training example", bank->train, bank->n_train, error) && put_base (writer, bank, error);
  for (guint f = 0; fine && f < bank->families->len; f++)
    fine = put_family (writer, bank, bank->families->pdata[f], error);
  return fine ? assay_shard_writer_commit (writer, error) : NULL;
}

/* Dims of an array of that rank; FALSE with an error for any other. */
static gboolean
measure (AssayReader *reader, const char *path, guint rank, gint64 *dims, GError **error)
{
  AssayArrayInfo info;

  if (!assay_reader_describe (reader, path, &info, error))
    return FALSE;
  if (info.rank != rank)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "bank: %s: %u axes expected, %u found", path, rank, info.rank);
      return FALSE;
    }
  memcpy (dims, info.dims, rank * sizeof *dims);
  return TRUE;
}

static gboolean
read_family (AssayReader *reader, AssayBank *bank, const char *name, GError **error)
{
  g_autofree char *places = g_strdup_printf ("/bank/%s/places", name), *loss = g_strdup_printf ("/bank/%s/loss", name);
  g_autofree gint64 *place = NULL;
  g_autofree double *values = NULL;
  gint64 of_places[2], of_loss[3];

  if (!measure (reader, places, 2, of_places, error) || !measure (reader, loss, 3, of_loss, error))
    return FALSE;
  if (of_loss[0] != of_places[0] || of_loss[1] != bank->n_seeds || of_loss[2] != bank->n_query)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "bank: %s: losses of its sets, seeds and queries expected", name);
      return FALSE;
    }
  place = g_new (gint64, of_places[0] * of_places[1]);
  values = g_new (double, of_loss[0] * of_loss[1] * of_loss[2]);
  return assay_reader_read (reader, places, ASSAY_STORE_I64, place, error) && assay_reader_read (reader, loss, ASSAY_STORE_F64, values, error)
         && assay_bank_add_family (bank, name, place, of_places[0], of_places[1], values, error);
}

static AssayBank *
read_bank (AssayReader *reader, GError **error)
{
  gint64 N, Q, of_base[2];
  g_autofree gint64 *train = NULL, *query = NULL;
  g_autofree double *base = NULL;

  if (!measure (reader, "/example", 1, &N, error) || !measure (reader, "/query", 1, &Q, error) || !measure (reader, "/bank/base", 2, of_base, error))
    return NULL;
  if (of_base[1] != Q)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "bank: a base loss for each of %" G_GINT64_FORMAT " queries expected, %" G_GINT64_FORMAT " found", Q,
                   of_base[1]);
      return NULL;
    }
  train = g_new (gint64, N);
  query = g_new (gint64, Q);
  base = g_new (double, of_base[0] * Q);
  if (!assay_reader_read (reader, "/example", ASSAY_STORE_I64, train, error) || !assay_reader_read (reader, "/query", ASSAY_STORE_I64, query, error)
      || !assay_reader_read (reader, "/bank/base", ASSAY_STORE_F64, base, error))
    return NULL;
  return assay_bank_new (train, N, query, Q, base, of_base[0], error);
}

AssayBank *
assay_bank_load (AssayCase *cas, const char *name, GError **error)
{
  g_autoptr (AssayReader) reader = assay_reader_open (cas, "bank", name, error);
  g_autoptr (AssayBank) bank = reader ? read_bank (reader, error) : NULL;
  gsize f;
  json_t *family;

  if (bank == NULL)
    return NULL;
  json_array_foreach (json_object_get (assay_reader_get_meta (reader), "families"), f, family)
    {
      const char *family_name = json_string_value (json_object_get (family, "name"));

      if (!read_family (reader, bank, family_name ? family_name : "", error))
        return NULL;
    }
  return g_steal_pointer (&bank);
}
