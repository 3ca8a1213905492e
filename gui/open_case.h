/* SPDX-License-Identifier: GPL-3.0-or-later */
/* open_case.h: the case that a window shows: opened in the background, watched for what other programs add to it, and honest about what
 * is wrong with it.
 *
 * "changed" is emitted when it has been opened, when there is more in it, and when it cannot be read or can be read again.
 * Thread rule: the main thread.
 */
#pragma once

#include "gui/case_contents.h"
#include "gui/case_examples.h"
#include "gui/case_reader.h"

typedef enum {
  ASSAY_CASE_OPENING,
  ASSAY_CASE_OPEN,
  ASSAY_CASE_FAILED             /* never could be opened */
} AssayCaseState;

#define ASSAY_TYPE_OPEN_CASE (assay_open_case_get_type ())
G_DECLARE_FINAL_TYPE (AssayOpenCase, assay_open_case, ASSAY, OPEN_CASE, GObject)

AssayOpenCase           *assay_open_case_new          (const char *path);
AssayCaseState           assay_open_case_get_state    (AssayOpenCase *self);
const char              *assay_open_case_get_path     (AssayOpenCase *self);
AssayCaseReader         *assay_open_case_get_reader   (AssayOpenCase *self);
AssayCaseExamples       *assay_open_case_get_examples (AssayOpenCase *self);
/* What was found last; NULL until it has been opened. Owns: the open case. */
AssayCaseContents       *assay_open_case_get_contents (AssayOpenCase *self);
/* What is wrong now, or NULL. Contents that were read before it went wrong stay. Owns: the open case. */
const GError            *assay_open_case_get_fault    (AssayOpenCase *self);
/* Looks again, now. */
void                     assay_open_case_refresh      (AssayOpenCase *self);

/* The case that somebody means by a path: the directory itself, or the one around its marker file or one of its shards. Owns: the caller. */
char                    *assay_case_path_from         (const char *path);
/* Whether a case lies there, readable or not. */
gboolean                 assay_case_path_is_case      (const char *path);
