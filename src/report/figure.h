/* SPDX-License-Identifier: GPL-3.0-or-later */
/* figure.h: a figure is data and marks; one renderer draws it in the window, on the page, as SVG and as PNG.
 *
 * A figure is built once (axes, series, one sentence that says how to read it) and then only read. It holds copies of all arrays and
 * texts. Every figure has an equivalent table and says in words what is not drawn: values that are not finite, beyond the limits of an
 * axis, or at or below zero on a log axis.
 *
 * Positions and values: a series of points, bars, intervals or dumbbells has a position along one axis and a value along the other. The
 * position runs along X, unless the Y axis has categories: then the figure lies on its side, and the first category is at the top.
 *
 * Sizes are in units of the drawing surface; a look with scale 1 sets text of 8 to 11 units, meant for points on paper. A window of 96
 * dots per inch passes 4/3 times the user's text scale.
 *
 * All text is hostile data: never markup; control characters and those that change the direction of text are shown, not obeyed.
 *
 * Ownership: reference counted. Thread rule: one thread builds; after that any number of threads may draw and ask at once.
 */
#pragma once

#include <cairo.h>
#include <glib.h>

typedef struct _AssayFigure AssayFigure;

typedef enum { ASSAY_AXIS_X, ASSAY_AXIS_Y } AssayAxis;

typedef enum { ASSAY_SCALE_LINEAR, ASSAY_SCALE_LOG, ASSAY_SCALE_CATEGORY } AssayScaleKind;

/* How the numbers of an axis or of the colour scale are written. */
typedef enum {
  ASSAY_TICKS_NUMBER,
  ASSAY_TICKS_PERCENT,          /* 0.25 is written 25 % */
  ASSAY_TICKS_COUNT             /* whole numbers only */
} AssayTicks;

/* What a series is to the reader. Colour, shape and dash follow from it, the same in every figure. */
typedef enum {
  ASSAY_ROLE_MAIN,
  ASSAY_ROLE_SECOND,
  ASSAY_ROLE_THIRD,
  ASSAY_ROLE_FOURTH,
  ASSAY_ROLE_CONTROL,           /* what chance, a placebo or a baseline gives: grey, hollow, dashed */
  ASSAY_ROLE_REFERENCE,         /* a line or value to compare with: ink, thin */
  ASSAY_ROLE_POSITIVE,          /* above zero, helpful */
  ASSAY_ROLE_NEGATIVE,          /* below zero, harmful */
  ASSAY_ROLE_N
} AssayRole;

typedef enum {
  ASSAY_COLOURS_ONE_SIDED,      /* cividis: dark is low, light is high */
  ASSAY_COLOURS_SIGNED          /* orange below zero, paper at zero, blue above; zero is always the middle */
} AssayColours;

typedef enum {
  ASSAY_THEME_LIGHT,
  ASSAY_THEME_DARK,
  ASSAY_THEME_LIGHT_CONTRAST,
  ASSAY_THEME_DARK_CONTRAST,
  ASSAY_THEME_N
} AssayTheme;

typedef struct {
  AssayTheme theme;
  double scale;                 /* of text, lines and spaces; 1 on paper */
  gboolean titled;              /* whether the title stands in the drawing; not where a caption says it */
} AssayFigureLook;

/* id: of letters, digits, '-', '_', '.' and '/', unique in its document. */
AssayFigure *assay_figure_new            (const char *id, const char *title);
AssayFigure *assay_figure_ref            (AssayFigure *figure);
void         assay_figure_unref          (AssayFigure *figure);

/* --- building ------------------------------------------------------------------------------------------------------------------- */

/* unit: NULL or "" where there is none; shown in brackets after the name. */
void         assay_figure_set_axis       (AssayFigure *figure, AssayAxis axis, AssayScaleKind kind, const char *name, const char *unit);
void         assay_figure_set_ticks      (AssayFigure *figure, AssayAxis axis, AssayTicks ticks);
/* What lies beyond is not drawn, and the figure says how much. Without limits the axis fits the data. */
void         assay_figure_set_limits     (AssayFigure *figure, AssayAxis axis, double lo, double hi);
/* Makes the axis one of categories; category k is at position k. */
void         assay_figure_set_categories (AssayFigure *figure, AssayAxis axis, gsize n, const char *const *names);
/* Of heat maps and token strips. lo, hi: NaN for what the data say; signed scales take the larger magnitude for both sides. */
void         assay_figure_set_colours    (AssayFigure *figure, AssayColours colours, const char *name, const char *unit, double lo, double hi);
/* Bars of several series stand on each other instead of side by side; negative ones hang below zero. */
void         assay_figure_set_stacked    (AssayFigure *figure, gboolean stacked);
/* The main reading as one sentence: the text for who cannot see the figure. */
void         assay_figure_set_reading    (AssayFigure *figure, const char *sentence);
/* A line of small print below the drawing: what the intervals are, how many examples. */
void         assay_figure_set_note       (AssayFigure *figure, const char *note);

/* Each returns the number of its series. name: NULL where a single series needs none. Arrays (n) are copied; NaN: nothing there. */
guint        assay_figure_add_line       (AssayFigure *figure, const char *name, AssayRole role, gsize n, const double *position, const double *value);
/* The interval around a line: give it the line's role and name, before the line. */
guint        assay_figure_add_band       (AssayFigure *figure, const char *name, AssayRole role, gsize n, const double *position,
                                          const double *lo, const double *hi);
guint        assay_figure_add_points     (AssayFigure *figure, const char *name, AssayRole role, gsize n, const double *position, const double *value);
guint        assay_figure_add_intervals  (AssayFigure *figure, const char *name, AssayRole role, gsize n, const double *position,
                                          const double *value, const double *lo, const double *hi);
/* lo and hi: NULL for bars without intervals. */
guint        assay_figure_add_bars       (AssayFigure *figure, const char *name, AssayRole role, gsize n, const double *position,
                                          const double *value, const double *lo, const double *hi);
/* Bars at 0 .. n-1 along the position axis, each from where the one before it ended, upward ones in a series of their own and downward ones in
 * another: the last ends at the sum. */
void         assay_figure_add_waterfall  (AssayFigure *figure, const char *up, const char *down, gsize n, const double *value);
/* edges (n + 1) ascending, count (n). */
guint        assay_figure_add_histogram  (AssayFigure *figure, const char *name, AssayRole role, gsize n, const double *edges, const double *count);
/* A straight line across the figure at a value of the axis, with its name beside it. */
guint        assay_figure_add_rule       (AssayFigure *figure, const char *name, AssayRole role, AssayAxis axis, double value);
/* values (n_rows, n_columns), row-major; the first row is at the top. Sets the categories of both axes where names are given. */
guint        assay_figure_add_heat       (AssayFigure *figure, const char *name, gsize n_rows, gsize n_columns, const double *values,
                                          const char *const *row_names, const char *const *column_names);
/* Tokens in their order, each tinted by its value; NaN: no value, no tint. Such a figure has no axes and no other series. */
guint        assay_figure_add_tokens     (AssayFigure *figure, const char *name, gsize n, const char *const *tokens, const double *values);
/* One bar for each step of a chain, beside the step's text. lo and hi may be NULL. Sets the categories of the Y axis. */
guint        assay_figure_add_steps      (AssayFigure *figure, const char *name, AssayRole role, gsize n, const char *const *steps,
                                          const double *value, const double *lo, const double *hi);
/* Two values joined by a line: hollow what was predicted, filled what was measured. */
guint        assay_figure_add_dumbbells  (AssayFigure *figure, const char *name, AssayRole role, gsize n, const double *position,
                                          const double *predicted, const double *measured);
/* What each datum is called, on hover and in the table: an example, a token. */
void         assay_figure_set_labels     (AssayFigure *figure, guint series, const char *const *labels);

/* --- drawing -------------------------------------------------------------------------------------------------------------------- */

/* Draws into (0, 0, width, height) and leaves the ground as it is. Cost: a few milliseconds; lines of many points are thinned to what
 * can be seen. */
void         assay_figure_draw           (AssayFigure *figure, cairo_t *cr, double width, double height, const AssayFigureLook *look);
/* A ring around one datum, for a layer of its own above the drawing. */
void         assay_figure_draw_highlight (AssayFigure *figure, cairo_t *cr, double width, double height, const AssayFigureLook *look,
                                          guint series, gsize datum);
/* The least width that can be read, and the height that suits a width. */
void         assay_figure_measure        (AssayFigure *figure, const AssayFigureLook *look, double width, double *min_width, double *height);
/* Owns: the caller. The SVG is one <svg> element without style attributes, script, identifiers or references; text is text. Each colour
 * of the theme also has a class, which assay_figure_dup_style gives another colour. */
GBytes      *assay_figure_write_svg      (AssayFigure *figure, double width, double height, const AssayFigureLook *look);
/* pixels: per unit. NULL and error when the surface is too large. Owns: the caller. */
GBytes      *assay_figure_write_png      (AssayFigure *figure, double width, double height, const AssayFigureLook *look, double pixels,
                                          GError **error);
/* Rules for a style sheet that give inline SVG figures, whatever theme they were written in, the colours of `theme`. Owns: the caller. */
char        *assay_figure_dup_style      (AssayTheme theme);

/* --- asking --------------------------------------------------------------------------------------------------------------------- */

typedef struct {
  guint series;
  gsize datum;
  double x, y, width, height;   /* where it stands in the drawing */
  char *text;                   /* what to say about it; freed by assay_figure_hit_clear */
} AssayFigureHit;

/* The datum nearest to (x, y), FALSE when none is near. */
gboolean     assay_figure_hit            (AssayFigure *figure, double width, double height, const AssayFigureLook *look, double x, double y,
                                          AssayFigureHit *hit);
void         assay_figure_hit_clear      (AssayFigureHit *hit);
/* Where a datum stands and what to say about it: for walking over the data by keyboard. FALSE where it is not drawn; hit->text is set. */
gboolean     assay_figure_locate         (AssayFigure *figure, double width, double height, const AssayFigureLook *look, guint series,
                                          gsize datum, AssayFigureHit *hit);

const char  *assay_figure_get_id         (const AssayFigure *figure);
const char  *assay_figure_get_title      (const AssayFigure *figure);
const char  *assay_figure_get_note       (const AssayFigure *figure);
/* The reading, or what the figure shows where none was set. */
const char  *assay_figure_get_reading    (const AssayFigure *figure);
guint        assay_figure_get_n_series   (const AssayFigure *figure);
const char  *assay_figure_get_series_name (const AssayFigure *figure, guint series);
gsize        assay_figure_get_n_data     (const AssayFigure *figure, guint series);

/* The equivalent table: one row for each datum of each series, in the order of the series. */
gsize        assay_figure_get_n_rows     (const AssayFigure *figure);
guint        assay_figure_get_n_columns  (const AssayFigure *figure);
const char  *assay_figure_get_column     (const AssayFigure *figure, guint column, gboolean *is_number);
/* NaN where the cell holds text or nothing. */
double       assay_figure_get_number     (const AssayFigure *figure, gsize row, guint column);
/* Numbers as the shortest text that reads back as the same; "" where there is nothing. Owns: the caller. */
char        *assay_figure_dup_cell       (const AssayFigure *figure, gsize row, guint column);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayFigure, assay_figure_unref)
