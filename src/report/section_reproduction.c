/* SPDX-License-Identifier: GPL-3.0-or-later */
/* section_reproduction.c: the commands that make the results again, and on what they were made. */
#include "report/section.h"
#include "report/withheld.h"

#include "base/json.h"

static void
add_commands (AssayReport *report, AssaySection *section)
{
  gboolean any = FALSE;

  for (guint k = 0; k < report->source->answers->len; k++)
    {
      const AssayReportAnswer *answer = report->source->answers->pdata[k];

      if (answer->stale != NULL || answer->command == NULL)
        continue;
      if (!any)
        assay_section_add_paragraph (section, assay_prose_new_plain ("The commands below, in this order and in the case's own directory, make everything in this "
                                                                    "report again. Results are the same to the bit for any number of threads. A claim names "
                                                                    "its command by number."));
      any = TRUE;
      assay_section_add_command (section, answer->command);
    }
}

static void
add_machine (AssaySection *section, const json_t *provenance)
{
  const json_t *build = json_object_get (provenance, "build");
  AssayBlock *table = assay_section_begin_table (section, "reproduction/environment", assay_prose_new_plain ("What the newest result was made with"), "what|value");
  const struct { const char *what; const json_t *object; const char *key; } rows[] = {
    { "program version", build, "version" }, { "compiler", build, "compiler" }, { "compiler flags", build, "flags" },
    { "flags of the kernels", build, "kernel_flags" }, { "machine type", build, "host" }, { "instruction set", provenance, "instruction_set" },
    { "BLAS kernel family", provenance, "blas_core" },
  };

  for (gsize k = 0; k < G_N_ELEMENTS (rows); k++)
    {
      const char *value = assay_json_get_text (rows[k].object, rows[k].key);

      assay_block_add_cell_plain (table, rows[k].what);
      assay_block_add_cell_plain (table, value[0] != '\0' ? value : "not recorded");
    }
}

static void
add_objects (AssayReport *report, AssaySection *section)
{
  gboolean hides_times = assay_report_leaves_out (report, "case.changes", "when each result was made");
  AssayBlock *table = assay_section_begin_table (section, "reproduction/objects", assay_prose_new_plain ("Results of the case that this report was made of"),
                                                 hides_times ? "object|content root" : "object|made (UTC)|content root");

  for (guint k = 0; k < report->source->answers->len; k++)
    {
      const AssayReportAnswer *answer = report->source->answers->pdata[k];
      AssayProse *object = assay_prose_new (), *root = assay_prose_new ();

      assay_prose_add_code (object, answer->object);
      assay_prose_add_code (root, answer->content_root ? answer->content_root : "");
      assay_block_add_cell (table, object);
      if (!hides_times)
        assay_block_add_cell_plain (table, answer->utc ? answer->utc : "not recorded");
      assay_block_add_cell (table, root);
    }
}

static gboolean
write_section (AssayReport *report, AssaySection *section, GError **error)
{
  const GPtrArray *answers = report->source->answers;

  (void) error;
  if (answers->len == 0)
    return TRUE;
  if (!assay_report_leaves_out (report, "evaluation.reproduction", "the commands that make the results again"))
    add_commands (report, section);
  if (!assay_report_leaves_out (report, "compute.machine software.versions", "what the results were made with"))
    add_machine (section, json_object_get (((const AssayReportAnswer *) answers->pdata[answers->len - 1])->meta, "provenance"));
  add_objects (report, section);
  return TRUE;
}

ASSAY_SECTION_DEFINE (reproduction) = { .name = "reproduction", .title = "Reproduction", .write = write_section };
