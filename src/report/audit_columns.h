/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audit_columns.h: the numbers of an audit as columns: where each stands in the answer's JSON, and what it is. Whoever makes tables of an
 * audit walks these, so that no table has its own list.
 *
 * Thread rule: constants once made.
 */
#pragma once

#include <glib.h>
#include <jansson.h>

typedef enum {
  ASSAY_AUDIT_COLUMN_COUNT,     /* an integer */
  ASSAY_AUDIT_COLUMN_NUMBER,
  ASSAY_AUDIT_COLUMN_ESTIMATE   /* an object with value, lo, hi */
} AssayAuditColumnType;

typedef struct {
  const char *name;             /* "false_positives": a plain word */
  const char *path;             /* "confusion.false_positives" below a part or a group */
  AssayAuditColumnType type;
  const char *title, *description;
} AssayAuditColumn;

/* Of a part, of a group; end with a NULL name. */
const AssayAuditColumn *assay_audit_columns_of_part  (void);
const AssayAuditColumn *assay_audit_columns_of_group (void);

/* What stands at a path below an object, or NULL where nothing, or null, does. Borrowed. */
const json_t           *assay_audit_columns_find     (const json_t *object, const char *path);
