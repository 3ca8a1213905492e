/* SPDX-License-Identifier: GPL-3.0-or-later */
/* overlap.c: keys of examples and of runs of tokens, sorted and looked up. */
#include "report/overlap.h"

#include "base/mem.h"
#include "store/digest.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK 256               /* examples gathered at once */
#define KEY 16

typedef struct { guint8 bytes[KEY]; } Key;

/* One example at a time, as the bytes that are compared. */
typedef struct {
  const AssayDataset *dataset;
  gboolean is_tokens, is_real;
  gint64 size;                  /* numbers or tokens of an example */
  AssayBatch batch;
  GByteArray *record;
} Cursor;

static void
cursor_clear (Cursor *cursor)
{
  assay_mem_free (cursor->batch.x);
  assay_mem_free (cursor->batch.label);
  assay_mem_free (cursor->batch.real);
  assay_mem_free (cursor->batch.token);
  assay_mem_free (cursor->batch.target);
  assay_mem_free (cursor->batch.weight);
  g_byte_array_unref (cursor->record);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Cursor, cursor_clear)

static gboolean
cursor_init (Cursor *cursor, const AssayDataset *dataset, GError **error)
{
  AssayShape shape = assay_dataset_get_shape (dataset);
  guint64 n;

  cursor->dataset = dataset;
  cursor->is_tokens = assay_dataset_get_kind (dataset) == ASSAY_DATASET_TOKENS;
  cursor->is_real = !cursor->is_tokens && assay_dataset_get_target_kind (dataset) == ASSAY_TARGET_REAL;
  cursor->size = assay_shape_count (&shape);
  cursor->batch.dtype = ASSAY_F64;
  cursor->record = g_byte_array_new ();
  n = (guint64) CHUNK * (guint64) cursor->size;
  if (cursor->is_tokens)
    return (cursor->batch.token = assay_mem_new (gint32, n, error)) != NULL && (cursor->batch.target = assay_mem_new (gint32, n, error)) != NULL
           && (cursor->batch.weight = assay_mem_new (double, n, error)) != NULL;
  if ((cursor->batch.x = assay_mem_new (double, n, error)) == NULL)
    return FALSE;
  if (cursor->is_real)
    return (cursor->batch.real = assay_mem_new (double, CHUNK, error)) != NULL;
  return (cursor->batch.label = assay_mem_new (gint32, CHUNK, error)) != NULL;
}

static Key
make_key (const void *bytes, gsize n)
{
  AssayDigest digest = assay_digest_of_bytes (bytes, n);
  Key key;

  memcpy (key.bytes, digest.bytes, KEY);
  return key;
}

static void
add_doubles (GByteArray *record, const double *values, gint64 n)
{
  for (gint64 k = 0; k < n; k++)
    {
      double value = values[k] + 0.0;                             /* -0 + 0 = 0 */

      g_byte_array_append (record, (const guint8 *) &value, sizeof value);
    }
}

/* Keys of example b of the batch: of its input alone, and with its target. Positions whose target does not count have none. */
static void
make_keys (Cursor *cursor, gint64 b, Key *input, Key *whole)
{
  gint64 size = cursor->size;

  g_byte_array_set_size (cursor->record, 0);
  if (cursor->is_tokens)
    g_byte_array_append (cursor->record, (const guint8 *) (cursor->batch.token + b * size), (guint) (size * (gint64) sizeof (gint32)));
  else
    add_doubles (cursor->record, (const double *) cursor->batch.x + b * size, size);
  if (input != NULL)
    *input = make_key (cursor->record->data, cursor->record->len);
  if (whole == NULL)
    return;
  if (cursor->is_tokens)
    {
      g_byte_array_append (cursor->record, (const guint8 *) (cursor->batch.target + b * size), (guint) (size * (gint64) sizeof (gint32)));
      add_doubles (cursor->record, (const double *) cursor->batch.weight + b * size, size);
    }
  else if (cursor->is_real)
    add_doubles (cursor->record, (const double *) cursor->batch.real + b, 1);
  else
    g_byte_array_append (cursor->record, (const guint8 *) (cursor->batch.label + b), sizeof (gint32));
  *whole = make_key (cursor->record->data, cursor->record->len);
}

static int
compare_keys (const void *a, const void *b)
{
  return memcmp (a, b, KEY);
}

static gboolean
has_key (const Key *sorted, gint64 n, const Key *key)
{
  return bsearch (key, sorted, (size_t) n, sizeof *sorted, compare_keys) != NULL;
}

/* Keys of all examples, in their order. Either list may be NULL. */
static gboolean
collect_keys (Cursor *cursor, const gint64 *examples, gint64 N, Key *inputs, Key *wholes, AssayProgress *progress, GError **error)
{
  for (gint64 first = 0; first < N; first += CHUNK)
    {
      gint64 n = MIN (CHUNK, N - first);

      if (assay_progress_is_cancelled (progress, error))
        return FALSE;
      assay_dataset_fill (cursor->dataset, examples + first, n, &cursor->batch);
      for (gint64 b = 0; b < n; b++)
        make_keys (cursor, b, inputs ? inputs + first + b : NULL, wholes ? wholes + first + b : NULL);
      assay_progress_report (progress, "comparing examples", (guint64) (first + n), (guint64) N, "examples", NULL);
    }
  return TRUE;
}

gboolean
assay_overlap_count_duplicates (const AssayDataset *dataset, const gint64 *examples, gint64 N, AssayDuplicates *duplicates, AssayProgress *progress,
                                GError **error)
{
  g_auto (Cursor) cursor = { .record = NULL };
  g_autoptr (AssayBuffer) buffer = NULL;
  Key *keys;

  *duplicates = (AssayDuplicates) { .examples = N };
  if (!cursor_init (&cursor, dataset, error) || (buffer = assay_mem_new (Key, (guint64) MAX (N, 1), error)) == NULL
      || !collect_keys (&cursor, examples, N, buffer, NULL, progress, error))
    return FALSE;
  keys = buffer;
  qsort (keys, (size_t) N, sizeof *keys, compare_keys);
  for (gint64 k = 0; k < N; k++)
    duplicates->distinct += k == 0 || compare_keys (&keys[k], &keys[k - 1]) != 0;
  duplicates->repeated = N - duplicates->distinct;
  return TRUE;
}

/* --- examples ---------------------------------------------------------------------------------------------------------- */

static gboolean
find_examples (Cursor *cursor, const gint64 *train, gint64 n_train, const gint64 *examples, gint64 N, AssayOverlap *overlap, AssayProgress *progress,
               GError **error)
{
  g_autoptr (AssayBuffer) inputs = assay_mem_new (Key, (guint64) MAX (n_train, 1), error);
  g_autoptr (AssayBuffer) wholes = inputs ? assay_mem_new (Key, (guint64) MAX (n_train, 1), error) : NULL;

  if (wholes == NULL || !collect_keys (cursor, train, n_train, inputs, wholes, progress, error))
    return FALSE;
  qsort (inputs, (size_t) n_train, sizeof (Key), compare_keys);
  qsort (wholes, (size_t) n_train, sizeof (Key), compare_keys);
  for (gint64 first = 0; first < N; first += CHUNK)
    {
      gint64 n = MIN (CHUNK, N - first);
      Key input[CHUNK], whole[CHUNK];

      if (!collect_keys (cursor, examples + first, n, input, whole, NULL, error))
        return FALSE;
      for (gint64 b = 0; b < n; b++)
        {
          overlap->same_input += has_key (inputs, n_train, &input[b]);
          overlap->same_example += has_key (wholes, n_train, &whole[b]);
        }
    }
  return TRUE;
}

/* --- runs of tokens ---------------------------------------------------------------------------------------------------- */

typedef void (*RunFunc) (gint64 place, const Key *key, gpointer data);

/* Every run of every example, with its place: example by example, position by position. */
static gboolean
foreach_run (Cursor *cursor, gint64 run, const gint64 *examples, gint64 N, RunFunc func, gpointer data, AssayProgress *progress, GError **error)
{
  gint64 per_example = cursor->size - run + 1;

  for (gint64 first = 0; first < N; first += CHUNK)
    {
      gint64 n = MIN (CHUNK, N - first);

      if (assay_progress_is_cancelled (progress, error))
        return FALSE;
      assay_dataset_fill (cursor->dataset, examples + first, n, &cursor->batch);
      for (gint64 b = 0; b < n; b++)
        for (gint64 t = 0; t < per_example; t++)
          {
            Key key = make_key (cursor->batch.token + b * cursor->size + t, (gsize) run * sizeof (gint32));

            func ((first + b) * per_example + t, &key, data);
          }
      assay_progress_report (progress, "comparing runs of tokens", (guint64) (first + n), (guint64) N, "examples", NULL);
    }
  return TRUE;
}

typedef struct {
  Key *all;                     /* (n_runs) of the split, by place */
  Key *sorted;                  /* (n_sorted) different ones */
  gint64 n_sorted;
  guint8 *is_found;             /* (n_sorted) */
} Runs;

static void
keep_run (gint64 place, const Key *key, gpointer data)
{
  ((Runs *) data)->all[place] = *key;
}

static void
look_up_run (gint64 place, const Key *key, gpointer data)
{
  Runs *runs = data;
  const Key *found = bsearch (key, runs->sorted, (size_t) runs->n_sorted, sizeof *key, compare_keys);

  (void) place;
  if (found != NULL)
    runs->is_found[found - runs->sorted] = 1;
}

static void
sort_runs (Runs *runs, gint64 n)
{
  memcpy (runs->sorted, runs->all, (gsize) n * sizeof (Key));
  qsort (runs->sorted, (size_t) n, sizeof (Key), compare_keys);
  for (gint64 k = 0; k < n; k++)
    if (k == 0 || compare_keys (&runs->sorted[k], &runs->sorted[runs->n_sorted - 1]) != 0)
      runs->sorted[runs->n_sorted++] = runs->sorted[k];
}

static void
tally_runs (const Runs *runs, gint64 N, AssayOverlap *overlap)
{
  gint64 per_example = overlap->runs / MAX (N, 1);

  for (gint64 i = 0; i < N; i++)
    {
      gboolean touched = FALSE;

      for (gint64 t = 0; t < per_example; t++)
        {
          const Key *at = bsearch (&runs->all[i * per_example + t], runs->sorted, (size_t) runs->n_sorted, sizeof (Key), compare_keys);
          gboolean found = runs->is_found[at - runs->sorted] != 0;

          overlap->found_runs += found;
          touched = touched || found;
        }
      overlap->touched += touched;
    }
}

static gboolean
find_runs (Cursor *cursor, const gint64 *train, gint64 n_train, const gint64 *examples, gint64 N, AssayOverlap *overlap, AssayProgress *progress,
           GError **error)
{
  g_autoptr (AssayBuffer) all = NULL, sorted = NULL, is_found = NULL;
  Runs runs = { 0 };

  overlap->run = MIN (ASSAY_OVERLAP_RUN, cursor->size);
  overlap->runs = N * (cursor->size - overlap->run + 1);
  all = runs.all = assay_mem_new (Key, (guint64) MAX (overlap->runs, 1), error);
  sorted = runs.sorted = all ? assay_mem_new (Key, (guint64) MAX (overlap->runs, 1), error) : NULL;
  is_found = runs.is_found = sorted ? assay_mem_new (guint8, (guint64) MAX (overlap->runs, 1), error) : NULL;
  if (is_found == NULL || !foreach_run (cursor, overlap->run, examples, N, keep_run, &runs, NULL, error))
    return FALSE;
  sort_runs (&runs, overlap->runs);
  if (!foreach_run (cursor, overlap->run, train, n_train, look_up_run, &runs, progress, error))
    return FALSE;
  tally_runs (&runs, N, overlap);
  return TRUE;
}

gboolean
assay_overlap_find (const AssayDataset *dataset, const gint64 *train, gint64 n_train, const gint64 *examples, gint64 N, AssayOverlap *overlap,
                    AssayProgress *progress, GError **error)
{
  g_auto (Cursor) cursor = { .record = NULL };

  *overlap = (AssayOverlap) { .examples = N };
  return cursor_init (&cursor, dataset, error) && find_examples (&cursor, train, n_train, examples, N, overlap, progress, error)
         && (!cursor.is_tokens || find_runs (&cursor, train, n_train, examples, N, overlap, progress, error));
}
