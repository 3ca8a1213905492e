/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ranks.c: what a launcher tells its processes by their environment. */
#include "job/ranks.h"

#include "base/error.h"

#include <string.h>

const char *const assay_ranks_choices[] = { "auto", "mpi", "none", NULL };

static gboolean
names_several (const char *variable)
{
  const char *text = g_getenv (variable);

  return text != NULL && g_ascii_strtoll (text, NULL, 10) > 1;
}

/* Open MPI's mpirun; launchers that speak PMI (MPICH's, srun --mpi=pmi2); and PMIx under Slurm, which has no number of its own. What runs in a batch file without
 * srun has none of these. */
static gboolean
was_started_together (void)
{
  return names_several ("OMPI_COMM_WORLD_SIZE") || names_several ("PMI_SIZE") || (g_getenv ("PMIX_RANK") != NULL && names_several ("SLURM_STEP_NUM_TASKS"));
}

gboolean
assay_ranks_open (const AssayValues *values, AssayCollective **ranks, GError **error)
{
  const char *choice = assay_values_get_string (values, ASSAY_RANKS_OPTION);

  *ranks = NULL;
  if (strcmp (choice, "none") == 0 || (strcmp (choice, "auto") == 0 && !was_started_together ()))
    return TRUE;
  if (!assay_collective_open_mpi (NULL, ranks, error))
    return FALSE;
  if (*ranks != NULL || !was_started_together ())
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "ranks: several expected, as the launcher's environment says, one by itself found, which would do the whole job; start "
               "them by the launcher of the MPI that this program was built with, or give --ranks none");
  return FALSE;
}
