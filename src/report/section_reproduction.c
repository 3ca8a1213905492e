/* SPDX-License-Identifier: GPL-3.0-or-later */
/* section_reproduction.c: the commands that make the results again, and on what they were made. */
#include "report/section.h"

#include "base/json.h"

static void
add_commands (AssayReport *report, AssaySection *section)
{
  g_autoptr (GString) lines = g_string_new (NULL);

  for (guint k = 0; k < report->source->answers->len; k++)
    {
      const AssayReportAnswer *answer = report->source->answers->pdata[k];

      if (answer->stale == NULL && answer->command != NULL)
        g_string_append_printf (lines, "%s%s", lines->len > 0 ? "\n" : "", answer->command);
    }
  if (lines->len == 0)
    return;
  assay_section_add_paragraph (section, assay_prose_new_plain ("The commands below, in this order and in the case's own directory, make everything in this report "
                                                              "again. Results are the same to the bit for any number of threads."));
  assay_section_add_code (section, lines->str);
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
  AssayBlock *table = assay_section_begin_table (section, "reproduction/objects", assay_prose_new_plain ("Results of the case that this report was made of"),
                                                 "object|made (UTC)|content root");

  for (guint k = 0; k < report->source->answers->len; k++)
    {
      const AssayReportAnswer *answer = report->source->answers->pdata[k];
      AssayProse *object = assay_prose_new (), *root = assay_prose_new ();

      assay_prose_add_code (object, answer->object);
      assay_prose_add_code (root, answer->content_root ? answer->content_root : "");
      assay_block_add_cell (table, object);
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
  add_commands (report, section);
  add_machine (section, json_object_get (((const AssayReportAnswer *) answers->pdata[answers->len - 1])->meta, "provenance"));
  add_objects (report, section);
  return TRUE;
}

ASSAY_SECTION_DEFINE (reproduction) = { .name = "reproduction", .title = "Reproduction", .write = write_section };
