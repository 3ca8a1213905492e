/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-factors.c: when assay factors fits and when it answers from what is kept, and that the numbers do not tell which. */
#include "fixtures.h"

#include "base/json.h"
#include "store/reader.h"

#include <stdlib.h>
#include <string.h>

/* The newest object that a document speaks of: its number, and what all its arrays hold. */
typedef struct {
  guint64 sequence;
  char *content;
} Kept;

static char *
digest_arrays (AssayReader *reader)
{
  GChecksum *sum = g_checksum_new (G_CHECKSUM_SHA256);
  const char *const *paths = assay_reader_list (reader);
  char *digest;

  for (gsize k = 0; paths[k] != NULL; k++)
    {
      AssayArrayInfo info;
      gint64 n = 1;

      g_assert_true (assay_reader_describe (reader, paths[k], &info, NULL));
      if (info.type == ASSAY_STORE_TEXT)
        continue;
      for (guint d = 0; d < info.rank; d++)
        n *= info.dims[d];
      {
        g_autofree double *values = g_new (double, MAX (n, 1));

        g_assert_true (assay_reader_read (reader, paths[k], ASSAY_STORE_F64, values, NULL));
        g_checksum_update (sum, (const guchar *) paths[k], -1);
        g_checksum_update (sum, (const guchar *) values, n * (gssize) sizeof *values);
      }
    }
  digest = g_strdup (g_checksum_get_string (sum));
  g_checksum_free (sum);
  return digest;
}

static Kept
look_up (const Folder *folder, const char *kind, const json_t *document)
{
  GError *error = NULL;
  g_autoptr (AssayCase) cas = assay_case_open (folder->cas, ASSAY_CASE_READ, &error);
  g_autoptr (AssayReader) reader = cas ? assay_reader_open (cas, kind, assay_json_get_text (document, kind), &error) : NULL;

  g_assert_no_error (error);
  return (Kept) { assay_reader_get_object (reader)->sequence, digest_arrays (reader) };
}

static Kept
fit (const Folder *folder, gboolean force)
{
  g_autoptr (AssayJob) job = folder_job (folder, "factors", NULL);
  GError *error = NULL;
  g_autoptr (AssayJobOutcome) outcome = folder_run (job, force, &error);

  g_assert_no_error (error);
  return look_up (folder, "factors", outcome->document);
}

static void
test_forced (Folder *folder, gconstpointer unused)
{
  Kept kept, again, anew;

  (void) unused;
  folder_train (folder, "people");
  json_decref (folder_answer (folder, "influence", "query", "train:0", "method", "ekfac", NULL));       /* fits, and keeps what it fitted */
  kept = fit (folder, FALSE);
  again = fit (folder, FALSE);
  g_assert_cmpuint (again.sequence, ==, kept.sequence);
  anew = fit (folder, TRUE);
  g_assert_cmpuint (anew.sequence, >, kept.sequence);
  g_assert_cmpstr (anew.content, ==, kept.content);
  g_free (kept.content);
  g_free (again.content);
  g_free (anew.content);
}

static char *
index_of (gboolean factors_first)
{
  Folder folder;
  json_t *document;
  Kept kept;

  folder_set_up (&folder, NULL);
  folder_train (&folder, "people");
  if (factors_first)
    json_decref (folder_answer (&folder, "factors", NULL));
  document = folder_answer (&folder, "index", NULL);
  kept = look_up (&folder, "index", document);
  json_decref (document);
  folder_tear_down (&folder, NULL);
  return kept.content;
}

static void
test_index (void)
{
  g_autofree char *alone = index_of (FALSE), *after = index_of (TRUE);

  g_assert_cmpstr (alone, ==, after);
}

static guint
count_factors (const Folder *folder)
{
  g_autoptr (AssayCase) cas = assay_case_open (folder->cas, ASSAY_CASE_READ, NULL);
  g_autoptr (GPtrArray) history = assay_case_list_history (cas);
  guint n = 0;

  for (guint k = 0; k < history->len; k++)
    n += strcmp (((AssayObject *) history->pdata[k])->kind, "factors") == 0;
  return n;
}

/* Scores of train:2 by source, as text. */
static char *
ask_source (const Folder *folder, const char *damping)
{
  json_t *document = folder_answer (folder, "influence", "query", "train:2", "method", "source", "damping", damping, "top", "0", NULL);
  char *dump = json_dumps (json_object_get (document, "scores"), JSON_SORT_KEYS | JSON_REAL_PRECISION (17)), *text = g_strdup (dump);

  free (dump);
  json_decref (document);
  return text;
}

static void
train_by_steps (const Folder *folder)
{
  json_decref (folder_answer (folder, "new", NULL));
  json_decref (folder_answer (folder, "import", "what", "data", "file", folder->table, "id", "id", NULL));
  json_decref (folder_answer (folder, "train", "name", "net", "target", "score", "terms", "age,group", "optimizer", "adamw", "steps", "12", "batch", "10", NULL));
}

/* Another damping divides the same factors by other numbers. */
static void
test_segments (void)
{
  g_autofree char *one = NULL, *other = NULL, *again = NULL;
  Folder folder, fresh;
  guint n;

  folder_set_up (&folder, NULL);
  folder_set_up (&fresh, NULL);
  train_by_steps (&folder);
  train_by_steps (&fresh);
  one = ask_source (&folder, "0.1");
  n = count_factors (&folder);
  g_assert_cmpuint (n, ==, 6);                                    /* curvature and its diagonal, of three segments */
  other = ask_source (&folder, "1");
  g_assert_cmpuint (count_factors (&folder), ==, n);
  again = ask_source (&fresh, "1");
  g_assert_cmpstr (other, !=, one);
  g_assert_cmpstr (other, ==, again);
  folder_tear_down (&folder, NULL);
  folder_tear_down (&fresh, NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/factors/kept factors answer, and are fitted anew where that is asked for, to the same bits", Folder, NULL, folder_set_up, test_forced,
              folder_tear_down);
  g_test_add_func ("/factors/an index has the same bits whether its factors were kept or are fitted with it", test_index);
  g_test_add_func ("/factors/those of a training's segments serve every damping, to the same bits", test_segments);
  return g_test_run ();
}
