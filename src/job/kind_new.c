/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_new.c: makes an empty case. */
#include "job/spec.h"

static const AssayParam params[] = { { .name = NULL } };

static const AssayJobExample examples[] = {
  { "make an empty case", "assay new people.assay" },
  { NULL, NULL }
};

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  (void) job;
  (void) error;
  return json_pack ("{s:s, s:i}", "path", assay_case_get_path (context->cas), "format", ASSAY_CASE_FORMAT);
}

static void
view (const json_t *document, AssayView *view)
{
  const char *path = json_string_value (json_object_get (document, "path"));

  assay_view_add_text (view, "made the case %s; next: assay import %s data FILE", path, path);
}

ASSAY_JOB_KIND_DEFINE (new) = {
  .name = "new", .group = ASSAY_JOB_GROUP_CASE, .help = "make an empty case",
  .description = "A case is a directory that keeps everything about one question: data, models, recordings, scores, and how each was made. "
                 "The directory must not exist yet, or be empty.",
  .examples = examples, .access = ASSAY_JOB_MAKES_CASE, .params = params, .run = run, .view = view,
};
