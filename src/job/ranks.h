/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ranks.h: whether this process is one of several that mpirun or srun started together, and then the ranks (base/collective.h).
 * Thread rule: before any other thread is started.
 */
#pragma once

#include "base/collective.h"
#include "base/param.h"

#define ASSAY_RANKS_OPTION "ranks"
/* An entry for a program's own table. */
extern const char *const assay_ranks_choices[];
#define ASSAY_RANKS_PARAM                                                                                               \
  { ASSAY_RANKS_OPTION, ASSAY_PARAM_CHOICE, .def.s = "auto", .choices = assay_ranks_choices,                            \
    .help = "processes that mpirun or srun started together do one job (mpi), or know nothing of each other (none); auto: mpi where there are several" }

/* values: of a table with ASSAY_RANKS_PARAM. *ranks stays NULL where there is one process. Errors: those of assay_collective_open_mpi. */
gboolean assay_ranks_open (const AssayValues *values, AssayCollective **ranks, GError **error);
