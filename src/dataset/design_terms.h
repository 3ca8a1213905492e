/* SPDX-License-Identifier: GPL-3.0-or-later */
/* design_terms.h: which columns a design uses, and how their cells become numbers. Inside the dataset floor only.
 *
 * Ownership: terms borrow the table's columns. Thread rule: one thread builds, then immutable.
 */
#pragma once

#include "dataset/design.h"

typedef struct {
  const AssayColumn *column;
  char *reference;              /* chosen level; NULL: none chosen */
  gboolean by_level;
  gboolean indicator;           /* a number column with a term for missing beside it */
  double *values;               /* number column by level: its different values, ascending, from assay_mem */
  gint64 n_values;
  gint64 n_categories;          /* by level: levels of the column, and one for missing */
  gint64 *term_of;              /* by level (n_categories): column of x, -1: reference level, or no row has it */
  gint64 first;                 /* first column of x */
  gint64 n_terms;               /* columns of x */
} AssayTerm;

/* Reads the list of terms and the references; columns that is_target says belong to the target are left out of the default
 * list. An array of AssayTerm. Errors: NOT_FOUND, INPUT. */
GArray *assay_terms_parse (const AssayTable *table, const AssayDesignSpec *spec, gboolean (*is_target) (const AssayColumn *column, gpointer data),
                           gpointer data, GPtrArray *notes, GError **error);

/* Finds the levels that the rows have, chooses references, and numbers the columns of x; their names are appended to names. */
gboolean assay_terms_layout (GArray *terms, const gint64 *rows, gint64 n, GPtrArray *names, GPtrArray *notes, GError **error);

/* Writes one row of x (D), which is zero before. */
void assay_terms_fill (const GArray *terms, gint64 row, double *x);
