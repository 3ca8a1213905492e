/* SPDX-License-Identifier: GPL-3.0-or-later */
/* measure.h: how fast this machine walks this model, for the times of a plan.
 *
 * Thread rule: one at a time per backend.
 */
#pragma once

#include "job/plan.h"
#include "run/pass.h"

/* Bytes of a process that is at work, beside what its plan counts: what it holds now, which is the program, the model and the data that were read, and
 * what libraries touch once they work (their code, HDF5's chunks, packing buffers of LAPACK, stacks). 0 where the system does not tell. */
double   assay_measure_process (void);

/* Walks one batch forward and back, twice, and puts what the second took into the plan's rate and its basis. batch is cut to n.
 * Errors: those of the walk. */
gboolean assay_measure_rate (AssayJobPlan *plan, const AssayModel *model, AssayDataset *dataset, const gint64 *examples, gint64 n, gint64 batch,
                             AssayBackend *backend, GError **error);
