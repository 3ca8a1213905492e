/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trial.c: drawing the data of a case and running its rules. */
#include "trial.h"

#include "base/mem.h"
#include "base/rng.h"

#include <math.h>
#include <string.h>

static AssayBackend *device;     /* where rules of f32 and f64 run when it is not NULL */

void
trial_set_device (AssayBackend *backend)
{
  device = backend;
}

/* One backend per size of crew, kept for the whole program. */
static AssayBackend *
get_backend (guint n_threads)
{
  static AssayBackend *backends[8];

  g_assert_cmpuint (n_threads, <, G_N_ELEMENTS (backends));
  if (backends[n_threads] == NULL)
    backends[n_threads] = assay_backend_cpu_new (n_threads);
  return backends[n_threads];
}

void
trial_get_attributes (const AssayOp *op, const AssayOpCase *item, double *attr)
{
  for (guint k = 0; op->attrs != NULL && op->attrs[k].name != NULL; k++)
    if (item->has_attr)
      attr[k] = item->attr[k];
    else
      switch (op->attrs[k].type)
        {
        case ASSAY_PARAM_BOOL:
          attr[k] = op->attrs[k].def.b;
          break;
        case ASSAY_PARAM_INT:
          attr[k] = (double) op->attrs[k].def.i;
          break;
        case ASSAY_PARAM_DOUBLE:
          attr[k] = op->attrs[k].def.d;
          break;
        default:
          g_assert_not_reached ();
        }
}

guint
trial_count_inputs (const AssayOp *op, const AssayOpCase *item)
{
  return item->n_in ? item->n_in : op->n_in;
}

guint
trial_count_arrays (const Trial *t, TrialRole role)
{
  switch (role)
    {
    case TRIAL_X: case TRIAL_DX: case TRIAL_RX: case TRIAL_RDX:
      return t->n_in;
    case TRIAL_Y: case TRIAL_RY:
      return t->op->n_out;
    default:
      return 1;
    }
}

gint64
trial_count (const Trial *t, TrialRole role, guint i)
{
  switch (role)
    {
    case TRIAL_X: case TRIAL_DX: case TRIAL_RX: case TRIAL_RDX:
      return assay_shape_count (&t->in[i]);
    default:
      return assay_shape_count (&t->out[i]);
    }
}

static gboolean
is_index (const Trial *t, TrialRole role, guint i)
{
  return (role == TRIAL_X && t->op->index_in >> i & 1) || (role == TRIAL_Y && t->op->index_out >> i & 1);
}

gboolean
trial_is_real (const Trial *t, TrialRole role, guint i)
{
  switch (role)
    {
    case TRIAL_X: case TRIAL_DX: case TRIAL_RX: case TRIAL_RDX:
      return !((t->op->index_in | t->op->data_in) >> i & 1);
    case TRIAL_Y: case TRIAL_RY:
      return !(t->op->index_out >> i & 1);
    default:
      return TRUE;
    }
}

TrialRole
trial_written_by (AssayRule rule)
{
  static const TrialRole roles[] = { [ASSAY_FWD] = TRIAL_Y, [ASSAY_BWD] = TRIAL_DX, [ASSAY_RFWD] = TRIAL_RY,
                                     [ASSAY_RBWD] = TRIAL_RDX, [ASSAY_GGN] = TRIAL_DX };

  return roles[rule];
}

gboolean
trial_writes (const Trial *t, AssayRule rule, guint i)
{
  TrialRole role = trial_written_by (rule);

  return trial_is_real (t, role, i) && t->at[role][i] != NULL && (rule != ASSAY_GGN || i == 0);
}

static gsize
get_width (const Trial *t, TrialRole role, guint i)
{
  return is_index (t, role, i) ? sizeof (gint32) : assay_dtype_width (t->dtype);
}

static double
draw_one (AssayFill fill, AssayRng *rng)
{
  double z = assay_rng_normal (rng);

  switch (fill)
    {
    case ASSAY_FILL_NEARLY_CONSTANT:
      return 1 + 1e-3 * z;
    case ASSAY_FILL_LARGE:
      return 30 * z;
    case ASSAY_FILL_POSITIVE:
      return fabs (z) + 0.1;
    default:
      return z;
    }
}

/* A shuffled ladder from -3 to 3 that steps over 0. */
static void
draw_distinct (AssayRng *rng, double *values, gint64 n)
{
  g_autofree gint64 *places = g_new (gint64, n);

  for (gint64 k = 0; k < n; k++)
    places[k] = k;
  assay_rng_shuffle (rng, places, n);
  for (gint64 k = 0; k < n; k++)
    values[k] = (places[k] + 0.25 - n / 2.0) * (6.0 / MAX (n, 8));
}

/* Drawn numbers, by what they were drawn for: a suite asks for the same ones hundreds of times. */
static const double *
draw_values (const Trial *t, TrialRole role, guint i, guint64 salt)
{
  static const char *const names[] = { "x", "y", "dx", "dy", "rx", "ry", "rdx", "rdy" };
  static GHashTable *drawn;
  g_autofree char *purpose = g_strdup_printf ("%s/%s/%s/%u/%" G_GUINT64_FORMAT, t->op->name, t->item->name, names[role], i, salt);
  AssayRng rng = assay_rng_new (20250101, assay_rng_stream (purpose, 0));
  AssayFill fill = role == TRIAL_X ? t->item->fill : ASSAY_FILL_NORMAL;
  gint64 n = trial_count (t, role, i);
  double *values;

  if (drawn == NULL)
    drawn = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  if ((values = g_hash_table_lookup (drawn, purpose)) != NULL)
    return values;
  values = g_new (double, n);
  if (is_index (t, role, i))
    for (gint64 k = 0; k < n; k++)
      values[k] = (double) assay_rng_below (&rng, t->item->index_below);
  else if (fill == ASSAY_FILL_DISTINCT)
    draw_distinct (&rng, values, n);
  else
    for (gint64 k = 0; k < n; k++)
      values[k] = draw_one (fill, &rng);
  for (gint64 k = 0; k < n; k++)
    values[k] = (float) values[k];
  g_hash_table_insert (drawn, g_steal_pointer (&purpose), values);
  return values;
}

void
trial_draw (Trial *t, TrialRole role, guint i, guint64 salt)
{
  trial_write (t, role, i, draw_values (t, role, i, salt));
}

void
trial_zero (Trial *t, TrialRole role)
{
  for (guint i = 0; i < trial_count_arrays (t, role); i++)
    if (t->at[role][i] != NULL)
      memset (t->at[role][i], 0, trial_count (t, role, i) * get_width (t, role, i));
}

void
trial_absolute (Trial *t, TrialRole role, guint i)
{
  g_autofree double *values = trial_read (t, role, i);

  for (gint64 k = 0; k < trial_count (t, role, i); k++)
    values[k] = fabs (values[k]);
  trial_write (t, role, i, values);
}

Trial *
trial_new (const AssayOp *op, const AssayOpCase *item, AssayDtype dtype)
{
  Trial *t = g_new0 (Trial, 1);
  g_autoptr (GError) error = NULL;

  *t = (Trial) { .op = op, .item = item, .dtype = dtype, .n_in = trial_count_inputs (op, item), .n_threads = 2 };
  memcpy (t->in, item->in, sizeof t->in);
  trial_get_attributes (op, item, t->attr);
  op->infer (t->in, t->n_in, t->attr, t->out, &error);
  g_assert_no_error (error);
  t->scratch_bytes = op->scratch ? (op->scratch (t->in, t->attr, assay_dtype_width (dtype)) + 63) / 64 * 64 : 0;
  t->scratch = assay_mem_alloc (t->scratch_bytes * 5 + 64, &error);
  g_assert_no_error (error);
  for (TrialRole role = 0; role < TRIAL_N_ROLES; role++)
    for (guint i = 0; i < trial_count_arrays (t, role); i++)
      {
        t->at[role][i] = assay_mem_alloc (trial_count (t, role, i) * get_width (t, role, i), &error);
        g_assert_no_error (error);
        if (role == TRIAL_X || role == TRIAL_DY || role == TRIAL_RDY || (role == TRIAL_RX && trial_is_real (t, role, i)))
          trial_draw (t, role, i, 0);
      }
  return t;
}

void
trial_free (Trial *t)
{
  for (TrialRole role = 0; role < TRIAL_N_ROLES; role++)
    for (guint i = 0; i < trial_count_arrays (t, role); i++)
      assay_mem_free (t->at[role][i]);
  assay_mem_free (t->scratch);
  g_free (t);
}

double *
trial_read (const Trial *t, TrialRole role, guint i)
{
  gint64 n = trial_count (t, role, i);
  double *values = g_new (double, n);

  assay_dtype_convert (is_index (t, role, i) ? ASSAY_I32 : t->dtype, t->at[role][i], ASSAY_F64, values, n);
  return values;
}

double *
trial_read_derivative (const Trial *t, TrialRole role, guint i)
{
  gint64 n = trial_count (t, role, i);
  double *values = g_new (double, n);

  g_assert_cmpint (t->dtype, ==, ASSAY_C128);
  for (gint64 k = 0; k < n; k++)
    values[k] = ((const double *) t->at[role][i])[2 * k + 1] / TRIAL_STEP;
  return values;
}

void
trial_write (Trial *t, TrialRole role, guint i, const double *values)
{
  assay_dtype_convert (ASSAY_F64, values, is_index (t, role, i) ? ASSAY_I32 : t->dtype, t->at[role][i], trial_count (t, role, i));
}

void
trial_copy (Trial *to, const Trial *from, TrialRole role)
{
  for (guint i = 0; i < trial_count_arrays (from, role); i++)
    if (to->at[role][i] != NULL && from->at[role][i] != NULL)
      {
        g_autofree double *values = trial_read (from, role, i);

        trial_write (to, role, i, values);
      }
}

void
trial_perturb_imaginary (Trial *oracle, const Trial *from)
{
  static const TrialRole pairs[][2] = { { TRIAL_X, TRIAL_RX }, { TRIAL_DY, TRIAL_RDY } };

  for (guint p = 0; p < 2; p++)
    for (guint i = 0; i < trial_count_arrays (from, pairs[p][0]); i++)
      if (trial_is_real (from, pairs[p][0], i))
        {
          g_autofree double *tangent = trial_read (from, pairs[p][1], i);

          for (gint64 k = 0; k < trial_count (from, pairs[p][0], i); k++)
            ((double *) oracle->at[pairs[p][0]][i])[2 * k + 1] = TRIAL_STEP * tangent[k];
        }
}

/* Stored in bf16 on a device. */
static gboolean
is_narrow (const Trial *t, TrialRole role, guint i)
{
  const guint bits[] = { [TRIAL_X] = t->narrow_x, [TRIAL_RX] = t->narrow_x, [TRIAL_DX] = t->narrow_dx, [TRIAL_RDX] = t->narrow_dx,
                         [TRIAL_Y] = t->narrow_y, [TRIAL_RY] = t->narrow_y, [TRIAL_DY] = t->narrow_y, [TRIAL_RDY] = t->narrow_y };

  return bits[role] >> i & 1;
}

float
trial_round_to_bf16 (float value)
{
  guint32 bits;

  if (isnan (value))
    return value;
  memcpy (&bits, &value, sizeof bits);
  bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000u;
  memcpy (&value, &bits, sizeof value);
  return value;
}

/* What a device holds of the arrays during one rule. */
static void *
send (const void *host, gsize bytes)
{
  g_autoptr (GError) error = NULL;
  void *buffer = device->alloc (device, bytes, &error);

  g_assert_no_error (error);
  device->copy_in (device, buffer, host, bytes, &error);
  g_assert_no_error (error);
  return buffer;
}

static void *
send_narrow (const float *host, gint64 n)
{
  g_autofree guint16 *stored = g_new (guint16, MAX (1, n));

  for (gint64 k = 0; k < n; k++)
    {
      const float rounded = trial_round_to_bf16 (host[k]);

      memcpy (&stored[k], (const char *) &rounded + sizeof (guint16), sizeof (guint16));
    }
  return send (stored, (gsize) n * sizeof *stored);
}

static gboolean
fetch (void *host, const void *buffer, gint64 n, gsize width, gboolean narrow, GError **error)
{
  g_autofree guint16 *stored = narrow ? g_new (guint16, MAX (1, n)) : NULL;

  if (!device->copy_out (device, narrow ? stored : host, buffer, (gsize) n * (narrow ? sizeof *stored : width), error))
    return FALSE;
  for (gint64 k = 0; narrow && k < n; k++)
    ((guint32 *) host)[k] = (guint32) stored[k] << 16;
  return TRUE;
}

/* The arrays of `on` are the trial's, on the device. */
static void
move_in (const Trial *t, Trial *on)
{
  for (TrialRole role = 0; role < TRIAL_N_ROLES; role++)
    for (guint i = 0; i < trial_count_arrays (t, role); i++)
      if (t->at[role][i] != NULL)
        on->at[role][i] = is_narrow (t, role, i) ? send_narrow (t->at[role][i], trial_count (t, role, i))
                                                 : send (t->at[role][i], trial_count (t, role, i) * get_width (t, role, i));
}

static void
move_out (Trial *t, const Trial *on)
{
  g_autoptr (GError) error = NULL;

  for (TrialRole role = 0; role < TRIAL_N_ROLES; role++)
    for (guint i = 0; i < trial_count_arrays (t, role); i++)
      if (t->at[role][i] != NULL)
        {
          fetch (t->at[role][i], on->at[role][i], trial_count (t, role, i), get_width (t, role, i), is_narrow (t, role, i), &error);
          g_assert_no_error (error);
          device->release (device, on->at[role][i]);
        }
}

static gboolean
run_call (const Trial *t, AssayRule rule, AssayBackend *backend, GError **error)
{
  AssayOpCall call = { .n_in = t->n_in, .n_out = t->op->n_out, .in_shape = t->in, .out_shape = t->out, .attr = t->attr,
                       .fresh = t->fresh, .compute = t->compute, .narrow_x = t->narrow_x, .narrow_dx = t->narrow_dx, .narrow_y = t->narrow_y, .scratch = t->scratch, .scratch_bytes = t->scratch_bytes, .workers = backend->workers };

  for (guint i = 0; i < t->n_in; i++)
    {
      call.x[i] = t->at[TRIAL_X][i];
      if (!trial_is_real (t, TRIAL_X, i))
        continue;
      call.dx[i] = t->at[TRIAL_DX][i];
      call.rx[i] = t->at[TRIAL_RX][i];
      call.rdx[i] = t->at[TRIAL_RDX][i];
    }
  for (guint j = 0; j < t->op->n_out; j++)
    {
      call.y[j] = t->at[TRIAL_Y][j];
      if (trial_is_real (t, TRIAL_Y, j))
        call.ry[j] = t->at[TRIAL_RY][j];
    }
  call.dy = t->at[TRIAL_DY][0];
  call.rdy = t->at[TRIAL_RDY][0];
  return assay_op_run (t->op, rule, t->dtype, backend, &call, error);
}

void
trial_run_on (Trial *t, AssayRule rule, gboolean keep)
{
  TrialRole role = trial_written_by (rule);
  g_autoptr (GError) error = NULL;
  gboolean ok;

  memset (t->scratch, 0xff, t->scratch_bytes * 5);
  if (!keep && (role == TRIAL_DX || role == TRIAL_RDX))
    trial_zero (t, role);
  else if (!keep)
    for (guint i = 0; i < trial_count_arrays (t, role); i++)
      if (trial_is_real (t, role, i))
        memset (t->at[role][i], 0xff, trial_count (t, role, i) * get_width (t, role, i));       /* NaN */
  if (device != NULL && t->dtype != ASSAY_C128)
    {
      Trial on = *t;

      move_in (t, &on);
      ok = run_call (&on, rule, device, &error);
      move_out (t, &on);
    }
  else
    ok = run_call (t, rule, get_backend (t->n_threads), &error);
  if (!ok)
    g_error ("%s, case \"%s\": %s", t->op->name, t->item->name, error->message);
}

void
trial_run (Trial *t, AssayRule rule)
{
  trial_run_on (t, rule, FALSE);
}
