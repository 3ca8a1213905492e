/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unit_similarity.c: candidates by statistics or by distance over some rows, then the exact comparison over all of them. */
#include "probes/unit_similarity.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/rng.h"
#include "stats/exact_sum.h"
#include "tensor/gemm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 256               /* rows read together: a tile of the store */
#define STRIP 512               /* units whose products with all later ones are one matrix product */
#define EPS 0x1p-24

typedef struct {
  gint64 unit, other;
  gboolean differs;
  AssayExactSum dot, norm, other_norm;
} Candidate;

typedef struct {
  AssayUnits *units;
  AssayReader *reader;
  char *path;
  double *block;                /* (BLOCK, C) as read */
  gint64 n;                     /* rows in it */
  GArray *candidates;           /* Candidate */
  gboolean sums;                /* whether the cosine is wanted */
} Search;

static gboolean
read_block (Search *s, gint64 first, GError **error)
{
  gint64 start[2] = { first, 0 }, count[2] = { MIN (BLOCK, s->units->R - first), s->units->C };

  s->n = count[0];
  return assay_reader_read_box (s->reader, s->path, start, count, ASSAY_STORE_F64, s->block, error);
}

/* --- over all rows --------------------------------------------------------------------------------------------------- */

static void
compare_candidate (gsize k, guint worker, gpointer data)
{
  Search *s = data;
  Candidate *c = &g_array_index (s->candidates, Candidate, k);
  const double *x = s->block + c->unit, *y = s->block + c->other;
  gint64 C = s->units->C;

  (void) worker;
  if (!s->sums && c->differs)
    return;
  for (gint64 i = 0; i < s->n; i++)
    {
      c->differs |= x[i * C] != y[i * C];
      if (!s->sums)
        continue;
      assay_exact_sum_add_product (&c->dot, x[i * C], y[i * C]);
      assay_exact_sum_add_product (&c->norm, x[i * C], x[i * C]);
      assay_exact_sum_add_product (&c->other_norm, y[i * C], y[i * C]);
    }
}

static gboolean
compare_all (Search *s, AssayWorkers *workers, AssayProgress *progress, GError **error)
{
  for (gint64 first = 0; first < s->units->R && s->candidates->len > 0; first += BLOCK)
    {
      if (assay_progress_is_cancelled (progress, error) || !read_block (s, first, error))
        return FALSE;
      assay_workers_run (workers, s->candidates->len, compare_candidate, s);
      assay_progress_report (progress, "comparing units", (guint64) (first + s->n), (guint64) s->units->R, "rows", s->units->tap);
    }
  return TRUE;
}

/* --- exactly the same ------------------------------------------------------------------------------------------------ */

static gboolean
is_plain (const AssayUnit *unit)
{
  return !assay_unit_is_dead (unit) && !assay_unit_is_constant (unit);
}

/* By what equal activations have equal, bit for bit; then by number. */
static int
compare_statistics (gconstpointer a, gconstpointer b, gpointer data)
{
  const AssayUnits *units = data;
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;
  const AssayUnitStatistics *s = &units->unit[x].s, *t = &units->unit[y].s;
  int order = s->n_distinct < t->n_distinct ? -1 : s->n_distinct > t->n_distinct;

  if (order == 0)
    order = memcmp (&s->mean, &t->mean, sizeof s->mean);
  if (order == 0)
    order = memcmp (&s->variance, &t->variance, sizeof s->variance);
  if (order == 0)
    order = memcmp (s->count, t->count, sizeof s->count);
  return order;
}

static int
compare_units (gconstpointer a, gconstpointer b, gpointer data)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;
  int order = compare_statistics (a, b, data);

  return order ? order : x < y ? -1 : x > y;
}

static GArray *
list_plain (const AssayUnits *units)
{
  GArray *list = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (gint64 u = 0; u < units->C; u++)
    if (is_plain (&units->unit[u]) && units->unit[u].twin < 0)
      g_array_append_val (list, u);
  return list;
}

/* Of each run of units with equal statistics the first and each of the others. */
static void
add_twin_candidates (Search *s, GArray *list)
{
  guint first = 0;

  g_array_sort_with_data (list, compare_units, s->units);
  for (guint k = 1; k < list->len; k++)
    if (compare_statistics (&g_array_index (list, gint64, first), &g_array_index (list, gint64, k), s->units) == 0)
      {
        Candidate c = { .unit = g_array_index (list, gint64, first), .other = g_array_index (list, gint64, k) };

        g_array_append_val (s->candidates, c);
      }
    else
      first = k;
}

/* Those that turn out different from the first are compared with each other in the next round. */
static gboolean
find_twins (Search *s, AssayWorkers *workers, AssayProgress *progress, GError **error)
{
  g_autoptr (GArray) list = list_plain (s->units);

  s->sums = FALSE;
  do
    {
      g_array_set_size (s->candidates, 0);
      add_twin_candidates (s, list);
      if (!compare_all (s, workers, progress, error))
        return FALSE;
      g_array_set_size (list, 0);
      for (guint k = 0; k < s->candidates->len; k++)
        {
          Candidate *c = &g_array_index (s->candidates, Candidate, k);

          if (c->differs)
            g_array_append_val (list, c->other);
          else
            s->units->unit[c->other].twin = c->unit;
        }
    }
  while (list->len > 1);
  return TRUE;
}

/* --- by cosine ------------------------------------------------------------------------------------------------------- */

typedef struct {
  GArray *list;                 /* L units */
  double *scale;                /* (L) 1 / norm */
  float *x;                     /* (BLOCK, L) normalised */
  float *gram;                  /* (L, L) upper half, over the rows so far */
  gint64 *order;                /* first rows of the blocks, shuffled */
  gint64 n_blocks;
} Screen;

static void
screen_clear (Screen *screen)
{
  g_clear_pointer (&screen->list, g_array_unref);
  assay_mem_free (screen->scale);
  assay_mem_free (screen->x);
  assay_mem_free (screen->gram);
  g_free (screen->order);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Screen, screen_clear)

static gboolean
screen_open (Screen *screen, const AssayUnits *units, GError **error)
{
  AssayRng rng = assay_rng_new (0, assay_rng_stream ("unit.screen", 0));
  gint64 L;

  screen->list = list_plain (units);
  L = screen->list->len;
  screen->n_blocks = (units->R + BLOCK - 1) / BLOCK;
  screen->order = g_new (gint64, screen->n_blocks);
  for (gint64 b = 0; b < screen->n_blocks; b++)
    screen->order[b] = b * BLOCK;
  assay_rng_shuffle (&rng, screen->order, (gsize) screen->n_blocks);
  if (L < 2 || L > ASSAY_UNIT_SIMILARITY_MOST_UNITS)
    return TRUE;
  screen->scale = assay_mem_new (double, L, error);
  screen->x = screen->scale ? assay_mem_new (float, L * BLOCK, error) : NULL;
  screen->gram = screen->x ? assay_mem_new (float, L * L, error) : NULL;
  for (gint64 l = 0; screen->gram != NULL && l < L; l++)
    {
      const AssayUnitStatistics *s = &units->unit[g_array_index (screen->list, gint64, l)].s;

      screen->scale[l] = 1 / sqrt ((double) s->n * (s->variance + s->mean * s->mean));
    }
  return screen->gram != NULL;
}

/* gram += x^T x, the upper half of it */
static void
add_products (Screen *screen, const Search *s, AssayWorkers *workers)
{
  gint64 L = screen->list->len;

  for (gint64 i = 0; i < s->n; i++)
    for (gint64 l = 0; l < L; l++)
      screen->x[i * L + l] = (float) (s->block[i * s->units->C + g_array_index (screen->list, gint64, l)] * screen->scale[l]);
  for (gint64 l = 0; l < L; l += STRIP)
    assay_gemm_f32 (workers, TRUE, FALSE, MIN (STRIP, L - l), L - l, s->n, 1, screen->x + l, L, screen->x + l, L, TRUE,
                    screen->gram + l * L + l, L);
}

/* Pairs that may still have the cosine after `blocks` blocks; up to most + 1 of them become candidates. In float32 a product over all rows is
 * off by at most (256 + blocks + 4) eps, in runs of 256 terms and sums of runs, and the distance by four times that. */
static void
list_survivors (Search *s, const Screen *screen, double bound, gint64 blocks, guint most)
{
  gint64 L = screen->list->len;
  double limit = 2 - 2 * bound + 4 * (double) (BLOCK + blocks + 4) * EPS;

  g_array_set_size (s->candidates, 0);
  for (gint64 l = 0; l < L; l++)
    for (gint64 k = l + 1; k < L && s->candidates->len <= most; k++)
      {
        double distance = (double) screen->gram[l * L + l] + (double) screen->gram[k * L + k] - 2 * fabs ((double) screen->gram[l * L + k]);

        if (!(distance > limit))
          {
            Candidate c = { .unit = g_array_index (screen->list, gint64, l), .other = g_array_index (screen->list, gint64, k) };

            g_array_append_val (s->candidates, c);
          }
      }
}

/* Goes on until so few are left that comparing them exactly is cheap, looking after 1, 2, 4, 8 ... blocks. */
static gboolean
screen_pairs (Search *s, Screen *screen, double bound, AssayWorkers *workers, AssayProgress *progress, GError **error)
{
  guint few = screen->list->len;

  for (gint64 b = 0; b < screen->n_blocks; b++)
    {
      if (assay_progress_is_cancelled (progress, error) || !read_block (s, screen->order[b], error))
        return FALSE;
      add_products (screen, s, workers);
      if (((b + 1) & b) != 0 && b + 1 < screen->n_blocks)
        continue;
      list_survivors (s, screen, bound, b + 1, b + 1 < screen->n_blocks ? few : ASSAY_UNIT_SIMILARITY_MOST_PAIRS);
      if (s->candidates->len <= few)
        return TRUE;
      assay_progress_report (progress, "looking for similar units", (guint64) (b + 1), (guint64) screen->n_blocks, "blocks", s->units->tap);
    }
  return TRUE;
}

static gboolean
find_similar (Search *s, double bound, AssayWorkers *workers, AssayProgress *progress, GError **error)
{
  g_auto (Screen) screen = { 0 };

  if (!screen_open (&screen, s->units, error))
    return FALSE;
  if (screen.list->len > ASSAY_UNIT_SIMILARITY_MOST_UNITS)
    {
      s->units->similar_missing = g_strdup_printf ("%u units are compared at most, this tap has %u", ASSAY_UNIT_SIMILARITY_MOST_UNITS, screen.list->len);
      return TRUE;
    }
  g_array_set_size (s->candidates, 0);
  if (screen.list->len < 2)
    return TRUE;
  if (!screen_pairs (s, &screen, bound, workers, progress, error))
    return FALSE;
  if (s->candidates->len > ASSAY_UNIT_SIMILARITY_MOST_PAIRS)
    {
      s->units->similar_missing = g_strdup_printf ("more than %u pairs reach a cosine of %g: give a higher bound", ASSAY_UNIT_SIMILARITY_MOST_PAIRS, bound);
      return TRUE;
    }
  s->sums = TRUE;
  if (!compare_all (s, workers, progress, error))
    return FALSE;
  for (guint k = 0; k < s->candidates->len; k++)
    {
      const Candidate *c = &g_array_index (s->candidates, Candidate, k);
      double cosine = assay_exact_sum_get (&c->dot) / (sqrt (assay_exact_sum_get (&c->norm)) * sqrt (assay_exact_sum_get (&c->other_norm)));
      AssayUnitPair pair = { c->unit, c->other, CLAMP (cosine, -1, 1) };

      if (fabs (pair.cosine) >= bound)
        g_array_append_val (s->units->pairs, pair);
    }
  return TRUE;
}

gboolean
assay_unit_similarity_find (AssayUnits *units, AssayReader *reader, double bound, AssayWorkers *workers, AssayProgress *progress, GError **error)
{
  Search s = { .units = units, .reader = reader, .path = g_strconcat ("/activations/", units->tap, NULL),
               .candidates = g_array_new (FALSE, FALSE, sizeof (Candidate)) };
  gboolean fine;

  s.block = assay_mem_new (double, (guint64) units->C * BLOCK, error);
  fine = s.block != NULL && find_twins (&s, workers, progress, error) && (bound == 0 || find_similar (&s, bound, workers, progress, error));
  units->similar = bound;
  assay_mem_free (s.block);
  g_array_unref (s.candidates);
  g_free (s.path);
  return fine;
}
