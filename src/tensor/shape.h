/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shape.h: shapes of tensors, and errors about them in words: "gain: (768) expected, got (4,16)".
 *
 * A shape is a plain value. Rank 0 is a scalar. Thread rule: pure functions.
 */
#pragma once

#include <glib.h>

#define ASSAY_MAX_RANK 6

typedef struct {
  guint  rank;
  gint64 dim[ASSAY_MAX_RANK];
} AssayShape;

/* ASSAY_SHAPE (2, 3): a literal of up to six axes. */
#define ASSAY_SHAPE(...) ((AssayShape) { sizeof ((gint64[]) { __VA_ARGS__ }) / sizeof (gint64), { __VA_ARGS__ } })

gint64     assay_shape_count     (const AssayShape *shape);              /* elements; dims are small enough to multiply */
gint64     assay_shape_last      (const AssayShape *shape);              /* 1 for a scalar */
gint64     assay_shape_rows      (const AssayShape *shape);              /* count / last */
AssayShape assay_shape_drop_last (const AssayShape *shape);
AssayShape assay_shape_with_last (const AssayShape *shape, gint64 last); /* last axis replaced; a scalar gets one */
gboolean   assay_shape_equal     (const AssayShape *a, const AssayShape *b);
char      *assay_shape_to_string (const AssayShape *shape);              /* "(4,16)" */

/* Checked count of a shape from a file: FALSE when a dimension is negative or the product leaves 63 bits. */
gboolean   assay_shape_count_checked (const AssayShape *shape, guint64 *count);

/* FALSE with "what: expected expected, got got". */
gboolean   assay_shape_expect    (const AssayShape *got, const char *what, AssayShape expected, GError **error);
