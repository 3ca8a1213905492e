/* SPDX-License-Identifier: GPL-3.0-or-later */
/* provenance.c: facts of the build and of the machine. */
#include "job/provenance.h"

#include "base/isa.h"
#include "base/mem.h"
#include "config.h"
#include "tensor/gemm.h"

#include <sys/resource.h>

json_t *
assay_provenance_build (void)
{
  json_t *isa = json_array ();

  for (const char *const *name = assay_isa_list (); *name != NULL; name++)
    json_array_append_new (isa, json_string (*name));
  return json_pack ("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:s}", "program", PACKAGE_NAME, "version", PACKAGE_VERSION, "compiler",
                    ASSAY_BUILD_COMPILER, "host", ASSAY_BUILD_HOST, "flags", ASSAY_BUILD_FLAGS, "kernel_flags", ASSAY_BUILD_OPS_FLAGS,
                    "blas_core", assay_gemm_get_core_name (), "instruction_sets", isa, "jansson", JANSSON_VERSION, "license",
                    "GPL-3.0-or-later, with the additional permission of COPYING.CUDA");
}

static double
cpu_seconds (void)
{
  struct rusage usage;

  if (getrusage (RUSAGE_SELF, &usage) != 0)
    return 0;
  return (double) usage.ru_utime.tv_sec + (double) usage.ru_stime.tv_sec + 1e-6 * (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

json_t *
assay_provenance_run (guint threads, const char *command_line, gint64 started, double seconds)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (started / G_USEC_PER_SEC);
  g_autofree char *utc = g_date_time_format (time, "%Y-%m-%dT%H:%M:%SZ");

  return json_pack ("{s:o, s:s, s:s, s:i, s:s?, s:s, s:f, s:f, s:I}", "build", assay_provenance_build (), "instruction_set",
                    assay_isa_get_name (), "blas_core", assay_gemm_get_core_name (), "threads", (int) threads, "command_line", command_line,
                    "started_utc", utc, "seconds", seconds, "cpu_seconds", cpu_seconds (), "peak_buffer_bytes",
                    (json_int_t) assay_mem_get_peak ());
}
