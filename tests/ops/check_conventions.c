/* SPDX-License-Identifier: GPL-3.0-or-later */
/* check_conventions.c: what the walks of a graph rely on: NaN is seen, bits do not depend on the crew, adjoints accumulate, nothing is read
 * that is not declared, and shapes that do not fit are refused. */
#include "checks.h"

#include "judge.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

/* --- NaN -------------------------------------------------------------------------------------------------------------- */

/* Replaces one entry and runs; TRUE when any entry of what the rule writes differs from the reference, or is NaN when nan is asked for. */
static gboolean
changes_something (Trial *t, AssayRule rule, TrialRole role, guint i, gint64 place, double value, const Trial *reference)
{
  TrialRole written = trial_written_by (rule);
  g_autofree double *v = trial_read (t, role, i);
  gboolean found = FALSE;
  double kept = v[place];

  v[place] = value;
  trial_write (t, role, i, v);
  trial_run (t, rule);
  for (guint k = 0; k < trial_count_arrays (t, written) && !found; k++)
    if (trial_writes (t, rule, k))
      {
        g_autofree double *a = trial_read (t, written, k), *b = reference ? trial_read (reference, written, k) : NULL;

        for (gint64 p = 0; p < trial_count (t, written, k) && !found; p++)
          found = reference ? a[p] != b[p] : isnan (a[p]);
      }
  v[place] = kept;
  trial_write (t, role, i, v);
  return found;
}

/* An entry matters when the result is not the same with it made very large, either way. A NaN in its place must then be seen. */
void
check_nan (const AssayOp *op, const AssayOpCase *item)
{
  static const AssayDtype dtypes[] = { ASSAY_F32, ASSAY_F64 };
  static const struct { AssayRule rule; TrialRole role; } places[] = {
    { ASSAY_FWD, TRIAL_X }, { ASSAY_BWD, TRIAL_DY }, { ASSAY_RFWD, TRIAL_RX }, { ASSAY_RBWD, TRIAL_RDY } };

  for (guint d = 0; d < G_N_ELEMENTS (dtypes); d++)
    {
      g_autoptr (Trial) clean = trial_new_run (op, item, dtypes[d]), t = trial_new_run (op, item, dtypes[d]);

      for (guint p = 0; p < G_N_ELEMENTS (places); p++)
        {
          AssayRule rule = places[p].rule;
          TrialRole role = places[p].role;

          for (guint i = 0; i < trial_count_arrays (t, role); i++)
            {
              gint64 n = trial_count (t, role, i);

              if (role == TRIAL_X ? op->index_in >> i & 1 : !trial_is_real (t, role, i))
                continue;
              for (gint64 k = 0; k < n; k += 1 + n / 5)
                if ((changes_something (t, rule, role, i, k, 1e6, clean) || changes_something (t, rule, role, i, k, -1e6, clean))
                    && !changes_something (t, rule, role, i, k, NAN, NULL))
                  trial_fail (t, "NaN in %s[%" G_GINT64_FORMAT "] is swallowed", trial_array_name (t, role, i), k);
            }
          trial_run (t, rule);
        }
    }
}

/* --- calling conventions ---------------------------------------------------------------------------------------------- */

void
check_crews (const AssayOp *op, const AssayOpCase *item)
{
  static const AssayDtype dtypes[] = { ASSAY_F32, ASSAY_F64 };
  static const guint crews[] = { 2, 3, 5 };
  AssayRule last = op->flags & ASSAY_OP_LOSS ? ASSAY_GGN : ASSAY_RBWD;

  for (guint d = 0; d < G_N_ELEMENTS (dtypes); d++)
    {
      g_autoptr (Trial) alone = trial_new (op, item, dtypes[d]);

      alone->n_threads = 1;
      for (AssayRule rule = ASSAY_FWD; rule <= last; rule++)
        trial_run (alone, rule);
      for (guint c = 0; c < G_N_ELEMENTS (crews); c++)
        {
          g_autoptr (Trial) t = trial_new (op, item, dtypes[d]);

          t->n_threads = crews[c];
          for (AssayRule rule = ASSAY_FWD; rule <= last; rule++)
            {
              TrialRole role = trial_written_by (rule);

              trial_run (t, rule);
              if (rule == ASSAY_BWD && last == ASSAY_GGN)
                continue;                                         /* GGN writes the same array; its turn comes */
              for (guint i = 0; i < trial_count_arrays (t, role); i++)
                if (trial_writes (t, rule, i)
                    && memcmp (t->at[role][i], alone->at[role][i], trial_count (t, role, i) * assay_dtype_width (t->dtype)) != 0)
                  trial_fail (t, "%s has other bits with %u threads", trial_array_name (t, role, i), crews[c]);
            }
        }
    }
}

static const struct { AssayRule rule; TrialRole role; } reverse[] = {
  { ASSAY_BWD, TRIAL_DX }, { ASSAY_RBWD, TRIAL_RDX }, { ASSAY_GGN, TRIAL_DX } };

static guint
count_reverse (const AssayOp *op)
{
  return op->flags & ASSAY_OP_LOSS ? 3 : 2;
}

/* What is there already stays: the rule adds to it, except where its bit of fresh says that there is only rubbish. */
void
check_accumulation (const AssayOp *op, const AssayOpCase *item)
{
  for (guint r = 0; r < count_reverse (op); r++)
    {
      TrialRole role = reverse[r].role;
      AssayRule rule = reverse[r].rule;
      g_autoptr (Trial) zeroed = trial_new_run (op, item, ASSAY_F64), t = trial_new_run (op, item, ASSAY_F64);

      trial_run (zeroed, rule);
      for (guint i = 0; i < t->n_in; i++)
        if (trial_is_real (t, role, i))
          trial_draw (t, role, i, 7);
      trial_run_on (t, rule, TRUE);
      for (guint i = 0; i < t->n_in; i++)
        if (trial_writes (t, rule, i))
          {
            gint64 n = trial_count (t, role, i);
            g_autofree double *got = trial_read (t, role, i), *expected = trial_read (zeroed, role, i), *before = NULL;

            trial_draw (t, role, i, 7);
            before = trial_read (t, role, i);
            for (gint64 k = 0; k < n; k++)
              expected[k] += before[k];
            trial_check_close (t, role, i, got, expected, RELATIVE * trial_largest (expected, n));
          }
      for (guint bit = 0; op->flags & ASSAY_OP_TAKES_FRESH && bit < t->n_in; bit++)
        {
          trial_zero (t, role);
          if (!trial_writes (t, rule, bit))
            continue;
          memset (t->at[role][bit], 0xff, trial_count (t, role, bit) * assay_dtype_width (t->dtype));
          t->fresh = 1u << bit;
          trial_run_on (t, rule, TRUE);
          t->fresh = 0;
          for (guint i = 0; i < t->n_in; i++)
            if (trial_writes (t, rule, i))
              {
                g_autofree double *got = trial_read (t, role, i), *expected = trial_read (zeroed, role, i);

                trial_check_close (t, role, i, got, expected, RELATIVE * trial_largest (expected, trial_count (t, role, i)));
              }
        }
    }
}

/* An adjoint that nobody needs is not written and does not change the others. */
void
check_unwanted (const AssayOp *op, const AssayOpCase *item)
{
  for (guint r = 0; r < count_reverse (op); r++)
    {
      TrialRole role = reverse[r].role;
      AssayRule rule = reverse[r].rule;
      g_autoptr (Trial) full = trial_new_run (op, item, ASSAY_F64), t = trial_new_run (op, item, ASSAY_F64);

      trial_run (full, rule);
      for (guint wanted = 0; wanted < 1u << t->n_in; wanted++)
        {
          void *kept[ASSAY_OP_MAX_IN];

          memcpy (kept, t->at[role], sizeof kept);
          for (guint i = 0; i < t->n_in; i++)
            if (!(wanted >> i & 1))
              t->at[role][i] = NULL;
          trial_run (t, rule);
          for (guint i = 0; i < t->n_in; i++)
            if (trial_writes (t, rule, i))
              trial_check_same (t, role, i, full, "when every adjoint is asked for");
          memcpy (t->at[role], kept, sizeof kept);
        }
    }
}

/* An input without tangent is one whose tangent is zero. */
void
check_null_tangents (const AssayOp *op, const AssayOpCase *item)
{
  if (!(op->flags & ASSAY_OP_NULL_TANGENT))
    return;
  for (guint present = 0; present < 1u << trial_count_inputs (op, item); present++)
    {
      g_autoptr (Trial) zeroed = trial_new (op, item, ASSAY_F64), t = trial_new (op, item, ASSAY_F64);
      void *kept[ASSAY_OP_MAX_IN];

      memcpy (kept, t->at[TRIAL_RX], sizeof kept);
      for (guint i = 0; i < t->n_in; i++)
        if (!(present >> i & 1))
          {
            t->at[TRIAL_RX][i] = NULL;
            memset (zeroed->at[TRIAL_RX][i], 0, trial_count (t, TRIAL_RX, i) * assay_dtype_width (t->dtype));
          }
      for (AssayRule rule = ASSAY_FWD; rule <= ASSAY_RBWD; rule++)
        {
          TrialRole role = trial_written_by (rule);

          trial_run (t, rule);
          trial_run (zeroed, rule);
          for (guint i = 0; i < trial_count_arrays (t, role); i++)
            if (trial_writes (t, rule, i))
              {
                g_autofree double *got = trial_read (t, role, i), *expected = trial_read (zeroed, role, i);

                trial_check_close (t, role, i, got, expected, RELATIVE * trial_largest (expected, trial_count (t, role, i)));
              }
        }
      memcpy (t->at[TRIAL_RX], kept, sizeof kept);
    }
}

/* What an op does not declare to use may be gone when the later rules run. */
void
check_declared_uses (const AssayOp *op, const AssayOpCase *item)
{
  g_autoptr (Trial) full = trial_new_run (op, item, ASSAY_F64);

  for (AssayRule rule = ASSAY_BWD; rule <= (op->flags & ASSAY_OP_LOSS ? ASSAY_GGN : ASSAY_RBWD); rule++)
    {
      TrialRole role = trial_written_by (rule);
      g_autoptr (Trial) t = trial_new_run (op, item, ASSAY_F64);

      trial_run (full, rule);
      for (guint i = 0; i < t->n_in; i++)
        if (!(op->uses_in >> i & 1) && trial_is_real (t, TRIAL_X, i))
          {
            gsize bytes = trial_count (t, TRIAL_X, i) * assay_dtype_width (t->dtype);

            memset (t->at[TRIAL_X][i], 0xff, bytes);
            if (rule == ASSAY_RBWD)
              memset (t->at[TRIAL_RX][i], 0xff, bytes);
          }
      for (guint j = 0; j < op->n_out; j++)
        if (!(op->uses_out >> j & 1) && trial_is_real (t, TRIAL_Y, j))
          {
            gsize bytes = trial_count (t, TRIAL_Y, j) * assay_dtype_width (t->dtype);

            memset (t->at[TRIAL_Y][j], 0xff, bytes);
            if (rule != ASSAY_RFWD)
              memset (t->at[TRIAL_RY][j], 0xff, bytes);
          }
      trial_run (t, rule);
      for (guint i = 0; i < trial_count_arrays (t, role); i++)
        if (trial_writes (t, rule, i))
          trial_check_same (t, role, i, full, "when values that it does not declare to use are there");
    }
}

/* --- declarations ----------------------------------------------------------------------------------------------------- */

void
check_declaration (const AssayOp *op, const AssayOpCase *item)
{
  g_autoptr (Trial) t = trial_new (op, item, ASSAY_F64);
  AssayRule last = op->flags & ASSAY_OP_LOSS ? ASSAY_GGN : ASSAY_RBWD;

  for (AssayRule rule = ASSAY_FWD; rule <= last; rule++)
    {
      AssayCost cost = op->cost (rule, t->in, t->out, t->attr, 8);

      if (!(cost.flops >= 0 && isfinite (cost.flops) && cost.bytes > 0 && isfinite (cost.bytes)))
        trial_fail (t, "a cost of %g flops and %g bytes", cost.flops, cost.bytes);
    }
  for (guint k = 0; op->attrs != NULL && op->attrs[k].name != NULL; k++)
    if (op->attrs[k].min < op->attrs[k].max && !(t->attr[k] >= op->attrs[k].min && t->attr[k] <= op->attrs[k].max))
      trial_fail (t, "attribute %s is outside its declared range", op->attrs[k].name);
}

void
check_refusals (const AssayOp *op, const AssayOpCase *item)
{
  guint n_in = trial_count_inputs (op, item), refused = 0;
  double attr[ASSAY_OP_MAX_ATTRS] = { 0 };

  trial_get_attributes (op, item, attr);
  for (guint i = 0; i < n_in; i++)
    for (guint scalar = 0; scalar < 2; scalar++)
      {
        AssayShape in[ASSAY_OP_MAX_IN], out[ASSAY_OP_MAX_OUT];
        g_autoptr (GError) error = NULL;

        memcpy (in, item->in, sizeof in);
        if (scalar)
          in[i] = (AssayShape) { 0 };
        else
          in[i].dim[in[i].rank - 1]++;
        if (op->infer (in, n_in, attr, out, &error))
          {
            g_assert_no_error (error);
            continue;
          }
        refused++;
        g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE);
        g_assert_nonnull (strstr (error->message, "expected"));
      }
  if (n_in > 1 && refused == 0)
    g_error ("%s, case \"%s\": infer accepts shapes that do not fit each other", op->name, item->name);
}
