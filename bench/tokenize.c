/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenize.c: how fast a tokenizer cuts texts, by a tokenizer that has met nothing yet and by one that has met the same texts before.
 *
 *   bench/tokenize TOKENIZER FILE [--serve]
 *
 * FILE: texts with a zero byte between them (a file without one is one text). One thread. What is timed is the encoding alone, without reading files and without
 * loading the tokenizer. --serve answers lines: "time" (seconds by a new tokenizer), "again" (by that one once more), "ids FILE" (all numbers as int32), "info".
 */
#include "dataset/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRIALS 7

static const char *path;
static AssayTokenizer *tokenizer;
static char *bytes;
static gsize n_bytes;
static GArray *tokens;

static void
fail (GError *error)
{
  fprintf (stderr, "%s\n", error->message);
  exit (3);
}

static void
renew (void)
{
  GError *error = NULL;

  assay_tokenizer_free (tokenizer);
  tokenizer = assay_tokenizer_open (path, &error);
  if (tokenizer == NULL)
    fail (error);
}

static double
encode (void)
{
  GError *error = NULL;
  gint64 begin = g_get_monotonic_time ();

  g_array_set_size (tokens, 0);
  for (gsize at = 0, n; at < n_bytes; at += n + 1)
    {
      const char *stop = memchr (bytes + at, '\0', n_bytes - at);

      n = stop ? (gsize) (stop - bytes) - at : n_bytes - at;
      if (!assay_tokenizer_encode (tokenizer, bytes + at, n, FALSE, tokens, &error))
        fail (error);
    }
  return 1e-6 * (double) (g_get_monotonic_time () - begin);
}

static void
write_ids (const char *name)
{
  FILE *file = fopen (name, "wb");

  for (guint k = 0; file != NULL && k < tokens->len; k++)
    fwrite (&g_array_index (tokens, AssayToken, k).id, 4, 1, file);
  if (file == NULL || fclose (file) != 0)
    exit (4);
}

static void
serve (void)
{
  char line[4096];

  puts ("ready");
  fflush (stdout);
  while (fgets (line, sizeof line, stdin) != NULL)
    {
      g_strchomp (line);
      if (strcmp (line, "time") == 0)
        {
          renew ();
          printf ("%.9f\n", encode ());
        }
      else if (strcmp (line, "again") == 0)
        printf ("%.9f\n", encode ());
      else if (g_str_has_prefix (line, "ids "))
        {
          encode ();
          write_ids (line + 4);
          puts ("done");
        }
      else
        printf ("{\"bytes\": %" G_GSIZE_FORMAT ", \"tokens\": %u, \"model\": \"%s\", \"vocabulary\": %" G_GINT64_FORMAT "}\n", n_bytes, tokens->len, assay_tokenizer_get_model (tokenizer),
                assay_tokenizer_get_size (tokenizer));
      fflush (stdout);
    }
}

static int
compare (gconstpointer a, gconstpointer b)
{
  return (*(const double *) a > *(const double *) b) - (*(const double *) a < *(const double *) b);
}

int
main (int argc, char **argv)
{
  double cold[TRIALS], warm[TRIALS];
  GError *error = NULL;

  if (argc < 3)
    {
      fprintf (stderr, "usage: %s TOKENIZER FILE [--serve]\n", argv[0]);
      return 2;
    }
  path = argv[1];
  tokens = g_array_new (FALSE, FALSE, sizeof (AssayToken));
  if (!g_file_get_contents (argv[2], &bytes, &n_bytes, &error))
    fail (error);
  renew ();
  if (argc > 3 && strcmp (argv[3], "--serve") == 0)
    {
      serve ();
      return 0;
    }
  for (int trial = 0; trial < TRIALS; trial++)
    {
      renew ();
      cold[trial] = encode ();
      warm[trial] = encode ();
    }
  qsort (cold, TRIALS, sizeof *cold, compare);
  qsort (warm, TRIALS, sizeof *warm, compare);
  printf ("%" G_GSIZE_FORMAT " bytes, %u tokens, %s, median of %d, one thread\n", n_bytes, tokens->len, assay_tokenizer_get_model (tokenizer), TRIALS);
  printf ("%-34s %8.2f MB/s\n", "by a tokenizer that has met nothing", 1e-6 * (double) n_bytes / cold[TRIALS / 2]);
  printf ("%-34s %8.2f MB/s\n", "the same texts again", 1e-6 * (double) n_bytes / warm[TRIALS / 2]);
  return 0;
}
