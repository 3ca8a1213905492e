/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cost_meter.c: clocks, and the kernel's mark of the most memory. */
#include "job/cost_meter.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static double
cpu_seconds (void)
{
  struct rusage usage;

  if (getrusage (RUSAGE_SELF, &usage) != 0)
    return 0;
  return (double) usage.ru_utime.tv_sec + (double) usage.ru_stime.tv_sec + 1e-6 * (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* Linux: the mark falls back to what is held now. */
static void
reset_peak (void)
{
  int file = open ("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
  ssize_t written = file >= 0 ? write (file, "5", 1) : 0;

  (void) written;                       /* where it cannot fall, the mark is that of the whole run: more, never less */
  if (file >= 0)
    close (file);
}

/* -1 where the system does not tell. */
static gint64
read_peak (void)
{
  g_autofree char *status = NULL;
  const char *line;
  guint64 kibibytes;
  g_autofree char *number = NULL;

  if (!g_file_get_contents ("/proc/self/status", &status, NULL, NULL) || (line = strstr (status, "\nVmHWM:")) == NULL)
    return -1;
  number = g_strndup (line + strlen ("\nVmHWM:"), strcspn (line + strlen ("\nVmHWM:"), "k"));
  return g_ascii_string_to_unsigned (g_strstrip (number), 10, 0, G_MAXINT64 / 1024, &kibibytes, NULL) ? (gint64) kibibytes * 1024 : -1;
}

AssayCostMeter
assay_cost_meter_start (void)
{
  reset_peak ();
  return (AssayCostMeter) { .monotonic = g_get_monotonic_time (), .cpu_seconds = cpu_seconds () };
}

json_t *
assay_cost_meter_stop (const AssayCostMeter *meter)
{
  gint64 peak = read_peak ();

  return json_pack ("{s:f, s:f, s:o}", "seconds", 1e-6 * (double) (g_get_monotonic_time () - meter->monotonic), "cpu_seconds",
                    cpu_seconds () - meter->cpu_seconds, "peak_bytes", peak >= 0 ? json_integer ((json_int_t) peak) : json_null ());
}
