/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_attention.c: softmax attention, causal, causal within a window, or full, with grouped key and value heads, tile by tile: nothing of
 * size T x T is ever held. The mathematics is in op_attention.inc.
 *
 *   inputs  either  qkv (B,T,(H+2G)D), rows of H query, G key and G value heads one after another
 *           or      q (B,T,H D)   k (B,T,G D)   v (B,T,G D)
 *   output  y (B,T,H D)          saved  lse (B,H,T), the logarithm of the softmax's denominator
 *
 * Letters: H query heads, G key/value heads (kv_heads), D head size; query head j reads key head floor (j / (H/G)).
 * Source: Dao et al., arXiv 2205.14135, for tiles with a running softmax; the tangent rules are those of the manual.
 */
#include "ops/op.h"

#include "base/error.h"

#include <math.h>

enum { QUERY, KEY, VALUE, N_ROLES };

#define TILE 64                 /* queries and keys of a tile */
#define STRIP 16                /* keys of a strip on the diagonal */
#define ONE_EACH 16384          /* elements_per_row that gives every row a block of its own */

typedef struct {
  gint64 B, T, H, G, D, group, n_tiles;
  gint64 stride[N_ROLES], first[N_ROLES];       /* of a row; of head 0 within it */
  int input[N_ROLES];                           /* which input holds it */
  double scale;
  gboolean causal;
  gint64 window;                                /* positions that a query sees; T or more: all before it */
} Sizes;

/* Queries query .. query + n_queries - 1 against keys key .. key + n_keys - 1. */
typedef struct {
  gint64 query, n_queries, key, n_keys;
  gint64 strip;                 /* keys, or queries, of one product */
  gboolean diagonal;            /* the mask cuts through it: key k is seen by the queries from k on */
  gboolean first_head;          /* of those that share the keys */
  gboolean keys_met;            /* an earlier tile had these keys */
  gboolean queries_met;         /* so had these queries */
  gint64 reach;                 /* key k, counted in the tile, is seen by the queries before k + reach */
} Tile;

static Sizes
sizes_of (const AssayShape *in, gboolean packed, const double *attr)
{
  Sizes s = { .B = in[0].dim[0], .T = in[0].dim[1], .H = (gint64) attr[0], .causal = attr[2] != 0 };

  s.window = s.causal && attr[4] > 0 ? (gint64) attr[4] : G_MAXINT64 / 4;
  s.G = attr[1] > 0 ? (gint64) attr[1] : s.H;
  s.group = s.H / s.G;
  s.D = in[0].dim[2] / (packed ? s.H + 2 * s.G : s.H);
  s.n_tiles = (s.T + TILE - 1) / TILE;
  s.scale = attr[3] > 0 ? attr[3] : 1 / sqrt ((double) s.D);
  for (int role = 0; role < N_ROLES; role++)
    {
      s.input[role] = packed ? 0 : role;
      s.stride[role] = packed ? in[0].dim[2] : (role == QUERY ? s.H : s.G) * s.D;
    }
  s.first[KEY] = packed ? s.H * s.D : 0;
  s.first[VALUE] = packed ? (s.H + s.G) * s.D : 0;
  return s;
}

/* The first tile with a key that the queries from `query` on see. */
static gint64
first_keys (const Sizes *s, gint64 query)
{
  return s->window > query ? 0 : (query - s->window + 1) / TILE * TILE;
}

static void
set_keys (const Sizes *s, gint64 key, Tile *t)
{
  t->key = key;
  t->n_keys = MIN (TILE, s->T - key);
  t->diagonal = s->causal && key == t->query;
  t->strip = t->diagonal ? STRIP : TILE;
  t->keys_met = !t->first_head || t->query > (s->causal ? key : 0);
  t->queries_met = key > first_keys (s, t->query);
  t->reach = MIN (s->window + key - t->query, TILE + s->T);
}

/* Goes to block i of the queries, counted over the heads that share keys, and to the first keys. */
static void
begin_queries (const Sizes *s, gint64 i, Tile *t)
{
  t->query = i % s->n_tiles * TILE;
  t->n_queries = MIN (TILE, s->T - t->query);
  t->first_head = i < s->n_tiles;
  set_keys (s, first_keys (s, t->query), t);
}

static gboolean
more_keys (const Sizes *s, const Tile *t)
{
  return t->key < s->T && !(s->causal && t->key > t->query);
}

static void
next_keys (const Sizes *s, Tile *t)
{
  set_keys (s, t->key + TILE, t);
}

/* The first query, counted in the tile, that is multiplied with key k. */
static inline gint64
first_query (const Tile *t, gint64 k)
{
  return t->diagonal ? k / STRIP * STRIP : 0;
}

/* Queries before this one do not see key k. */
static inline gint64
hidden (const Tile *t, gint64 k)
{
  return t->diagonal ? k : 0;
}

/* Nor do those from this one on. */
static inline gint64
out_of_reach (const Tile *t, gint64 k)
{
  return CLAMP (k + t->reach, first_query (t, k), t->n_queries);
}

#define OP_INC "ops/op_attention.inc"
#include "ops/op_instances.inc"

static const AssayParam attrs[] = {
  { .name = "heads", .type = ASSAY_PARAM_INT, .def.i = 1, .min = 1, .max = 1 << 20, .help = "query heads" },
  { .name = "kv_heads", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1 << 20,
    .help = "key and value heads, a divisor of heads; 0: as many as heads" },
  { .name = "causal", .type = ASSAY_PARAM_BOOL, .def.b = TRUE, .help = "a position sees itself and what is before it" },
  { .name = "scale", .type = ASSAY_PARAM_DOUBLE, .def.d = 0, .min = 0, .max = 1e6,
    .help = "factor of the scores; 0: one over the root of the head size" },
  { .name = "window", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1e9, .unit = "positions",
    .help = "causal: a position sees itself and as many before it as make this number; 0: all of them" },
  { .name = NULL }
};

static gboolean
infer (const AssayShape *in, guint n_in, const double *attr, AssayShape *out, GError **error)
{
  gint64 H = (gint64) attr[0], G = attr[1] > 0 ? (gint64) attr[1] : H, parts = n_in == 1 ? H + 2 * G : H;
  g_autofree char *found = assay_shape_to_string (&in[0]);
  AssayShape kv;

  if (H < 1 || H % G != 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "heads a multiple of kv_heads expected, %" G_GINT64_FORMAT
                   " and %" G_GINT64_FORMAT " found", H, G);
      return FALSE;
    }
  if (n_in == 2 || in[0].rank != 3 || in[0].dim[2] < parts || in[0].dim[2] % parts != 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "one input (B,T,n %" G_GINT64_FORMAT ") or three, q "
                   "(B,T,n %" G_GINT64_FORMAT ") first, expected; %u found, the first %s", H + 2 * G, H, n_in, found);
      return FALSE;
    }
  out[0] = assay_shape_with_last (&in[0], in[0].dim[2] / parts * H);
  out[1] = ASSAY_SHAPE (in[0].dim[0], H, in[0].dim[1]);
  kv = assay_shape_with_last (&in[0], in[0].dim[2] / parts * G);
  return n_in == 1 || (assay_shape_expect (&in[1], "k", kv, error) && assay_shape_expect (&in[2], "v", kv, error));
}

/* Products of T x T x D, halved by a causal mask; about 20 flops for an exponential. */
static AssayCost
cost (AssayRule rule, const AssayShape *in, const AssayShape *out, const double *attr, gsize width)
{
  static const int products[] = { [ASSAY_FWD] = 2, [ASSAY_BWD] = 5, [ASSAY_RFWD] = 5, [ASSAY_RBWD] = 12 };
  static const int arrays[] = { [ASSAY_FWD] = 4, [ASSAY_BWD] = 11, [ASSAY_RFWD] = 8, [ASSAY_RBWD] = 16 };  /* of y's size */
  double T = (double) out[1].dim[2], D = out[0].dim[2] / attr[0];
  double pairs = attr[2] == 0 ? T * T : attr[4] > 0 && attr[4] < T / 2 ? T * attr[4] : T * T / 2;

  (void) in;
  return (AssayCost) { .flops = (double) out[0].dim[0] * attr[0] * pairs * (2 * products[rule] * D + 20),
                       .bytes = (double) arrays[rule] * assay_shape_count (&out[0]) * width };
}

/* Four times a tile, a block of queries, also transposed, a number for each of them, and the keys or values of a head. */
static gsize
scratch (const AssayShape *in, const double *attr, gsize width)
{
  Sizes s = sizes_of (in, in[1].rank == 0, attr);

  return width * 4 * (TILE * (TILE + 2 * s.D + 1) + s.n_tiles * TILE * s.D);
}

/* Of each key head: its keys, its values, and the weights of one query. */
static gsize
state (const AssayShape *in, const double *attr, gint64 capacity, gsize width)
{
  Sizes s = sizes_of (in, in[1].rank == 0, attr);

  return s.causal ? width * s.B * s.G * (2 * s.D + 1) * capacity : 0;
}

#define PACKED(B, T, heads, D) { ASSAY_SHAPE (B, T, (heads) * (D)) }
static const AssayOpCase cases[] = {
  { "one position", .in = PACKED (2, 1, 3, 4), .n_in = 1 },
  { "odd sizes", .in = PACKED (1, 7, 6, 3), .n_in = 1, .attr = { 2, 0, 1, 0 }, .has_attr = TRUE },
  { "one key head of many", .in = PACKED (1, 9, 5, 5), .n_in = 1, .attr = { 3, 1, 1, 0.7 }, .has_attr = TRUE },
  { "full", .in = PACKED (2, 17, 6, 2), .n_in = 1, .attr = { 2, 0, 0, 0 }, .has_attr = TRUE },
  { "a tile and one more", .in = PACKED (1, 65, 3, 3), .n_in = 1 },
  { "full, a tile and one more", .in = PACKED (1, 65, 3, 3), .n_in = 1, .attr = { 1, 0, 0, 0 }, .has_attr = TRUE },
  { "three inputs, grouped heads", .in = { ASSAY_SHAPE (2, 20, 12), ASSAY_SHAPE (2, 20, 6), ASSAY_SHAPE (2, 20, 6) },
    .n_in = 3, .attr = { 4, 2, 1, 0 }, .has_attr = TRUE },
  { "three inputs, full, several tiles", .in = { ASSAY_SHAPE (1, 130, 4), ASSAY_SHAPE (1, 130, 2), ASSAY_SHAPE (1, 130, 2) },
    .n_in = 3, .attr = { 2, 1, 0, 0 }, .has_attr = TRUE },
  { "a window", .in = PACKED (2, 11, 6, 2), .n_in = 1, .attr = { 2, 0, 1, 0, 3 }, .has_attr = TRUE },
  { "a window of one", .in = PACKED (1, 70, 3, 3), .n_in = 1, .attr = { 1, 0, 1, 0, 1 }, .has_attr = TRUE },
  { "a window that leaves tiles out, grouped heads", .in = PACKED (1, 200, 4, 3), .n_in = 1, .attr = { 2, 1, 1, 0, 60 }, .has_attr = TRUE },
  { "a window across a tile and more, saturated", .in = PACKED (1, 150, 3, 2), .n_in = 1, .attr = { 1, 0, 1, 0, 80 }, .has_attr = TRUE,
    .fill = ASSAY_FILL_LARGE },
  { "heads of 40 channels, grouped, a window within a tile", .in = PACKED (1, 70, 4, 40), .n_in = 1, .attr = { 2, 1, 1, 0, 20 }, .has_attr = TRUE },
  { "heads of 128 channels, a tile and more", .in = PACKED (1, 40, 3, 128), .n_in = 1 },
  { "heads of 200 channels, full, three inputs", .in = { ASSAY_SHAPE (1, 20, 200), ASSAY_SHAPE (1, 20, 200), ASSAY_SHAPE (1, 20, 200) }, .n_in = 3,
    .attr = { 1, 0, 0, 0 }, .has_attr = TRUE },
  { "one weight is everything", .in = PACKED (1, 33, 3, 2), .n_in = 1, .fill = ASSAY_FILL_LARGE },
  { .name = NULL }
};

ASSAY_OP_DEFINE (attention) = {
  .name = "attention", .help = "softmax attention, causal, within a window or full, with grouped key and value heads",
  .narrow_in = 1 << 0 | 1 << 1 | 1 << 2, .narrow_out = 1 << 0,
  .n_in = 3, .min_in = 1, .n_out = 2, .in_names = { "q", "k", "v" }, .out_names = { "y", "lse" },
  .uses_in = 1 << 0 | 1 << 1 | 1 << 2, .uses_out = 1 << 0 | 1 << 1, .flags = ASSAY_OP_TAKES_FRESH,
  .attrs = attrs, .infer = infer, .cost = cost, .scratch = scratch, .state = state, .cpu = ASSAY_OP_KERNELS_STEP (attention), .cases = cases,
};
