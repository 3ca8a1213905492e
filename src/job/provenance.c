/* SPDX-License-Identifier: GPL-3.0-or-later */
/* provenance.c: facts of the build and of the machine. */
#include "job/provenance.h"

#include "base/isa.h"
#include "base/mem.h"
#include "config.h"
#include "tensor/gemm.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

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

/* "model name : AMD EPYC" of the first processor, or NULL. Owns: the caller. */
static char *
read_processor_name (void)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  if (!g_file_get_contents ("/proc/cpuinfo", &text, NULL, NULL))
    return NULL;
  lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line != NULL; line++)
    if (g_str_has_prefix (*line, "model name") && strchr (*line, ':') != NULL)
      {
        g_autofree char *name = g_utf8_make_valid (strchr (*line, ':') + 1, -1);

        return g_strdup (g_strstrip (name));
      }
  return NULL;
}

json_t *
assay_provenance_machine (void)
{
  g_autofree char *processor = read_processor_name ();
  long pages = sysconf (_SC_PHYS_PAGES), page = sysconf (_SC_PAGESIZE);
  struct utsname name;
  g_autofree char *system = uname (&name) == 0 ? g_strdup_printf ("%s %s %s", name.sysname, name.release, name.machine) : NULL;

  return json_pack ("{s:s?, s:i, s:o, s:s?}", "processor", processor, "processors", (int) g_get_num_processors (), "memory_bytes",
                    pages > 0 && page > 0 ? json_integer ((json_int_t) pages * page) : json_null (), "system", system);
}

AssayProvenanceStart
assay_provenance_start (void)
{
  return (AssayProvenanceStart) { .real = g_get_real_time (), .monotonic = g_get_monotonic_time (), .cpu_seconds = cpu_seconds () };
}

json_t *
assay_provenance_run (const AssayProvenanceStart *start, const AssayBackend *backend, const char *command_line, const json_t *measured)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (start->real / G_USEC_PER_SEC);
  g_autofree char *utc = g_date_time_format (time, "%Y-%m-%dT%H:%M:%SZ");
  json_t *run = json_pack ("{s:o, s:o, s:s, s:s, s:s, s:i, s:s?, s:s, s:f, s:f, s:I, s:O?}", "build", assay_provenance_build (), "machine",
                    assay_provenance_machine (), "instruction_set", assay_isa_get_name (), "blas_core", assay_gemm_get_core_name (), "device", backend->name, "threads",
                    (int) assay_workers_get_count (backend->workers), "command_line", command_line, "started_utc", utc, "seconds",
                    1e-6 * (double) (g_get_monotonic_time () - start->monotonic), "cpu_seconds", cpu_seconds () - start->cpu_seconds,
                    "peak_buffer_bytes", (json_int_t) assay_mem_get_peak (), "measured", measured);

  if (backend->card[0] != '\0')
    json_object_set_new (run, "card", json_string (backend->card));
  return run;
}
