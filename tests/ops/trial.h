/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trial.h: one case of one op in one compute type: shapes, attributes, drawn data, and how its rules are run.
 *
 * The data of a case depend on op, case and argument alone and are numbers that a float holds, so trials of all types and crews
 * start from the same values. Before every run scratch is filled with NaN and what the rule is to write is made NaN or zero.
 * A trial owns its buffers; a failing rule ends the test. Thread rule: one thread.
 */
#pragma once

#include "ops/op.h"

#include <glib.h>

#define TRIAL_STEP 1e-30        /* of the complex step: its square vanishes beside 1 */

/* The eight arrays a rule may read or write. */
typedef enum { TRIAL_X, TRIAL_Y, TRIAL_DX, TRIAL_DY, TRIAL_RX, TRIAL_RY, TRIAL_RDX, TRIAL_RDY, TRIAL_N_ROLES } TrialRole;

typedef struct {
  const AssayOp *op;
  const AssayOpCase *item;
  AssayDtype dtype;
  guint n_in;
  AssayShape in[ASSAY_OP_MAX_IN], out[ASSAY_OP_MAX_OUT];
  double attr[ASSAY_OP_MAX_ATTRS];
  void *at[TRIAL_N_ROLES][ASSAY_OP_MAX_IN];    /* DY and RDY: [0]; NULL: not passed to the op */
  guint fresh;
  AssayCompute compute;
  guint narrow_x, narrow_dx, narrow_y;          /* on a device, stored there in bf16: bits as an op's call has them */
  guint n_threads;
  gsize scratch_bytes;
  char *scratch;
} Trial;

/* Attributes of the case, or the table's defaults. */
void      trial_get_attributes (const AssayOp *op, const AssayOpCase *item, double *attr);
guint     trial_count_inputs (const AssayOp *op, const AssayOpCase *item);

Trial    *trial_new     (const AssayOp *op, const AssayOpCase *item, AssayDtype dtype);
void      trial_free    (Trial *trial);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Trial, trial_free)

guint     trial_count_arrays (const Trial *trial, TrialRole role);
gint64    trial_count   (const Trial *trial, TrialRole role, guint i);
/* TRUE for what has a derivative: neither index nor data. */
gboolean  trial_is_real (const Trial *trial, TrialRole role, guint i);
/* Which array the rule writes: Y, DX, RY or RDX. */
TrialRole trial_written_by (AssayRule rule);
/* TRUE when the rule writes array i of that role: not passed ones, saved values of BWD, and so on, are left out. */
gboolean  trial_writes  (const Trial *trial, AssayRule rule, guint i);

/* Draws an array anew; salt 0 gives what trial_new drew. */
void      trial_draw    (Trial *trial, TrialRole role, guint i, guint64 salt);
void      trial_zero    (Trial *trial, TrialRole role);
void      trial_absolute (Trial *trial, TrialRole role, guint i);
/* Real parts as doubles; free it. */
double   *trial_read    (const Trial *trial, TrialRole role, guint i);
/* Imaginary parts over the complex step. */
double   *trial_read_derivative (const Trial *trial, TrialRole role, guint i);
void      trial_write   (Trial *trial, TrialRole role, guint i, const double *values);
/* Copies values of another trial of the same case; between types they are converted. */
void      trial_copy    (Trial *to, const Trial *from, TrialRole role);
/* x <- x + step i rx, dy <- dy + step i rdy in a c128 trial. */
void      trial_perturb_imaginary (Trial *oracle, const Trial *from);

/* To nearest, ties to even. */
float     trial_round_to_bf16 (float value);
/* From here on rules of f32 and f64 run on that backend's device, with every array copied there and back; NULL: on the processor again. */
void      trial_set_device (AssayBackend *backend);
/* Runs a rule; adjoints are zeroed first unless keep is set. */
void      trial_run     (Trial *trial, AssayRule rule);
void      trial_run_on  (Trial *trial, AssayRule rule, gboolean keep);
