/* SPDX-License-Identifier: GPL-3.0-or-later */
/* index_search.c: stages of bounds, each on what the one before it left. */
#include "influence/index_search.h"

#include "base/error.h"
#include "base/isa.h"
#include "base/mem.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define TILE ASSAY_INDEX_TILE
#define CHUNK 256               /* rows that meet a tile at a time: their products stay near */
#define SEGMENT 65536           /* rows with a threshold of their own until all have been seen */
#define ROOM 8192               /* rows that a segment may keep for a query, or 4 k: else all of them count as kept */
#define ROOMS 131072            /* the same of all segments together */
#define PAIRS 512               /* of a row and a query, in a block of work */
#define DENSE 16                /* all rows are multiplied where more than a part of 1/DENSE of all pairs is left */
#define DOUBLE_UNIT 0x1p-53

const char *const assay_index_orders[] = { "magnitude", "helpful", "harmful", NULL };

/* A row that may be among the k. */
typedef struct {
  gint64 row;
  float sum;                    /* of the blocks so far, in the query's unit */
  double hi, lo;                /* of what is ordered */
} Candidate;

/* What one segment keeps for one query. */
typedef struct {
  GArray *kept;                 /* Candidate, rows ascending */
  GArray *lows;                 /* float: a heap of the k largest lower ends, the least at its root */
  float threshold;
  gboolean overflows;
} Lane;

typedef struct {
  const AssayGradientIndex *index;
  const AssayIndexKernels *kernels;
  AssayWorkers *workers;
  gboolean is_signed;
  gint64 k;
  const AssayIndexQuery *queries;       /* of the tile */
  AssayIndexTile *tile;
  GArray *left[TILE];           /* Candidate, rows ascending; NULL: all rows */
  double threshold[TILE];       /* no smaller than this is the k-th */
  /* of the stage under way */
  guint from, blocks;
  float *weights;
  guint F;
  Lane *lanes;                  /* (segments, TILE) */
  gint64 lane_room;
  float *room;                  /* for each worker: dots, sum, bound of a chunk */
  gint64 first_pair[TILE + 1];  /* sparse: of each query in the list of all */
} Search;

static double
get_key (const Search *s, double sum)
{
  return s->is_signed ? sum : fabs (sum);
}

/* --- heaps of lower ends ------------------------------------------------------------------------------------------------------- */

static void
lower (GArray *heap, gint64 k, float x)
{
  float *h = (float *) (void *) heap->data;
  guint i = 0;

  if (heap->len < k)
    {
      g_array_append_val (heap, x);
      h = (float *) (void *) heap->data;
      for (i = heap->len - 1; i > 0 && h[(i - 1) / 2] > x; i = (i - 1) / 2)
        h[i] = h[(i - 1) / 2];
      h[i] = x;
      return;
    }
  if (x <= h[0])
    return;
  for (guint child; (child = 2 * i + 1) < heap->len; i = child)
    {
      if (child + 1 < heap->len && h[child + 1] < h[child])
        child++;
      if (h[child] >= x)
        break;
      h[i] = h[child];
    }
  h[i] = x;
}

/* --- all rows ------------------------------------------------------------------------------------------------------------------ */

/* Rounded so that the interval never shrinks. */
static float
below (double x)
{
  return -assay_index_round_up (-x);
}

static void
keep (const Search *s, Lane *lane, gint64 row, float sum, float bound)
{
  const double key = get_key (s, sum);
  const Candidate candidate = { row, sum, key + bound, key - bound };

  if (candidate.hi < lane->threshold)
    return;
  lower (lane->lows, s->k, below (candidate.lo));
  if (lane->lows->len == s->k)
    lane->threshold = MAX (lane->threshold, ((float *) (void *) lane->lows->data)[0]);
  if (lane->overflows)
    return;
  if (lane->kept->len >= s->lane_room)                                    /* what came early may be below by now */
    {
      guint n = 0;

      for (guint c = 0; c < lane->kept->len; c++)
        if (g_array_index (lane->kept, Candidate, c).hi >= lane->threshold)
          g_array_index (lane->kept, Candidate, n++) = g_array_index (lane->kept, Candidate, c);
      g_array_set_size (lane->kept, n);
      lane->overflows = n >= s->lane_room;
    }
  g_array_append_val (lane->kept, candidate);
}

/* sum, bound (n,TILE) of rows from first on, by the first s->blocks blocks. */
static void
multiply (const Search *s, gint64 first, gint64 n, gint32 *dots, float *sum, float *bound)
{
  const AssayGradientIndex *index = s->index;
  const guint bounds = assay_gradient_index_bounds (index);
  const float *features = assay_gradient_index_features (index, first);

  memset (sum, 0, n * TILE * sizeof *sum);
  for (guint b = 0; b < s->blocks; b++)
    {
      s->kernels->dots (n, assay_gradient_index_codes (index, b, first), index->sums + b * index->N + first, &s->tile->block[b], s->tile->n, dots);
      s->kernels->add (n, features + bounds + 2 * b + 1, index->n_features, s->tile->t + b * TILE, dots, sum);
    }
  s->kernels->bounds (n, features, index->n_features, s->F, s->weights, bound);
}

static float *
get_room (const Search *s, guint worker)
{
  return s->room + (gsize) worker * 3 * CHUNK * TILE;
}

static void
scan_segment (gsize segment, guint worker, gpointer data)
{
  Search *s = data;
  Lane *lanes = s->lanes + segment * TILE;
  float *sum = get_room (s, worker), *bound = sum + CHUNK * TILE, threshold[TILE];
  gint32 *dots = (gint32 *) (void *) (bound + CHUNK * TILE);
  guint32 found[CHUNK];
  gint64 end = MIN (s->index->N, ((gint64) segment + 1) * SEGMENT);
  const guint32 all = s->tile->n < 32 ? (1u << s->tile->n) - 1 : G_MAXUINT32;

  for (guint q = 0; q < s->tile->n; q++)
    lanes[q].threshold = below (s->threshold[q]);
  for (gint64 first = (gint64) segment * SEGMENT; first < end; first += CHUNK)
    {
      gint64 n = MIN (CHUNK, end - first);

      for (guint q = 0; q < TILE; q++)
        threshold[q] = q < s->tile->n ? lanes[q].threshold : INFINITY;
      multiply (s, first, n, dots, sum, bound);
      s->kernels->find (n, s->is_signed, sum, bound, threshold, found);
      for (gint64 r = 0; r < n; r++)
        for (guint32 bits = found[r] & all; bits != 0; bits &= bits - 1)
          {
            guint q = (guint) __builtin_ctz (bits);

            keep (s, &lanes[q], first + r, sum[r * TILE + q], bound[r * TILE + q]);
          }
    }
}

/* The k-th largest lower end of all segments. */
static void
raise_threshold (Search *s, guint q, guint segments)
{
  g_autoptr (GArray) lows = g_array_new (FALSE, FALSE, sizeof (float));

  for (guint g = 0; g < segments; g++)
    for (guint i = 0; i < s->lanes[g * TILE + q].lows->len; i++)
      lower (lows, s->k, g_array_index (s->lanes[g * TILE + q].lows, float, i));
  if (lows->len == s->k)
    s->threshold[q] = MAX (s->threshold[q], g_array_index (lows, float, 0));
}

/* What all segments kept, less what the threshold of all of them excludes. */
static void
gather_left (Search *s, guint q, guint segments)
{
  gboolean overflows = FALSE;

  g_clear_pointer (&s->left[q], g_array_unref);
  for (guint g = 0; g < segments; g++)
    overflows |= s->lanes[g * TILE + q].overflows;
  if (overflows)
    return;
  s->left[q] = g_array_new (FALSE, FALSE, sizeof (Candidate));
  for (guint g = 0; g < segments; g++)
    {
      GArray *kept = s->lanes[g * TILE + q].kept;

      for (guint c = 0; c < kept->len; c++)
        if (g_array_index (kept, Candidate, c).hi >= s->threshold[q])
          g_array_append_val (s->left[q], g_array_index (kept, Candidate, c));
    }
}

static void
scan_all (Search *s)
{
  guint segments = (guint) ((s->index->N + SEGMENT - 1) / SEGMENT);

  s->lane_room = MAX (MIN (ROOM, ROOMS / segments), 4 * s->k);
  s->lanes = g_new0 (Lane, segments * TILE);
  for (guint l = 0; l < segments * TILE; l++)
    {
      s->lanes[l].kept = g_array_new (FALSE, FALSE, sizeof (Candidate));
      s->lanes[l].lows = g_array_new (FALSE, FALSE, sizeof (float));
    }
  assay_workers_run (s->workers, segments, scan_segment, s);
  for (guint q = 0; q < s->tile->n; q++)
    {
      raise_threshold (s, q, segments);
      gather_left (s, q, segments);
    }
  for (guint l = 0; l < segments * TILE; l++)
    {
      g_array_unref (s->lanes[l].kept);
      g_array_unref (s->lanes[l].lows);
    }
  g_clear_pointer (&s->lanes, g_free);
}

/* --- the rows that are left -------------------------------------------------------------------------------------------------- */

/* More blocks of one row, and the bound that is then left. */
static void
add_blocks (const Search *s, guint q, Candidate *candidate)
{
  const AssayGradientIndex *index = s->index;
  const float *features = assay_gradient_index_features (index, candidate->row), *of_block = features + assay_gradient_index_bounds (index);
  double bound = 0, key;

  for (guint b = s->from; b < s->blocks; b++)
    candidate->sum += of_block[2 * b + 1]
                      * (s->tile->t[b * TILE + q] * (float) s->kernels->dot (assay_gradient_index_codes (index, b, candidate->row), s->tile->block[b].plain[q]));
  for (guint f = 0; f < s->F; f++)
    bound += (double) features[f] * (double) s->weights[f * TILE + q];
  key = get_key (s, candidate->sum);
  candidate->hi = key + bound;
  candidate->lo = key - bound;
}

/* The query as it is, in double: what is left is the rounding of the row. */
static void
refine (const Search *s, guint q, Candidate *candidate)
{
  const AssayGradientIndex *index = s->index;
  const float *features = assay_gradient_index_features (index, candidate->row), *of_block = features + assay_gradient_index_bounds (index);
  const double slack = (double) (index->D + 8 * index->n_features) * DOUBLE_UNIT;
  double sum = 0, bound = 0;

  for (guint b = 0; b < index->n_blocks; b++)
    {
      gint64 first = (gint64) b * ASSAY_INDEX_BLOCK, n = MIN (ASSAY_INDEX_BLOCK, index->D - first);
      const gint8 *codes = assay_gradient_index_codes (index, b, candidate->row);
      double part = 0, norm = s->tile->norm[b * TILE + q];

      for (gint64 k = 0; k < n; k++)
        part += s->queries[q].kept[first + k] * codes[k];
      sum += of_block[2 * b + 1] * (part / s->tile->unit[q]);
      bound += norm * (of_block[2 * b] + slack * (features[b] + of_block[2 * b]));
    }
  for (guint g = 0; g <= index->n_groups; g++)
    bound += s->tile->left_out[g * TILE + q] * features[index->n_blocks + g];
  bound = bound * (1 + slack) + DBL_MIN;
  candidate->hi = get_key (s, sum) + bound;
  candidate->lo = get_key (s, sum) - bound;
  candidate->hi += fabs (candidate->hi) * 2 * DOUBLE_UNIT;
  candidate->lo -= fabs (candidate->lo) * 2 * DOUBLE_UNIT;
}

static void
look_again (gsize block, guint worker, gpointer data)
{
  Search *s = data;
  gint64 end = MIN (s->first_pair[s->tile->n], ((gint64) block + 1) * PAIRS);
  guint q = 0;

  (void) worker;
  for (gint64 p = (gint64) block * PAIRS; p < end; p++)
    {
      Candidate *candidate;

      while (p >= s->first_pair[q + 1])
        q++;
      candidate = &g_array_index (s->left[q], Candidate, p - s->first_pair[q]);
      if (s->blocks > 0)
        add_blocks (s, q, candidate);
      else
        refine (s, q, candidate);
    }
}

/* Drops what the k-th largest lower end excludes. Lower ends of earlier stages count: they hold as well. */
static void
drop (Search *s, guint q)
{
  g_autoptr (GArray) lows = g_array_new (FALSE, FALSE, sizeof (float));
  guint n = 0;

  for (guint c = 0; c < s->left[q]->len; c++)
    lower (lows, s->k, below (g_array_index (s->left[q], Candidate, c).lo));
  if (lows->len == s->k)
    s->threshold[q] = MAX (s->threshold[q], g_array_index (lows, float, 0));
  for (guint c = 0; c < s->left[q]->len; c++)
    if (g_array_index (s->left[q], Candidate, c).hi >= s->threshold[q])
      g_array_index (s->left[q], Candidate, n++) = g_array_index (s->left[q], Candidate, c);
  g_array_set_size (s->left[q], n);
}

static void
scan_left (Search *s)
{
  s->first_pair[0] = 0;
  for (guint q = 0; q < s->tile->n; q++)
    s->first_pair[q + 1] = s->first_pair[q] + (s->left[q] ? s->left[q]->len : 0);
  assay_workers_run (s->workers, (gsize) ((s->first_pair[s->tile->n] + PAIRS - 1) / PAIRS), look_again, s);
  for (guint q = 0; q < s->tile->n; q++)
    if (s->left[q] != NULL)
      drop (s, q);
}

/* --- the stages of a tile ------------------------------------------------------------------------------------------------------- */

static gint64
count_left (const Search *s, guint q)
{
  return s->left[q] ? (gint64) s->left[q]->len : s->index->N;
}

static void
search_tile (Search *s, gint64 (*left)[ASSAY_INDEX_STAGES])
{
  const guint blocks[ASSAY_INDEX_STAGES - 1] = { 1, MIN (4, s->index->n_blocks), s->index->n_blocks };

  s->blocks = 0;
  for (guint q = 0; q < s->tile->n; q++)
    s->threshold[q] = -INFINITY;
  for (guint stage = 0; stage < ASSAY_INDEX_STAGES; stage++)
    {
      gint64 pairs = 0, all = s->index->N * s->tile->n;
      gboolean last = stage == ASSAY_INDEX_STAGES - 1, any_all = FALSE;

      for (guint q = 0; q < s->tile->n; q++)
        {
          pairs += count_left (s, q);
          any_all |= s->left[q] == NULL;
        }
      s->from = s->blocks;
      s->blocks = last ? 0 : blocks[stage];
      /* Where most is left a few more blocks will not do: all of them, at once. */
      if (stage == 1 && 2 * pairs > all)
        s->blocks = s->index->n_blocks;
      if (last)
        scan_left (s);
      else if (s->blocks > s->from)
        {
          s->F = assay_index_tile_weigh (s->tile, s->blocks, s->weights);
          if (any_all || DENSE * pairs > all)
            scan_all (s);
          else
            scan_left (s);
        }
      for (guint q = 0; q < s->tile->n; q++)
        left[q][stage] = count_left (s, q);
    }
}

/* --- exactly ------------------------------------------------------------------------------------------------------------------- */

/* All that any query has left. */
static gint64 *
unite (const AssayGradientIndex *index, gint64 Q, GArray *const *left, gint64 *n, GError **error)
{
  g_autoptr (AssayBuffer) wanted = assay_mem_alloc_array (index->N, 1, error);
  gint64 *rows;

  *n = 0;
  if (wanted == NULL)
    return NULL;
  for (gint64 q = 0; q < Q; q++)
    if (left[q] == NULL)
      memset (wanted, 1, index->N);
    else
      for (guint c = 0; c < left[q]->len; c++)
        ((guint8 *) wanted)[g_array_index (left[q], Candidate, c).row] = 1;
  for (gint64 i = 0; i < index->N; i++)
    *n += ((guint8 *) wanted)[i];
  rows = assay_mem_alloc_array (*n, sizeof *rows, error);
  for (gint64 i = 0, at = 0; rows != NULL && i < index->N; i++)
    if (((guint8 *) wanted)[i])
      rows[at++] = i;
  return rows;
}

/* The interval of a row by all of the index, for a query in its own unit and sign. */
static void
bound_row (const Search *s, guint q, gint64 row, double sign, double *lo, double *hi)
{
  Search plain = *s;
  Candidate candidate = { .row = row };

  plain.is_signed = TRUE;
  refine (&plain, q, &candidate);
  *lo = (sign > 0 ? candidate.lo : -candidate.hi) * s->tile->unit[q];
  *hi = (sign > 0 ? candidate.hi : -candidate.lo) * s->tile->unit[q];
}

static gboolean
is_better (const AssayIndexHit *a, const AssayIndexHit *b, AssayIndexOrder order)
{
  double x = order == ASSAY_INDEX_MAGNITUDE ? fabs (a->value) : order == ASSAY_INDEX_HELPFUL ? a->value : -a->value;
  double y = order == ASSAY_INDEX_MAGNITUDE ? fabs (b->value) : order == ASSAY_INDEX_HELPFUL ? b->value : -b->value;

  return x > y || (x == y && a->row < b->row);
}

static int
compare_hits (gconstpointer a, gconstpointer b, gpointer order)
{
  return is_better (a, b, GPOINTER_TO_UINT (order)) ? -1 : is_better (b, a, GPOINTER_TO_UINT (order)) ? 1 : 0;
}

/* The k best of a query's recomputed scores, each held to its interval. */
static gboolean
choose_hits (const Search *s, guint q, gint64 query, AssayIndexOrder order, const GArray *left, const gint64 *rows, gint64 n, const double *scores,
             AssayIndexHit *hit, GError **error)
{
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (AssayIndexHit));
  gint64 at = 0, m = left ? (gint64) left->len : n;

  for (gint64 c = 0; c < m; c++)
    {
      AssayIndexHit one = { .row = left ? g_array_index (left, Candidate, c).row : rows[c] };

      while (rows[at] < one.row)
        at++;
      one.value = scores[at];
      bound_row (s, q, one.row, order == ASSAY_INDEX_HARMFUL ? -1 : 1, &one.lo, &one.hi);
      if (!(one.value >= one.lo && one.value <= one.hi))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_CHECK_FAILED, "gradient index: query %" G_GINT64_FORMAT ", example %" G_GINT64_FORMAT ": its score %.9g is "
                       "outside the interval %.9g to %.9g that the index gives: the index is not of this model and these data; build it again", query, one.row,
                       one.value, one.lo, one.hi);
          return FALSE;
        }
      g_array_append_val (all, one);
    }
  g_array_sort_with_data (all, compare_hits, GUINT_TO_POINTER (order));
  memcpy (hit, all->data, s->k * sizeof *hit);
  return TRUE;
}

/* --- all queries ----------------------------------------------------------------------------------------------------------------- */

typedef struct {
  AssayIndexQuery *query;       /* (Q): harmful ones turned round */
  double *turned;               /* (Q,D) or NULL */
  AssayIndexTile **tile;
  GArray **left;                /* (Q) */
  gint64 Q;
} Asked;

static void
asked_clear (Asked *asked)
{
  for (gint64 t = 0; asked->tile != NULL && t * TILE < asked->Q; t++)
    assay_index_tile_free (asked->tile[t]);
  for (gint64 q = 0; asked->left != NULL && q < asked->Q; q++)
    g_clear_pointer (&asked->left[q], g_array_unref);
  g_free (asked->tile);
  g_free (asked->left);
  g_free (asked->query);
  assay_mem_free (asked->turned);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Asked, asked_clear)

static gboolean
asked_open (Asked *asked, const AssayGradientIndex *index, gint64 Q, const AssayIndexQuery *queries, AssayIndexOrder order, GError **error)
{
  asked->Q = Q;
  asked->query = g_memdup2 (queries, Q * sizeof *queries);
  asked->tile = g_new0 (AssayIndexTile *, (Q + TILE - 1) / TILE);
  asked->left = g_new0 (GArray *, Q);
  if (order == ASSAY_INDEX_HARMFUL)
    {
      if ((asked->turned = assay_mem_alloc_array (Q * index->D, sizeof (double), error)) == NULL)
        return FALSE;
      for (gint64 q = 0; q < Q; q++)
        {
          for (gint64 d = 0; d < index->D; d++)
            asked->turned[q * index->D + d] = -queries[q].kept[d];
          asked->query[q].kept = asked->turned + q * index->D;
        }
    }
  for (gint64 first = 0; first < Q; first += TILE)
    if ((asked->tile[first / TILE] = assay_index_tile_new (index, (guint) MIN (TILE, Q - first), asked->query + first, first, error)) == NULL)
      return FALSE;
  return TRUE;
}

void
assay_index_answer_free (AssayIndexAnswer *answer)
{
  if (answer == NULL)
    return;
  assay_mem_free (answer->hit);
  g_free (answer->left);
  g_free (answer);
}

AssayIndexAnswer *
assay_gradient_index_search (const AssayGradientIndex *index, AssayWorkers *workers, gint64 Q, const AssayIndexQuery *queries, gint64 k, AssayIndexOrder order,
                             AssayIndexExact exact, gpointer data, GError **error)
{
  g_auto (Asked) asked = { 0 };
  g_autoptr (AssayBuffer) room = NULL, weights = NULL, rows = NULL, scores = NULL;
  g_autoptr (AssayIndexAnswer) answer = g_new0 (AssayIndexAnswer, 1);
  Search s = { .index = index, .kernels = assay_index_kernels_get (), .workers = workers, .is_signed = order != ASSAY_INDEX_MAGNITUDE, .k = k };

  if (k < 1 || k > index->N)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "top: 1 to %" G_GINT64_FORMAT " expected, as many as the index has examples; found %" G_GINT64_FORMAT,
                   index->N, k);
      return NULL;
    }
  answer->Q = Q;
  answer->k = k;
  answer->left = g_malloc0_n (Q, sizeof *answer->left);
  if ((answer->hit = assay_mem_alloc_array (Q * k, sizeof *answer->hit, error)) == NULL
      || (room = assay_mem_alloc_array ((gsize) assay_workers_get_count (workers) * 3 * CHUNK * TILE, sizeof (float), error)) == NULL
      || (weights = assay_mem_alloc_array ((gsize) index->n_features * TILE, sizeof (float), error)) == NULL
      || !asked_open (&asked, index, Q, queries, order, error))
    return NULL;
  s.room = room;
  s.weights = weights;
  for (gint64 first = 0; first < Q; first += TILE)
    {
      s.tile = asked.tile[first / TILE];
      s.queries = asked.query + first;
      memset (s.left, 0, sizeof s.left);
      search_tile (&s, answer->left + first);
      memcpy (asked.left + first, s.left, s.tile->n * sizeof *s.left);
    }
  if ((rows = unite (index, Q, asked.left, &answer->n_exact, error)) == NULL
      || (scores = assay_mem_alloc_array (Q * answer->n_exact, sizeof (double), error)) == NULL
      || !exact (data, answer->n_exact, rows, scores, error))
    return NULL;
  for (gint64 q = 0; q < Q; q++)
    {
      s.tile = asked.tile[q / TILE];
      s.queries = asked.query + q / TILE * TILE;
      if (!choose_hits (&s, (guint) (q % TILE), q, order, asked.left[q], rows, answer->n_exact, (const double *) scores + q * answer->n_exact,
                        answer->hit + q * k, error))
        return NULL;
    }
  return g_steal_pointer (&answer);
}

/* --- every row ------------------------------------------------------------------------------------------------------------------ */

typedef struct {
  Search search;
  double *score, *bound;
} Ranking;

static void
rank_chunk (gsize chunk, guint worker, gpointer data)
{
  const Ranking *ranking = data;
  const Search *s = &ranking->search;
  float *sum = get_room (s, worker), *bound = sum + CHUNK * TILE;
  gint64 first = (gint64) chunk * CHUNK, n = MIN (CHUNK, s->index->N - first);

  multiply (s, first, n, (gint32 *) (void *) (bound + CHUNK * TILE), sum, bound);
  for (gint64 r = 0; r < n; r++)
    {
      ranking->score[first + r] = (double) sum[r * TILE] * s->tile->unit[0];
      if (ranking->bound != NULL)
        ranking->bound[first + r] = (double) bound[r * TILE] * s->tile->unit[0];
    }
}

gboolean
assay_gradient_index_rank (const AssayGradientIndex *index, AssayWorkers *workers, const AssayIndexQuery *query, double *score, double *bound, GError **error)
{
  g_autoptr (AssayIndexTile) tile = assay_index_tile_new (index, 1, query, 0, error);
  g_autoptr (AssayBuffer) room = NULL, weights = NULL;
  Ranking ranking = { .search = { .index = index, .kernels = assay_index_kernels_get (), .workers = workers, .tile = tile, .blocks = index->n_blocks },
                      .score = score, .bound = bound };

  if (tile == NULL
      || (room = assay_mem_alloc_array ((gsize) assay_workers_get_count (workers) * 3 * CHUNK * TILE, sizeof (float), error)) == NULL
      || (weights = assay_mem_alloc_array ((gsize) index->n_features * TILE, sizeof (float), error)) == NULL)
    return FALSE;
  ranking.search.room = room;
  ranking.search.weights = weights;
  ranking.search.F = assay_index_tile_weigh (tile, index->n_blocks, weights);
  assay_workers_run (workers, (gsize) ((index->N + CHUNK - 1) / CHUNK), rank_chunk, &ranking);
  return TRUE;
}

/* --- kernels ---------------------------------------------------------------------------------------------------------------------- */

static gboolean
has_byte_products (void)
{
#ifdef ASSAY_HAVE_X86
  return assay_isa_get () == ASSAY_ISA_X86_64_V4 && __builtin_cpu_supports ("avx512vnni");
#else
  return FALSE;
#endif
}

const AssayIndexKernels *
assay_index_kernels_get (void)
{
#ifdef ASSAY_HAVE_X86
  static const AssayIndexKernels *const of[ASSAY_N_ISAS] = { &assay_index_kernels_baseline, &assay_index_kernels_x86_64_v3, &assay_index_kernels_x86_64_v4 };

  return has_byte_products () ? &assay_index_kernels_x86_64_vnni : of[assay_isa_get ()];
#else
  return &assay_index_kernels_baseline;
#endif
}

const char *
assay_index_kernels_get_name (void)
{
  return has_byte_products () ? "x86-64-v4 with vnni" : assay_isa_get_name ();
}
