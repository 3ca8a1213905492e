/* SPDX-License-Identifier: GPL-3.0-or-later */
/* model_path.h: what a path that somebody dropped or chose is: a case, a model that a case can take in, or neither.
 *
 * Only names are looked at: whether the files hold what they are called is found out when they are read.
 * What is returned is the caller's. Thread rule: pure functions, which ask the file system for names.
 */
#pragma once

#include "gui/case_contents.h"

typedef enum { ASSAY_PATH_NEITHER, ASSAY_PATH_CASE, ASSAY_PATH_MODEL } AssayPathKind;

/* of: what is to be opened or imported: the case around a marker or a shard, the directory around config.json or weights; NULL for neither. May be NULL. */
AssayPathKind assay_model_path_look    (const char *path, char **of);

/* "stories260K" of "/tmp/stories260K.bin": letters, digits, and what may stand between them. */
char         *assay_model_path_name    (const char *path);
/* The same, with a number behind it where the case has a model of that name. contents NULL: no case yet. */
char         *assay_model_path_free_name (const char *path, const AssayCaseContents *contents);
/* "assay import demo.assay model /tmp/stories260K.bin --name stories260K" */
char         *assay_model_path_command (const char *path, const char *cas, const AssayCaseContents *contents);
/* Where a case for it can be made, in a folder: "FOLDER/stories260K.assay", with a number where that is taken. */
char         *assay_model_path_new_case (const char *path, const char *folder);
