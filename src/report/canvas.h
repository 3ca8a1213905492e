/* SPDX-License-Identifier: GPL-3.0-or-later */
/* canvas.h: what marks draw on: paths, texts and cells, put down by cairo or written as SVG.
 *
 * Coordinates go right and down. A path is built, then filled or stroked any number of times, and dropped by the next begin.
 * Ownership: a canvas borrows its cairo context. Thread rule: one thread at a time.
 */
#pragma once

#include <cairo.h>
#include <glib.h>
#include <pango/pango.h>

/* Colours that a theme gives another value; the others are what they are. */
typedef enum {
  ASSAY_TINT_NONE,
  ASSAY_TINT_PAPER,
  ASSAY_TINT_INK,
  ASSAY_TINT_MUTED,             /* names of axes, notes */
  ASSAY_TINT_AXIS,
  ASSAY_TINT_GRID,
  ASSAY_TINT_ROLE,              /* and the seven after it: one for each AssayRole */
  ASSAY_TINT_N = ASSAY_TINT_ROLE + 8
} AssayTint;

typedef struct {
  double red, green, blue, alpha;
  AssayTint tint;
} AssayColour;

typedef struct {
  double x, y, width, height;
} AssayBox;

typedef enum { ASSAY_PATH_MOVE, ASSAY_PATH_LINE, ASSAY_PATH_CLOSE, ASSAY_PATH_CIRCLE, ASSAY_PATH_BOX } AssayPathVerb;

typedef struct {
  AssayPathVerb verb;
  double x, y, a, b;            /* CIRCLE: a is the radius; BOX: a and b are width and height */
} AssayPathStep;

typedef struct {
  double width;
  double dash[4];
  guint n_dash;                 /* 0: solid */
  gboolean round;               /* ends and corners */
} AssayStroke;

typedef struct _AssayCanvas AssayCanvas;

/* What a backend does with what was asked. */
typedef struct {
  void (*fill)   (AssayCanvas *canvas, const AssayColour *colour);
  void (*stroke) (AssayCanvas *canvas, const AssayColour *colour, const AssayStroke *stroke);
  void (*text)   (AssayCanvas *canvas, PangoLayout *layout, double x, double y, const AssayColour *colour);
  void (*cells)  (AssayCanvas *canvas, const AssayBox *box, guint n_columns, guint n_rows, const guint32 *pixels);
  void (*clip)   (AssayCanvas *canvas, const AssayBox *box);
  void (*unclip) (AssayCanvas *canvas);
} AssayCanvasClass;

struct _AssayCanvas {
  const AssayCanvasClass *class;
  GArray *path;                 /* AssayPathStep */
  cairo_t *cr;                  /* cairo */
  GString *svg;                 /* SVG */
};

void assay_canvas_open_cairo (AssayCanvas *canvas, cairo_t *cr);
/* Appends elements to svg, which the caller owns and frames. */
void assay_canvas_open_svg   (AssayCanvas *canvas, GString *svg);
void assay_canvas_close      (AssayCanvas *canvas);

void assay_canvas_begin      (AssayCanvas *canvas);
void assay_canvas_move_to    (AssayCanvas *canvas, double x, double y);
void assay_canvas_line_to    (AssayCanvas *canvas, double x, double y);
void assay_canvas_close_path (AssayCanvas *canvas);
void assay_canvas_circle     (AssayCanvas *canvas, double x, double y, double radius);
void assay_canvas_box        (AssayCanvas *canvas, double x, double y, double width, double height);
void assay_canvas_fill       (AssayCanvas *canvas, const AssayColour *colour);
void assay_canvas_stroke     (AssayCanvas *canvas, const AssayColour *colour, const AssayStroke *stroke);
/* One line from here to there. */
void assay_canvas_line       (AssayCanvas *canvas, double x0, double y0, double x1, double y1, const AssayColour *colour, const AssayStroke *stroke);

/* (x, y) is the layout's top left corner. */
void assay_canvas_text       (AssayCanvas *canvas, PangoLayout *layout, double x, double y, const AssayColour *colour);
/* pixels (n_rows, n_columns): 0xAARRGGBB, premultiplied; each becomes a flat rectangle of the box. */
void assay_canvas_cells      (AssayCanvas *canvas, const AssayBox *box, guint n_columns, guint n_rows, const guint32 *pixels);
/* What is drawn until unclip stays inside the box. */
void assay_canvas_clip       (AssayCanvas *canvas, const AssayBox *box);
void assay_canvas_unclip     (AssayCanvas *canvas);
