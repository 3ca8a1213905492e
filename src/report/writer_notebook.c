/* SPDX-License-Identifier: GPL-3.0-or-later */
/* writer_notebook.c: notebook/report.ipynb, beside the evidence of its bundle. */
#include "report/notebook.h"
#include "report/writer.h"

static gboolean
write_document (const AssayDocument *document, GPtrArray *files, GError **error)
{
  json_t *notebook = assay_notebook_make (document, "../evidence/results.h5", error);

  if (notebook == NULL)
    return FALSE;
  assay_written_files_add_text (files, "notebook/report.ipynb", assay_notebook_to_text (notebook));
  json_decref (notebook);
  return TRUE;
}

ASSAY_WRITER_DEFINE (notebook) = {
  .name = "notebook", .help = "notebook/report.ipynb: the report with stored outputs, which recomputes them from the evidence", .write = write_document,
};
