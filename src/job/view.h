/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view.h: what a result looks like to a person: headings, sentences, fields and tables, without any layout.
 *
 * A job kind writes its view once; the command line draws it as text, a window as widgets. Texts are plain data: whoever draws
 * them makes control characters visible.
 * Ownership: the view copies what it is given. Thread rule: one thread at a time.
 */
#pragma once

#include <glib.h>

typedef enum {
  ASSAY_VIEW_HEADING,
  ASSAY_VIEW_TEXT,              /* a paragraph */
  ASSAY_VIEW_FIELD,             /* name and value; neighbours line up */
  ASSAY_VIEW_TABLE
} AssayViewBlockType;

typedef enum { ASSAY_VIEW_LEFT, ASSAY_VIEW_RIGHT } AssayViewAlign;

typedef struct {
  AssayViewBlockType type;
  char *name;                   /* FIELD */
  char *text;                   /* HEADING, TEXT, FIELD */
  guint n_columns;              /* TABLE */
  AssayViewAlign *align;        /* TABLE (n_columns) */
  GPtrArray *cells;             /* TABLE: strings, row-major, the header row first */
} AssayViewBlock;

typedef struct _AssayView AssayView;

AssayView *assay_view_new         (void);
void       assay_view_free        (AssayView *view);

void       assay_view_add_heading (AssayView *view, const char *format, ...) G_GNUC_PRINTF (2, 3);
void       assay_view_add_text    (AssayView *view, const char *format, ...) G_GNUC_PRINTF (2, 3);
void       assay_view_add_field   (AssayView *view, const char *name, const char *format, ...) G_GNUC_PRINTF (3, 4);
/* Column headers separated by '|'; one that begins with '>' is set flush right: "term|>estimate|>std error". */
void       assay_view_begin_table (AssayView *view, const char *columns);
/* The next cell of the table begun last, row by row; text NULL: empty. */
void       assay_view_add_cell    (AssayView *view, const char *text);
void       assay_view_add_cell_number (AssayView *view, double value, guint digits);

guint      assay_view_get_n_blocks (const AssayView *view);
const AssayViewBlock *assay_view_get_block (const AssayView *view, guint k);

/* Numbers for people, the same in every locale: `digits` significant ones; "-" where there is none. Owns: the caller. */
char      *assay_view_number      (double value, guint digits);
/* "3.2 MB": with a decimal unit; "7,214": thousands separated by commas. Owns: the caller. */
char      *assay_view_bytes       (double bytes);
char      *assay_view_count       (gint64 count);
/* "3 min 20 s", "0.4 s". Owns: the caller. */
char      *assay_view_seconds     (double seconds);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayView, assay_view_free)
