/* SPDX-License-Identifier: GPL-3.0-or-later */
/* factors_fit.c: moments, eigenvectors, and the spectrum in their basis. */
#include "hessian/factors.h"

#include "base/error.h"
#include "base/mem.h"
#include "hessian/factors_rotation.h"
#include "hessian/factors_together.h"
#include "hessian/module_there.h"

#include <math.h>
#include <string.h>

#define STRETCHES 16            /* that examples are summed in, by themselves */

/* --- sums on a device ----------------------------------------------------------------------------------------------------- */

/* Of modules whose sides stay there: laid out as the sums of a stretch are, zero but for those modules. */
typedef struct {
  AssayBackend *device;         /* NULL: none stays */
  double *sums, *total;         /* (width), there: of the stretch; of all of them, NULL where that is summed here */
  gint64 width;
  const double *here;           /* the stretch's */
} Beside;

/* Where what lies at `here` of the stretch's sums is summed. */
static double *
find_beside (const Beside *beside, const double *here)
{
  return beside->sums + (here - beside->here);
}

static gboolean
begin_beside (Beside *beside, const double *here, GError **error)
{
  beside->here = here;
  return beside->device == NULL || beside->device->zero (beside->device, beside->sums, (gsize) beside->width * sizeof (double), error);
}

/* To the stretch's sums here, unless they are added up there. */
static gboolean
end_beside (const Beside *beside, double *sums, GError **error)
{
  return beside->device == NULL || beside->total != NULL || assay_module_there_collect (beside->device, beside->width, beside->sums, sums, error);
}

/* --- moments -------------------------------------------------------------------------------------------------------------- */

/* Of one use: sums over positions, not yet divided. Shaped as the module's sides; where the sums of a stretch or of all lie. */
typedef struct {
  double *row, *column, *count;
} UseMoments;

typedef struct {
  AssayFactors *factors;
  AssayWorkers *workers;
  UseMoments **use;             /* (modules, uses) */
  gint64 width;                 /* numbers of all sums together */
  void *work;                   /* of the largest dense side squared */
  void *formed, *turned;        /* SHAMPOO: D of some examples, and D' */
  gint64 room;                  /* elements of each */
  Beside *beside;
} Moments;

static gsize
side_size (const AssayFactorsSide *side)
{
  return side->is_dense ? side->n * side->n : side->n;
}

static void
add_side (const Moments *moments, const AssayFactorsSide *side, AssayDtype dtype, gint64 K, const void *X, double *sum)
{
  if (side->is_dense)
    assay_module_add_moment (dtype, moments->workers, side->n, K, X, moments->work, sum);
  else
    assay_module_add_squares (dtype, side->n, K, X, sum);
}

/* One-hot vectors: their moment is the frequency, on the diagonal. */
static void
add_frequency (const AssayFactorsSide *side, gint64 K, const gint32 *index, double *sum)
{
  gint64 stride = side->is_dense ? side->n + 1 : 1;

  for (gint64 k = 0; k < K; k++)
    if (index[k] >= 0)
      sum[index[k] * stride] += 1;
}

static gboolean
add_moments_there (const AssayModuleBatch *batch, const Moments *moments, GError **error)
{
  const AssayModuleParts *parts = &batch->parts[0];
  const UseMoments *use = &moments->use[batch->index][0];
  gint64 K = batch->B * parts->use->positions;

  *use->count += (double) batch->counted[0];
  return assay_module_there_moment (&batch->there, K, batch->module->rows, parts->row, find_beside (moments->beside, use->row), error)
         && assay_module_there_moment (&batch->there, K, batch->module->columns, parts->column, find_beside (moments->beside, use->column), error);
}

static gboolean
add_moments (const AssayModuleBatch *batch, gpointer data, GError **error)
{
  const Moments *moments = data;
  const AssayModuleFactors *of = &moments->factors->of[batch->index];

  if (batch->parts[0].there != NULL)
    return add_moments_there (batch, moments, error);
  for (guint u = 0; u < batch->module->n_uses; u++)
    {
      const AssayModuleParts *parts = &batch->parts[u];
      UseMoments *use = &moments->use[batch->index][u];
      gint64 K = batch->B * parts->use->positions;

      *use->count += (double) batch->counted[u];
      if (parts->index != NULL)
        add_frequency (&of->row, K, parts->index, use->row);
      else
        add_side (moments, &of->row, batch->dtype, K, parts->row, use->row);
      add_side (moments, &of->column, batch->dtype, K, parts->column, use->column);
    }
  return TRUE;
}

#define TURN(type)                                                                                                      \
  for (gint64 b = 0; b < B; b++)                                                                                        \
    for (gint64 i = 0; i < rows; i++)                                                                                   \
      for (gint64 j = 0; j < columns; j++)                                                                              \
        ((type *) turned)[(b * columns + j) * rows + i] = ((const type *) D)[(b * rows + i) * columns + j];

/* D' (B, columns, rows) of D (B, rows, columns) */
static void
turn (AssayDtype dtype, gint64 B, gint64 rows, gint64 columns, const void *D, void *turned)
{
  if (dtype == ASSAY_F32)
    TURN (float)
  else
    TURN (double)
}

/* sums of D D' and D' D over examples, into the module's first use */
static gboolean
add_formed (const AssayModuleBatch *batch, gpointer data, GError **error)
{
  const Moments *moments = data;
  const AssayModule *module = batch->module;
  const AssayModuleFactors *of = &moments->factors->of[batch->index];
  UseMoments *use = &moments->use[batch->index][0];
  gint64 most = MAX (1, moments->room / (module->rows * module->columns));
  g_autofree AssayModuleOuter *outer = g_new0 (AssayModuleOuter, module->n_uses);

  (void) error;
  *use->count += (double) batch->B;
  for (gint64 b0 = 0; b0 < batch->B; b0 += most)
    {
      gint64 B = MIN (most, batch->B - b0);

      for (guint u = 0; u < module->n_uses; u++)
        outer[u] = assay_module_parts_outer (&batch->parts[u], module->rows, module->columns, b0);
      assay_module_form (batch->dtype, moments->workers, B, module->rows, module->columns, module->n_uses, outer, moments->formed);
      turn (batch->dtype, B, module->rows, module->columns, moments->formed, moments->turned);
      add_side (moments, &of->row, batch->dtype, B * module->columns, moments->turned, use->row);
      add_side (moments, &of->column, batch->dtype, B * module->rows, moments->formed, use->column);
    }
  return TRUE;
}

static double
get_trace (const AssayFactorsSide *side, const double *moment)
{
  double trace = 0;

  for (gint64 i = 0; i < side->n; i++)
    trace += moment[side->is_dense ? i * side->n + i : i];
  return trace;
}

/* side <- sum_u weight_u moment_u, the lower triangle too. */
static void
combine_side (AssayFactorsSide *side, guint n_uses, double *const *moment, const double *weight)
{
  gint64 n = side->n;

  for (guint u = 0; u < n_uses; u++)
    for (gsize i = 0; i < side_size (side); i++)
      side->moment[i] += weight[u] * moment[u][i];
  for (gint64 i = 0; side->is_dense && i < n; i++)
    for (gint64 j = 0; j < i; j++)
      side->moment[i * n + j] = side->moment[j * n + i];
}

/* S = sum_u w_u tr A_u S_u / sum_u w_u tr A_u and A likewise, w_u the use's share of positions. With several uses S is scaled so that
 * T S (x) A has the trace that the block has. */
static void
combine_uses (AssayModuleFactors *of, guint n_uses, const UseMoments *use, double N)
{
  g_autofree double *row_weight = g_new0 (double, n_uses), *column_weight = g_new0 (double, n_uses);
  g_autofree double **row = g_new0 (double *, n_uses), **column = g_new0 (double *, n_uses);
  double row_sum = 0, column_sum = 0, trace = 0;

  for (guint u = 0; u < n_uses; u++)
    {
      double count = MAX (1, *use[u].count), S = get_trace (&of->row, use[u].row) / count, A = get_trace (&of->column, use[u].column) / count;

      row[u] = use[u].row;
      column[u] = use[u].column;
      row_weight[u] = count / N * A;
      column_weight[u] = count / N * S;
      row_sum += row_weight[u];
      column_sum += column_weight[u];
      trace += count / N * S * A;
    }
  for (guint u = 0; u < n_uses; u++)
    {
      double count = MAX (1, *use[u].count);

      row_weight[u] = n_uses == 1 ? 1 / count : row_sum > 0 ? row_weight[u] / (row_sum * count) : 0;
      column_weight[u] = n_uses == 1 ? 1 / count : column_sum > 0 ? column_weight[u] / (column_sum * count) : 0;
    }
  combine_side (&of->row, n_uses, row, row_weight);
  combine_side (&of->column, n_uses, column, column_weight);
  of->positions = *use[0].count / N;
  if (n_uses > 1)
    {
      double product = of->positions * get_trace (&of->row, of->row.moment) * get_trace (&of->column, of->column.moment);

      for (gsize i = 0; product > 0 && i < side_size (&of->row); i++)
        of->row.moment[i] *= trace / product;
    }
}

/* S = L, A = R / tr L, T = 1; the sides of a module with one column are those that they are in any basis. */
static void
combine_formed (AssayModuleFactors *of, const UseMoments *use, double N)
{
  const double row_weight = 1 / N;
  double trace = get_trace (&of->row, use->row), column_weight = trace > 0 ? 1 / trace : 0;

  combine_side (&of->row, 1, &use->row, &row_weight);
  combine_side (&of->column, 1, &use->column, &column_weight);
  of->positions = 1;
}

static gint64
count_moments (const AssayFactors *factors, guint m)
{
  const AssayModuleFactors *of = &factors->of[m];

  return factors->modules->module[m].n_uses * (gint64) (side_size (&of->row) + side_size (&of->column) + 1);
}

static gboolean
moments_open (Moments *moments, GError **error)
{
  AssayFactors *factors = moments->factors;
  gint64 largest = 1;

  moments->use = g_new0 (UseMoments *, factors->modules->n);
  for (guint m = 0; m < factors->modules->n; m++)
    {
      const AssayModuleFactors *of = &factors->of[m];
      guint n_uses = factors->modules->module[m].n_uses;

      moments->use[m] = g_new0 (UseMoments, n_uses);
      moments->width += count_moments (factors, m);
      largest = MAX (largest, of->row.is_dense ? of->row.n : 1);
      largest = MAX (largest, of->column.is_dense ? of->column.n : 1);
    }
  moments->work = assay_mem_alloc_array (largest * largest, sizeof (double), error);
  if (moments->work == NULL || factors->options.basis != ASSAY_FACTORS_SHAMPOO)
    return moments->work != NULL;
  moments->room = ASSAY_FACTORS_ROOM;
  for (guint m = 0; m < factors->modules->n; m++)
    moments->room = MAX (moments->room, factors->of[m].row.n * factors->of[m].column.n);
  moments->formed = assay_mem_alloc_array (moments->room, assay_dtype_width (factors->dtype), error);
  moments->turned = moments->formed ? assay_mem_alloc_array (moments->room, assay_dtype_width (factors->dtype), error) : NULL;
  return moments->turned != NULL;
}

/* From here on sums are added to this. */
static void
aim_moments (gpointer data, double *sums)
{
  Moments *moments = data;

  for (guint m = 0; m < moments->factors->modules->n; m++)
    for (guint u = 0; u < moments->factors->modules->module[m].n_uses; u++)
      {
        const AssayModuleFactors *of = &moments->factors->of[m];

        moments->use[m][u] = (UseMoments) { sums, sums + side_size (&of->row), sums + side_size (&of->row) + side_size (&of->column) };
        sums = moments->use[m][u].count + 1;
      }
}

static void
moments_clear (Moments *moments)
{
  for (guint m = 0; moments->use != NULL && m < moments->factors->modules->n; m++)
    g_free (moments->use[m]);
  g_free (moments->use);
  assay_mem_free (moments->work);
  assay_mem_free (moments->formed);
  assay_mem_free (moments->turned);
}

/* --- eigenvectors --------------------------------------------------------------------------------------------------------- */

/* What a device's decomposition leaves too far off, LAPACK makes. */
static gboolean
decompose (AssayFactors *factors, AssayBackend *backend, AssayFactorsSide *side, const char *module, const char *letter, GError **error)
{
  g_autofree char *name = NULL;
  g_autoptr (GError) fault = NULL;

  if (!side->is_dense)
    {
      memcpy (side->values, side->moment, side->n * sizeof (double));
      return TRUE;
    }
  memcpy (side->vectors, side->moment, side->n * side->n * sizeof (double));
  name = g_strdup_printf ("factor %s of %s", letter, module);
  if (backend->owns != NULL)
    {
      if (assay_dense_eigen (backend, name, ASSAY_F64, side->n, side->vectors, side->values, &side->check, &fault))
        return TRUE;
      if (!g_error_matches (fault, ASSAY_ERROR, ASSAY_ERROR_CHECK_FAILED) && !g_error_matches (fault, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY))
        {
          g_propagate_error (error, g_steal_pointer (&fault));
          return FALSE;
        }
      factors->n_redone++;
      memcpy (side->vectors, side->moment, side->n * side->n * sizeof (double));
    }
  return assay_dense_eigen (NULL, name, ASSAY_F64, side->n, side->vectors, side->values, &side->check, error);
}

/* --- bases ---------------------------------------------------------------------------------------------------------------- */

/* Where a fit looks. */
typedef struct {
  const AssayPoint *point;      /* (n) */
  guint n;
} Place;

/* Sums over all examples of all points, stretch by stretch: each by itself, then all in order, so that several processes can share them. */
typedef struct {
  const AssayFactors *factors;
  const Place *place;
  AssayModuleFunc func;
  gpointer data;
  void (*aim) (gpointer data, double *sums);
  gint64 (*measure) (const AssayFactors *factors, guint m);     /* numbers of a module's sums; they lie in the order of the modules, */
  gint64 n_last;                /* the last of them here even where the module stays on a device */
  gint64 width, batch, n_batches, n_stretches;  /* of one point */
  const char *what;
  AssayProgress *progress;
  gboolean *marks;              /* (modules): whose sides stay on a device; none after the first pass where none can */
  Beside *beside;
  AssayModulePass *pass;        /* of the point under way */
  guint point;
} Summing;

static gboolean
go_to_point (Summing *s, guint point, GError **error)
{
  AssayPoint at = s->place->point[point];

  if (s->pass != NULL && point == s->point)
    return TRUE;
  assay_module_pass_free (s->pass);
  at.compute = s->factors->options.compute;
  s->point = point;
  s->pass = assay_module_pass_new (&at, s->factors->modules, !s->factors->options.is_empirical, s->factors->options.seed + point, error);
  return s->pass != NULL && (s->beside->device == NULL || assay_module_pass_leave_there (s->pass, s->marks, error));
}

/* What stays on the device, too. */
static gboolean
sum_stretch (gpointer data, gint64 stretch, double *sums, GError **error)
{
  Summing *s = data;
  gint64 k = stretch % s->n_stretches, N = s->place->point->n_examples;

  memset (sums, 0, s->width * sizeof *sums);
  if (!go_to_point (s, (guint) (stretch / s->n_stretches), error))
    return FALSE;
  s->aim (s->data, sums);
  return begin_beside (s->beside, sums, error)
         && assay_module_pass_run_range (s->pass, s->n_batches * k / s->n_stretches * s->batch, MIN (N, s->n_batches * (k + 1) / s->n_stretches * s->batch),
                                      s->func, s->data, s->what, s->progress, error)
         && end_beside (s->beside, sums, error);
}

/* Marks the modules that can be summed on the point's device, and makes room for their sums; without room all are summed here. */
static gboolean
open_beside (Summing *s, gboolean is_wanted, GError **error)
{
  AssayBackend *device = s->place->point->backend;
  GError *fault = NULL;

  *s->beside = (Beside) { .width = s->width };
  if (device->owns == NULL || !is_wanted)
    return TRUE;
  if ((s->beside->sums = device->alloc (device, (gsize) s->width * sizeof (double), &fault)) == NULL)
    {
      if (!g_error_matches (fault, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY))
        {
          g_propagate_error (error, fault);
          return FALSE;
        }
      g_error_free (fault);
      return TRUE;
    }
  s->beside->device = device;
  for (guint m = 0; m < s->factors->modules->n; m++)
    s->marks[m] = s->factors->options.basis == ASSAY_FACTORS_IDENTITY || (s->factors->of[m].row.is_dense && s->factors->of[m].column.is_dense);
  return TRUE;
}

static void
close_beside (Beside *beside)
{
  if (beside->device == NULL)
    return;
  beside->device->release (beside->device, beside->sums);
  beside->device->release (beside->device, beside->total);
}

/* --- sums of which some stay there --- */

/* Room for the total there, where it is summed by one process or by ranks that can; without it what is there is fetched after each stretch. Which modules stay is
 * known then, to ranks without a stretch, too. */
static gboolean
open_total (Summing *s, AssayCollective *ranks, GError **error)
{
  Beside *beside = s->beside;
  gboolean has_joined = TRUE;

  if (s->place->point->backend->owns == NULL)
    return TRUE;
  if (beside->device != NULL)
    {
      if (!go_to_point (s, 0, error))
        return FALSE;
      beside->total = beside->device->alloc (beside->device, (gsize) s->width * sizeof (double), NULL);
    }
  if (ranks != NULL && !assay_factors_join_ranks (ranks, s->place->point->backend, beside->total != NULL, &has_joined, error))
    return FALSE;
  if (!has_joined && beside->total != NULL)
    beside->device->release (beside->device, g_steal_pointer (&beside->total));
  return TRUE;
}

/* Numbers of module m's sums that are here, at their end. */
static gint64
count_here (const Summing *s, guint m)
{
  return s->marks[m] ? s->n_last : s->measure (s->factors, m);
}

/* Those that are here, one behind the other. */
static void
pack (const Summing *s, const double *sums, double *here)
{
  for (guint m = 0; m < s->factors->modules->n; m++)
    {
      const gint64 n = count_here (s, m);

      sums += s->measure (s->factors, m);
      memcpy (here, sums - n, (gsize) n * sizeof *here);
      here += n;
    }
}

/* Zeros for the others. */
static void
unpack (const Summing *s, const double *here, double *sums)
{
  memset (sums, 0, (gsize) s->width * sizeof *sums);
  for (guint m = 0; m < s->factors->modules->n; m++)
    {
      const gint64 n = count_here (s, m);

      sums += s->measure (s->factors, m);
      memcpy (sums - n, here, (gsize) n * sizeof *here);
      here += n;
    }
}

typedef struct {
  Summing *summing;
  double *wide;                 /* (width) */
} Packing;

static gboolean
sum_stretch_packed (gpointer data, gint64 stretch, double *here, GError **error)
{
  Packing *packing = data;

  if (!sum_stretch (packing->summing, stretch, packing->wide, error))
    return FALSE;
  pack (packing->summing, packing->wide, here);
  return TRUE;
}

/* total (width) <- what is here and what is there, each added up where it is, by one process or by ranks. */
static gboolean
sum_there (Summing *s, AssayCollective *ranks, gint64 n, double *total, GError **error)
{
  const AssayCollectiveLane beside = assay_factors_lane_of_device (s->beside->device, s->width, s->beside->sums, s->beside->total);
  g_autoptr (AssayBuffer) memory = NULL;
  GError *fault = NULL;
  gint64 width = 0;
  Packing packing;
  double *here;

  for (guint m = 0; m < s->factors->modules->n; m++)
    width += count_here (s, m);
  memory = assay_mem_alloc_array (s->width + 2 * width, sizeof (double), &fault);
  if (!assay_collective_agree (ranks, fault, error))
    return FALSE;
  packing = (Packing) { s, memory };
  here = packing.wide + s->width;
  if (!assay_collective_sum (ranks, n, width, sum_stretch_packed, &packing, here, here + width, &beside, error))
    return FALSE;
  unpack (s, here + width, total);
  return assay_module_there_collect (s->beside->device, s->width, s->beside->total, total, error);
}

static gboolean
sum_here (Summing *s, gint64 n, double *total, GError **error)
{
  g_autoptr (AssayBuffer) sums = assay_mem_alloc_array (s->width, sizeof (double), error);

  return sums != NULL && assay_collective_sum (NULL, n, s->width, sum_stretch, s, sums, total, NULL, error);
}

/* total (width) <- the sums, where s->data is aimed afterwards; whole: FALSE where other processes have not done theirs. */
static gboolean
sum_all (Summing *s, const AssayFactorsSummer *summer, const char *stage, double *total, gboolean *whole, GError **error)
{
  AssayCollective *ranks = summer ? summer->ranks : NULL;
  gboolean fine;
  gint64 n;

  *whole = TRUE;
  s->batch = assay_module_pass_measure (s->place->point->model, s->factors->modules, s->place->point->backend, s->place->point->dtype, s->place->point->n_examples, NULL, error);
  if (s->batch == 0)
    return FALSE;
  s->n_batches = (s->place->point->n_examples + s->batch - 1) / s->batch;
  s->n_stretches = MIN (STRETCHES, s->n_batches);
  n = s->n_stretches * s->place->n;
  fine = ((summer != NULL && ranks == NULL) || open_total (s, ranks, error))
         && (s->beside->total != NULL ? sum_there (s, ranks, n, total, error)
             : summer != NULL ? summer->sum (summer->data, stage, n, s->width, sum_stretch, s, total, whole, error)
             : sum_here (s, n, total, error));
  assay_module_pass_free (s->pass);
  s->aim (s->data, total);
  return fine;
}

static gboolean
fit_bases (AssayFactors *factors, const Place *place, const AssayFactorsSummer *summer, gboolean *whole, AssayProgress *progress, GError **error)
{
  Moments moments = { .factors = factors, .workers = place->point->backend->workers };
  gboolean shampoo = factors->options.basis == ASSAY_FACTORS_SHAMPOO, ok = moments_open (&moments, error);
  g_autofree gboolean *marks = g_new0 (gboolean, factors->modules->n);
  Beside beside = { 0 };
  Summing summing = { .factors = factors, .place = place, .func = shampoo ? add_formed : add_moments, .data = &moments, .aim = aim_moments, .measure = count_moments, .n_last = 1, .marks = marks, .beside = &beside,
                      .width = moments.width, .what = "curvature factors", .progress = progress };
  g_autoptr (AssayBuffer) total = ok ? assay_mem_alloc_array (moments.width, sizeof (double), error) : NULL;

  moments.beside = &beside;
  ok = total != NULL && open_beside (&summing, !shampoo, error) && sum_all (&summing, summer, "moments", total, whole, error);
  close_beside (&beside);
  for (guint m = 0; ok && *whole && m < factors->modules->n; m++)
    {
      const AssayModule *module = &factors->modules->module[m];

      assay_progress_report (progress, "eigenvectors", m, factors->modules->n, "modules", module->name);
      if (shampoo)
        combine_formed (&factors->of[m], moments.use[m], (double) factors->N);
      else
        combine_uses (&factors->of[m], module->n_uses, moments.use[m], (double) factors->N);
      ok = !assay_progress_is_cancelled (progress, error) && decompose (factors, place->point->backend, &factors->of[m].row, module->name, "S", error)
           && decompose (factors, place->point->backend, &factors->of[m].column, module->name, "A", error);
    }
  moments_clear (&moments);
  return ok;
}

/* --- the spectrum --------------------------------------------------------------------------------------------------------- */

typedef struct {
  AssayFactors *factors;
  double **lambda;              /* (modules): sums over examples */
  AssayFactorsRotation rotation;
  void *scratch;
  Beside *beside;
  const gboolean *marks;        /* (modules) */
  gint64 B;
} Spectrum;

static gboolean
spectrum_open (Spectrum *s, AssayWorkers *workers, AssayDtype dtype, gint64 B, GError **error)
{
  gint64 columns = 1;

  for (guint m = 0; m < s->factors->modules->n; m++)
    columns = MAX (columns, s->factors->modules->module[m].columns);
  if (!assay_factors_rotation_open (&s->rotation, s->factors, workers, dtype, B, error))
    return FALSE;
  s->scratch = assay_mem_alloc_array (assay_workers_get_count (workers) * assay_module_get_scratch (B, columns), assay_dtype_width (dtype), error);
  return s->scratch != NULL;
}

static void
spectrum_clear (Spectrum *s)
{
  assay_factors_rotation_clear (&s->rotation);
  assay_mem_free (s->scratch);
}

static gboolean
add_spectrum_there (const AssayModuleBatch *batch, Spectrum *s, GError **error)
{
  AssayBackend *device = batch->parts[0].there;

  if (s->rotation.device == NULL && !assay_factors_rotation_send (&s->rotation, device, batch->dtype, s->B, s->marks, error))
    return FALSE;
  return assay_factors_rotation_turn_there (&s->rotation, batch, error)
         && assay_module_there_squares (&batch->there, batch->B, s->rotation.outer[0].n, batch->module->rows, batch->module->columns, s->rotation.outer[0].row,
                                        s->rotation.outer[0].column, find_beside (s->beside, s->lambda[batch->index]), error);
}

static gboolean
add_spectrum (const AssayModuleBatch *batch, gpointer data, GError **error)
{
  Spectrum *s = data;
  const AssayModule *module = batch->module;

  if (batch->parts[0].there != NULL)
    return add_spectrum_there (batch, s, error);
  assay_factors_rotation_turn (&s->rotation, batch);
  assay_module_add_squared (batch->dtype, s->rotation.workers, batch->B, module->rows, module->columns, module->n_uses, s->rotation.outer, s->scratch,
                            s->lambda[batch->index]);
  return TRUE;
}

static gboolean
finish_spectrum (AssayFactors *factors, gint64 N, GError **error)
{
  for (guint m = 0; m < factors->modules->n; m++)
    {
      const AssayModule *module = &factors->modules->module[m];
      AssayModuleFactors *of = &factors->of[m];
      double sum = 0;

      for (gint64 i = 0; i < module->rows * module->columns; i++)
        sum += of->lambda[i] /= (double) N;
      if (!isfinite (sum))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN, "curvature factors: %s: squared gradients are not finite in %s; fit in f64",
                       module->name, assay_dtype_name (factors->dtype));
          return FALSE;
        }
    }
  return TRUE;
}

static gint64
count_spectrum (const AssayFactors *factors, guint m)
{
  return factors->modules->module[m].rows * factors->modules->module[m].columns;
}

static void
aim_spectrum (gpointer data, double *sums)
{
  Spectrum *s = data;

  for (guint m = 0; m < s->factors->modules->n; sums += count_spectrum (s->factors, m++))
    s->lambda[m] = sums;
}

static gboolean
fit_spectrum (AssayFactors *factors, const Place *place, const AssayFactorsSummer *summer, gboolean *whole, AssayProgress *progress, GError **error)
{
  g_autofree double **lambda = g_new0 (double *, factors->modules->n);
  g_autofree gboolean *marks = g_new0 (gboolean, factors->modules->n);
  Beside beside = { 0 };
  Spectrum s = { .factors = factors, .lambda = lambda, .beside = &beside, .marks = marks };
  Summing summing = { .factors = factors, .place = place, .func = add_spectrum, .data = &s, .aim = aim_spectrum, .measure = count_spectrum, .what = "eigenvalues of the factors",
                      .marks = marks, .beside = &beside, .progress = progress };
  gint64 B = assay_module_pass_measure (place->point->model, factors->modules, place->point->backend, place->point->dtype, place->point->n_examples, NULL, error);
  g_autoptr (AssayBuffer) total = NULL;
  gboolean ok;

  for (guint m = 0; m < factors->modules->n; m++)
    summing.width += count_spectrum (factors, m);
  s.B = B;
  ok = B > 0 && spectrum_open (&s, place->point->backend->workers, place->point->dtype, B, error)
       && (total = assay_mem_alloc_array (summing.width, sizeof (double), error)) != NULL
       && open_beside (&summing, TRUE, error) && sum_all (&summing, summer, "spectrum", total, whole, error);
  close_beside (&beside);
  for (guint m = 0; ok && *whole && m < factors->modules->n; m++)
    memcpy (factors->of[m].lambda, lambda[m], count_spectrum (factors, m) * sizeof (double));
  ok = ok && (!*whole || finish_spectrum (factors, factors->N, error));
  spectrum_clear (&s);
  return ok;
}

static void
take_place (AssayFactors *factors, const Place *place)
{
  factors->N = place->point->n_examples * place->n;
  factors->dtype = place->point->dtype;
}

gboolean
assay_factors_fit_spectrum (AssayFactors *factors, const AssayPoint *point, AssayProgress *progress, GError **error)
{
  const Place place = { .point = point, .n = 1 };
  gboolean whole;

  take_place (factors, &place);
  return fit_spectrum (factors, &place, NULL, &whole, progress, error);
}

gboolean
assay_factors_fit_share (const AssayPoint *points, guint n_points, const AssayFactorsOptions *options, const AssayFactorsSummer *summer,
                         AssayFactors **out, AssayProgress *progress, GError **error)
{
  const Place place = { .point = points, .n = n_points };
  g_autoptr (AssayFactors) factors = assay_factors_new (points->model, options, error);
  gboolean whole = TRUE;

  *out = NULL;
  if (factors == NULL)
    return FALSE;
  take_place (factors, &place);
  if ((options->basis != ASSAY_FACTORS_IDENTITY && !fit_bases (factors, &place, summer, &whole, progress, error))
      || (whole && !fit_spectrum (factors, &place, summer, &whole, progress, error)))
    return FALSE;
  if (whole)
    *out = g_steal_pointer (&factors);
  return TRUE;
}

AssayFactors *
assay_factors_fit_mean (const AssayPoint *points, guint n_points, const AssayFactorsOptions *options, AssayProgress *progress, GError **error)
{
  AssayFactors *factors;

  return assay_factors_fit_share (points, n_points, options, NULL, &factors, progress, error) ? factors : NULL;
}

AssayFactors *
assay_factors_fit (const AssayPoint *point, const AssayFactorsOptions *options, AssayProgress *progress, GError **error)
{
  return assay_factors_fit_mean (point, 1, options, progress, error);
}
