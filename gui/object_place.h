/* SPDX-License-Identifier: GPL-3.0-or-later */
/* object_place.h: the page that shows an object of a case, and the groups in which a person thinks of them.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include "gui/case_contents.h"

typedef enum {
  ASSAY_GROUP_DATA,
  ASSAY_GROUP_MODELS,
  ASSAY_GROUP_RUNS,             /* metrics, checkpoints, banks of retrainings */
  ASSAY_GROUP_RECORDINGS,
  ASSAY_GROUP_SCORES,           /* and what they were held against */
  ASSAY_GROUP_ANSWERS,          /* what other jobs found, and the jobs themselves */
  ASSAY_GROUP_OTHER,
  ASSAY_GROUP_N
} AssayObjectGroup;

typedef struct {
  const char *page;             /* NULL: no page shows it */
  const char *kind;             /* of the selection; NULL: the page as it is */
  char *reference;              /* NULL with kind. Owns: who asked */
} AssayObjectPlace;

AssayObjectGroup  assay_object_get_group (const AssayObject *object);
AssayObjectPlace  assay_object_get_place (const AssayObject *object);
/* "Data", translated. */
const char       *assay_object_group_name (AssayObjectGroup group);
