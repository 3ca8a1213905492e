/* SPDX-License-Identifier: GPL-3.0-or-later */
/* index_search.c: one pass over the rows in which most fall out early, and exact looks at what it leaves. */
#include "config.h"

#include "influence/index_search.h"

#include "base/error.h"
#include "base/isa.h"
#include "base/mem.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define TILE ASSAY_INDEX_TILE
#define CHUNK 256               /* rows that meet all tiles while they are near */
#define SEGMENT 65536           /* rows with a threshold of their own until all have been seen */
#define HEAVY 2048              /* rows of largest norm, of all segments together, that the first thresholds come from */
#define ROOM 8192               /* rows that a segment may keep for a query, or 4 k: else all of them count as kept */
#define ROOMS 131072            /* the same of all segments together */
#define PAIRS 512               /* of a row and a query, in a block of work */
#define DOUBLE_UNIT 0x1p-53

const char *const assay_index_orders[] = { "magnitude", "helpful", "harmful", NULL };

/* A row that may be among the k: its score is within bound of sum, in the query's unit. */
typedef struct {
  gint64 row;
  double sum, bound;
} Candidate;

/* What one segment keeps for one query. */
typedef struct {
  GArray *kept;                 /* Candidate, rows ascending */
  GArray *lows;                 /* float: a heap of the k largest lower ends, the least at its root */
  float threshold;
  gint64 after_one, after_four; /* rows that so many blocks left */
  gboolean overflows;
} Lane;

typedef struct {
  gint64 Q;
  AssayIndexQuery *query;       /* (Q): harmful ones turned round */
  double *turned;               /* (Q,D) or NULL */
  AssayIndexTile **tile;
  double *threshold;            /* (Q): no smaller than this is the k-th */
  GArray **left;                /* (Q): Candidate, rows ascending; NULL: all rows */
} Asked;

/* What a worker needs for a chunk. */
typedef struct {
  float sum[CHUNK * TILE];
  float threshold[TILE];
  guint32 found[CHUNK];
  gint32 count[TILE];
  guint16 rows[CHUNK];
} Room;

typedef struct {
  const AssayGradientIndex *index;
  const AssayIndexKernels *kernels;
  AssayWorkers *workers;
  gboolean is_signed;
  gint64 k;
  Asked asked;
  Lane *lanes;                  /* (segments, Q) */
  gint64 segments, lane_room;
  Room *room;                   /* for each worker */
  gint64 *first_pair;           /* (Q + 1): of each query in the list of all that is left */
} Search;

/* Of what is ordered; the margin is for the addition. */
static double
get_key (const Search *s, double sum)
{
  return s->is_signed ? sum : fabs (sum);
}

static double
get_upper (const Search *s, const Candidate *c)
{
  const double end = get_key (s, c->sum) + c->bound;

  return end + fabs (end) * 2 * DOUBLE_UNIT;
}

static double
get_lower (const Search *s, const Candidate *c)
{
  const double end = get_key (s, c->sum) - c->bound;

  return end - fabs (end) * 2 * DOUBLE_UNIT;
}

/* --- heaps of lower ends ------------------------------------------------------------------------------------------------------- */

/* x enters where it is one of the k largest so far. */
static void
note_low (GArray *heap, gint64 k, float x)
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

static Lane *
get_lane (const Search *s, gsize segment, gint64 q)
{
  return &s->lanes[(gint64) segment * s->asked.Q + q];
}

/* Rounded so that the interval never shrinks. */
static float
round_down (double x)
{
  return -assay_index_round_up (-x);
}

static void
keep_candidate (const Search *s, Lane *lane, gint64 row, float sum, float bound)
{
  const Candidate candidate = { row, (double) sum, (double) bound };

  if (get_upper (s, &candidate) < lane->threshold)
    return;
  note_low (lane->lows, s->k, round_down (get_lower (s, &candidate)));
  if (lane->lows->len == s->k)
    lane->threshold = MAX (lane->threshold, ((float *) (void *) lane->lows->data)[0]);
  if (lane->overflows)
    return;
  if (lane->kept->len >= s->lane_room)                                    /* what came early may be below by now */
    {
      guint n = 0;

      for (guint c = 0; c < lane->kept->len; c++)
        if (!(get_upper (s, &g_array_index (lane->kept, Candidate, c)) < lane->threshold))
          g_array_index (lane->kept, Candidate, n++) = g_array_index (lane->kept, Candidate, c);
      g_array_set_size (lane->kept, n);
      lane->overflows = n >= s->lane_room;
    }
  g_array_append_val (lane->kept, candidate);
}

static AssayIndexRowBlock
get_block (const AssayGradientIndex *index, guint b, gint64 first)
{
  const gint64 at = b * index->N + first;

  return (AssayIndexRowBlock) { assay_gradient_index_codes (index, b, first), index->sums + at, index->scale + at };
}

/* Of a row and a query, all blocks multiplied. */
static float
bound_pair (const AssayGradientIndex *index, const AssayIndexTile *tile, guint q, gint64 row)
{
  const float *features = assay_gradient_index_features (index, row), *weight = tile->weight + (gsize) q * index->n_features;
  float bound = ASSAY_INDEX_UNDERFLOW;

  for (guint f = 0; f < index->n_features; f++)
    bound += features[f] * weight[f];
  return bound;
}

/* Blocks after blocks of n rows from `first` on, for those that any query of the tile still needs; what is left then is kept. */
static void
scan_chunk (Search *s, gsize segment, gint64 first_query, gint64 first, guint n, Room *room)
{
  const AssayGradientIndex *index = s->index;
  const AssayIndexTile *tile = s->asked.tile[first_query / TILE];
  const guint four = MIN (4, index->n_blocks);

  for (guint q = 0; q < TILE; q++)
    room->threshold[q] = q < tile->n ? get_lane (s, segment, first_query + q)->threshold : INFINITY;
  for (guint r = 0; r < n; r++)
    room->rows[r] = (guint16) r;
  memset (room->sum, 0, n * TILE * sizeof *room->sum);
  for (guint stop = 0, b = 0; stop < index->n_stops && n > 0; stop++)
    {
      for (; b < index->stop[stop]; b++)
        {
          const AssayIndexRowBlock block = get_block (index, b, first);

          s->kernels->multiply (n, room->rows, &block, &tile->block[b], tile->t + b * TILE, tile->n, room->sum);
        }
      n = s->kernels->find (n, room->rows, s->is_signed, tile->n, room->sum, assay_gradient_index_reach (index, first), 3 + index->n_stops, 3 + stop,
                            tile->reach + (gsize) stop * 4 * TILE, room->threshold, room->rows, room->found);
      if (b == 1 || b == four)
        {
          memset (room->count, 0, sizeof room->count);
          s->kernels->count (n, room->found, room->count);
          for (guint q = 0; q < tile->n; q++)
            {
              get_lane (s, segment, first_query + q)->after_one += b == 1 ? room->count[q] : 0;
              get_lane (s, segment, first_query + q)->after_four += b == four ? room->count[q] : 0;
            }
        }
    }
  for (guint i = 0; i < n; i++)
    for (guint32 bits = room->found[i]; bits != 0; bits &= bits - 1)
      {
        guint q = (guint) __builtin_ctz (bits);
        gint64 row = first + room->rows[i];

        keep_candidate (s, get_lane (s, segment, first_query + q), row, room->sum[room->rows[i] * TILE + q], bound_pair (index, tile, q, row));
      }
}

static void
scan_segment (gsize segment, guint worker, gpointer data)
{
  Search *s = data;
  gint64 end = MIN (s->index->N, ((gint64) segment + 1) * SEGMENT);

  for (gint64 first = (gint64) segment * SEGMENT; first < end; first += CHUNK)
    for (gint64 q = 0; q < s->asked.Q; q += TILE)
      scan_chunk (s, segment, q, first, (guint) MIN (CHUNK, end - first), &s->room[worker]);
}

/* --- first thresholds ---------------------------------------------------------------------------------------------------------- */

/* Lower ends of a row's scores. */
static void
weigh_row (Search *s, gsize segment, gint64 row, Room *room)
{
  static const guint16 itself[1] = { 0 };

  for (gint64 first = 0; first < s->asked.Q; first += TILE)
    {
      const AssayIndexTile *tile = s->asked.tile[first / TILE];

      memset (room->sum, 0, TILE * sizeof *room->sum);
      for (guint b = 0; b < s->index->n_blocks; b++)
        {
          const AssayIndexRowBlock block = get_block (s->index, b, row);

          s->kernels->multiply (1, itself, &block, &tile->block[b], tile->t + b * TILE, tile->n, room->sum);
        }
      for (guint q = 0; q < tile->n; q++)
        {
          const Candidate candidate = { row, (double) room->sum[q], (double) bound_pair (s->index, tile, q, row) };

          note_low (get_lane (s, segment, first + q)->lows, s->k, round_down (get_lower (s, &candidate)));
        }
    }
}

/* Rows of large norm are likely to have large scores: the first `wanted` of a segment that are not below its wanted-th largest norm. */
static void
weigh_segment (gsize segment, guint worker, gpointer data)
{
  Search *s = data;
  const gint64 first = (gint64) segment * SEGMENT, end = MIN (s->index->N, first + SEGMENT), wanted = MAX (HEAVY, 2 * s->k) / s->segments + 1;
  g_autoptr (GArray) heaviest = g_array_new (FALSE, FALSE, sizeof (float));
  gint64 n = 0;

  for (gint64 i = first; i < end; i++)
    note_low (heaviest, wanted, assay_gradient_index_reach (s->index, i)[1]);
  for (gint64 i = first; i < end && n < wanted; i++)
    if (assay_gradient_index_reach (s->index, i)[1] >= g_array_index (heaviest, float, 0))
      {
        weigh_row (s, segment, i, &s->room[worker]);
        n++;
      }
}

/* The k-th largest lower end of all segments. */
static void
raise_threshold (Search *s, gint64 q)
{
  g_autoptr (GArray) lows = g_array_new (FALSE, FALSE, sizeof (float));

  for (gint64 g = 0; g < s->segments; g++)
    for (guint i = 0; i < get_lane (s, (gsize) g, q)->lows->len; i++)
      note_low (lows, s->k, g_array_index (get_lane (s, (gsize) g, q)->lows, float, i));
  if (lows->len == s->k)
    s->asked.threshold[q] = MAX (s->asked.threshold[q], (double) g_array_index (lows, float, 0));
}

/* Drops what the query's threshold excludes. */
static void
drop_below (const Search *s, gint64 q, GArray *left)
{
  guint n = 0;

  for (guint c = 0; c < left->len; c++)
    if (!(get_upper (s, &g_array_index (left, Candidate, c)) < s->asked.threshold[q]))
      g_array_index (left, Candidate, n++) = g_array_index (left, Candidate, c);
  g_array_set_size (left, n);
}

/* What all segments kept, less what the threshold of all of them excludes. */
static void
gather_left (Search *s, gint64 q)
{
  GArray *left;

  for (gint64 g = 0; g < s->segments; g++)
    if (get_lane (s, (gsize) g, q)->overflows)
      return;
  left = s->asked.left[q] = g_array_new (FALSE, FALSE, sizeof (Candidate));
  for (gint64 g = 0; g < s->segments; g++)
    {
      const GArray *kept = get_lane (s, (gsize) g, q)->kept;

      g_array_append_vals (left, kept->data, kept->len);
    }
  drop_below (s, q, left);
}

static void
open_lanes (Search *s)
{
  s->segments = (s->index->N + SEGMENT - 1) / SEGMENT;
  s->lane_room = MAX (MIN (ROOM, ROOMS / s->segments), 4 * s->k);
  s->lanes = g_new0 (Lane, s->segments * s->asked.Q);
  for (gint64 l = 0; l < s->segments * s->asked.Q; l++)
    {
      s->lanes[l].kept = g_array_new (FALSE, FALSE, sizeof (Candidate));
      s->lanes[l].lows = g_array_new (FALSE, FALSE, sizeof (float));
    }
}

static void
close_lanes (Search *s)
{
  for (gint64 l = 0; l < s->segments * s->asked.Q; l++)
    {
      g_array_unref (s->lanes[l].kept);
      g_array_unref (s->lanes[l].lows);
    }
  g_clear_pointer (&s->lanes, g_free);
}

static void
scan (Search *s, gint64 (*left)[ASSAY_INDEX_STAGES])
{
  open_lanes (s);
  assay_workers_run (s->workers, (gsize) s->segments, weigh_segment, s);
  for (gint64 q = 0; q < s->asked.Q; q++)
    {
      s->asked.threshold[q] = -INFINITY;
      raise_threshold (s, q);
      for (gint64 g = 0; g < s->segments; g++)
        {
          get_lane (s, (gsize) g, q)->threshold = round_down (s->asked.threshold[q]);
          g_array_set_size (get_lane (s, (gsize) g, q)->lows, 0);         /* the pass meets those rows again */
        }
    }
  assay_workers_run (s->workers, (gsize) s->segments, scan_segment, s);
  for (gint64 q = 0; q < s->asked.Q; q++)
    {
      raise_threshold (s, q);
      gather_left (s, q);
      for (gint64 g = 0; g < s->segments; g++)
        {
          left[q][0] += get_lane (s, (gsize) g, q)->after_one;
          left[q][1] += get_lane (s, (gsize) g, q)->after_four;
        }
      left[q][2] = s->asked.left[q] ? (gint64) s->asked.left[q]->len : s->index->N;
    }
  close_lanes (s);
}

/* --- all rows, on a device ---------------------------------------------------------------------------------------------------------- */

typedef struct {
  Search *search;
  gint64 (*left)[ASSAY_INDEX_STAGES];
} Gathering;

/* A device has a threshold that is a little low; that of all that it left is the one of all rows. */
static void
gather_found (gint64 q, gint64 n, const gint32 *rows, const float *sum, const float *bound, gpointer data)
{
  const Gathering *g = data;
  Search *s = g->search;
  GArray *left = NULL;

  if (rows != NULL)
    {
      g_autoptr (GArray) lows = g_array_new (FALSE, FALSE, sizeof (float));

      left = g_array_sized_new (FALSE, FALSE, sizeof (Candidate), (guint) n);
      for (gint64 i = 0; i < n; i++)
        {
          const Candidate candidate = { rows[i], (double) sum[i], (double) bound[i] };

          g_array_append_val (left, candidate);
          note_low (lows, s->k, round_down (get_lower (s, &candidate)));
        }
      if (lows->len == s->k)
        s->asked.threshold[q] = (double) g_array_index (lows, float, 0);
      drop_below (s, q, left);
    }
  s->asked.left[q] = left;
  g->left[q][0] = g->left[q][1] = s->index->N;                    /* no row is done with before its last block */
  g->left[q][2] = left ? (gint64) left->len : s->index->N;
}

/* FALSE without an error where the device has no memory for it. */
static gboolean
scan_there (Search *s, AssayDeviceIndex *there, gint64 (*left)[ASSAY_INDEX_STAGES], GError **error)
{
  Gathering gathering = { s, left };
  GError *fault = NULL;

  for (gint64 q = 0; q < s->asked.Q; q++)
    s->asked.threshold[q] = -INFINITY;
  if (assay_device_index_find (there, s->asked.Q, s->asked.tile, s->k, s->is_signed, MAX (ROOMS, 4 * s->k), gather_found, &gathering, &fault))
    return TRUE;
  for (gint64 q = 0; q < s->asked.Q; q++)
    g_clear_pointer (&s->asked.left[q], g_array_unref);
  if (g_error_matches (fault, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY))
    g_error_free (fault);
  else
    g_propagate_error (error, fault);
  return FALSE;
}

/* --- the rows that are left -------------------------------------------------------------------------------------------------- */

/* The query as it is, in double: what the bound still holds is the rounding of the row. */
static void
refine (const Search *s, gint64 query, Candidate *candidate)
{
  const AssayGradientIndex *index = s->index;
  const AssayIndexTile *tile = s->asked.tile[query / TILE];
  const guint q = query % TILE;
  const float *features = assay_gradient_index_features (index, candidate->row), *e = features + assay_gradient_index_bounds (index);
  const double slack = (double) (index->D + 8 * index->n_features) * DOUBLE_UNIT, *kept = s->asked.query[query].kept;
  double sum = 0, bound = 0;

  for (guint b = 0; b < index->n_blocks; b++)
    {
      gint64 first = (gint64) b * ASSAY_INDEX_BLOCK, n = MIN (ASSAY_INDEX_BLOCK, index->D - first);
      double norm = tile->norm[b * TILE + q], part = s->kernels->product (n, assay_gradient_index_codes (index, b, candidate->row), kept + first);

      sum += index->scale[b * index->N + candidate->row] * (part / tile->unit[q]);
      bound += norm * (e[b] + slack * (features[b] + e[b]));
    }
  for (guint g = 0; g <= index->n_groups; g++)
    bound += tile->left_out[g * TILE + q] * features[index->n_blocks + g];
  candidate->sum = sum;
  candidate->bound = bound * (1 + slack) + DBL_MIN;
}

/* Rows that are left lie apart: their bytes are on the way while another one is multiplied. */
static void
prefetch_row (const AssayGradientIndex *index, gint64 row)
{
  for (guint b = 0; b < index->n_blocks; b++)
    for (guint k = 0; k < ASSAY_INDEX_BLOCK; k += 64)
      __builtin_prefetch (assay_gradient_index_codes (index, b, row) + k);
}

static void
refine_pairs (gsize block, guint worker, gpointer data)
{
  Search *s = data;
  gint64 end = MIN (s->first_pair[s->asked.Q], ((gint64) block + 1) * PAIRS), q = 0;

  (void) worker;
  for (gint64 p = (gint64) block * PAIRS; p < end; p++)
    {
      while (p >= s->first_pair[q + 1])
        q++;
      if (p + 1 < s->first_pair[q + 1])
        prefetch_row (s->index, g_array_index (s->asked.left[q], Candidate, p + 1 - s->first_pair[q]).row);
      refine (s, q, &g_array_index (s->asked.left[q], Candidate, p - s->first_pair[q]));
    }
}

/* Drops what the k-th largest lower end excludes. Lower ends of the pass count: they hold as well. */
static void
drop_excluded (Search *s, gint64 q)
{
  g_autoptr (GArray) lows = g_array_new (FALSE, FALSE, sizeof (float));
  GArray *left = s->asked.left[q];

  for (guint c = 0; c < left->len; c++)
    note_low (lows, s->k, round_down (get_lower (s, &g_array_index (left, Candidate, c))));
  if (lows->len == s->k)
    s->asked.threshold[q] = MAX (s->asked.threshold[q], (double) g_array_index (lows, float, 0));
  drop_below (s, q, left);
}

static void
refine_left (Search *s, gint64 (*left)[ASSAY_INDEX_STAGES])
{
  g_autofree gint64 *first_pair = s->first_pair = g_new0 (gint64, s->asked.Q + 1);

  for (gint64 q = 0; q < s->asked.Q; q++)
    first_pair[q + 1] = first_pair[q] + (s->asked.left[q] ? s->asked.left[q]->len : 0);
  assay_workers_run (s->workers, (gsize) ((first_pair[s->asked.Q] + PAIRS - 1) / PAIRS), refine_pairs, s);
  for (gint64 q = 0; q < s->asked.Q; q++)
    {
      if (s->asked.left[q] != NULL)
        drop_excluded (s, q);
      left[q][3] = s->asked.left[q] ? (gint64) s->asked.left[q]->len : s->index->N;
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

/* The interval of a candidate in scores, for a query that may have been turned round. */
static void
set_interval (const Search *s, gint64 q, double sign, const Candidate *c, AssayIndexHit *hit)
{
  const double unit = s->asked.tile[q / TILE]->unit[q % TILE], sum = sign * c->sum;

  hit->lo = (sum - c->bound - fabs (sum - c->bound) * 2 * DOUBLE_UNIT) * unit;
  hit->hi = (sum + c->bound + fabs (sum + c->bound) * 2 * DOUBLE_UNIT) * unit;
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
choose_hits (const Search *s, gint64 q, AssayIndexOrder order, const gint64 *rows, gint64 n, const double *scores, AssayIndexHit *hit, GError **error)
{
  const GArray *left = s->asked.left[q];
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (AssayIndexHit));
  gint64 at = 0, m = left ? (gint64) left->len : n;

  for (gint64 c = 0; c < m; c++)
    {
      Candidate candidate = { .row = rows[c] };
      AssayIndexHit one;

      if (left != NULL)
        candidate = g_array_index (left, Candidate, c);
      else
        refine (s, q, &candidate);
      while (rows[at] < candidate.row)
        at++;
      one = (AssayIndexHit) { .row = candidate.row, .value = scores[at] };
      set_interval (s, q, order == ASSAY_INDEX_HARMFUL ? -1 : 1, &candidate, &one);
      if (!(one.value >= one.lo && one.value <= one.hi))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_CHECK_FAILED, "gradient index: query %" G_GINT64_FORMAT ", example %" G_GINT64_FORMAT ": its score %.9g is "
                       "outside the interval %.9g to %.9g that the index gives: the index is not of this model and these data; build it again", q, one.row,
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

static void
asked_clear (Asked *asked)
{
  for (gint64 t = 0; asked->tile != NULL && t * TILE < asked->Q; t++)
    assay_index_tile_free (asked->tile[t]);
  for (gint64 q = 0; asked->left != NULL && q < asked->Q; q++)
    g_clear_pointer (&asked->left[q], g_array_unref);
  g_free (asked->tile);
  g_free (asked->left);
  g_free (asked->threshold);
  g_free (asked->query);
  assay_mem_free (asked->turned);
}

static void
search_clear (Search *s)
{
  asked_clear (&s->asked);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Search, search_clear)

static gboolean
asked_open (Asked *asked, const AssayGradientIndex *index, gint64 Q, const AssayIndexQuery *queries, AssayIndexOrder order, GError **error)
{
  asked->Q = Q;
  asked->query = g_memdup2 (queries, Q * sizeof *queries);
  asked->tile = g_new0 (AssayIndexTile *, (Q + TILE - 1) / TILE);
  asked->left = g_new0 (GArray *, Q);
  asked->threshold = g_new0 (double, Q);
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
assay_gradient_index_search (const AssayGradientIndex *index, AssayDeviceIndex *there, AssayWorkers *workers, gint64 Q, const AssayIndexQuery *queries, gint64 k, AssayIndexOrder order,
                             AssayIndexExact exact, gpointer data, GError **error)
{
  g_autoptr (AssayBuffer) room = NULL, rows = NULL, scores = NULL;
  g_autoptr (AssayIndexAnswer) answer = g_new0 (AssayIndexAnswer, 1);
  g_auto (Search) s = { .index = index, .kernels = assay_index_kernels_get (), .workers = workers, .is_signed = order != ASSAY_INDEX_MAGNITUDE, .k = k };
  GError *fault = NULL;

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
      || (room = assay_mem_alloc_array (assay_workers_get_count (workers), sizeof (Room), error)) == NULL
      || !asked_open (&s.asked, index, Q, queries, order, error))
    return NULL;
  s.room = room;
  if (there == NULL || !scan_there (&s, there, answer->left, &fault))
    {
      if (fault != NULL)
        {
          g_propagate_error (error, fault);
          return NULL;
        }
      scan (&s, answer->left);
    }
  refine_left (&s, answer->left);
  if ((rows = unite (index, Q, s.asked.left, &answer->n_exact, error)) == NULL
      || (scores = assay_mem_alloc_array (Q * answer->n_exact, sizeof (double), error)) == NULL
      || !exact (data, answer->n_exact, rows, scores, error))
    return NULL;
  for (gint64 q = 0; q < Q; q++)
    if (!choose_hits (&s, q, order, rows, answer->n_exact, (const double *) scores + q * answer->n_exact, answer->hit + q * k, error))
      return NULL;
  return g_steal_pointer (&answer);
}

/* --- every row ------------------------------------------------------------------------------------------------------------------ */

typedef struct {
  const AssayGradientIndex *index;
  const AssayIndexKernels *kernels;
  const AssayIndexTile *tile;
  Room *room;                   /* for each worker */
  double *score, *bound;
} Ranking;

static void
rank_chunk (gsize chunk, guint worker, gpointer data)
{
  const Ranking *ranking = data;
  const AssayGradientIndex *index = ranking->index;
  const AssayIndexTile *tile = ranking->tile;
  Room *room = &ranking->room[worker];
  const gint64 first = (gint64) chunk * CHUNK, n = MIN (CHUNK, index->N - first);

  for (gint64 r = 0; r < n; r++)
    room->rows[r] = (guint16) r;
  memset (room->sum, 0, n * TILE * sizeof *room->sum);
  for (guint b = 0; b < index->n_blocks; b++)
    {
      const AssayIndexRowBlock block = get_block (index, b, first);

      ranking->kernels->multiply ((guint) n, room->rows, &block, &tile->block[b], tile->t + b * TILE, 1, room->sum);
    }
  for (gint64 r = 0; r < n; r++)
    {
      ranking->score[first + r] = (double) room->sum[r * TILE] * tile->unit[0];
      if (ranking->bound != NULL)
        ranking->bound[first + r] = (double) bound_pair (index, tile, 0, first + r) * tile->unit[0];
    }
}

gboolean
assay_gradient_index_rank (const AssayGradientIndex *index, AssayWorkers *workers, const AssayIndexQuery *query, double *score, double *bound, GError **error)
{
  g_autoptr (AssayIndexTile) tile = assay_index_tile_new (index, 1, query, 0, error);
  g_autoptr (AssayBuffer) room = tile ? assay_mem_alloc_array (assay_workers_get_count (workers), sizeof (Room), error) : NULL;
  Ranking ranking = { index, assay_index_kernels_get (), tile, room, score, bound };

  if (room == NULL)
    return FALSE;
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
