/* SPDX-License-Identifier: GPL-3.0-or-later */
/* figure_private.h: what a figure holds, how it is laid out, and what a mark has to say.
 *
 * A mark is a file mark_*.c and a line in local.mk. It says which values count for the axes, draws its series, says where a datum stands
 * and draws its key in the legend. A plan is a figure laid out for one size and look; it belongs to one thread.
 */
#pragma once

#include "report/canvas.h"
#include "report/figure.h"
#include "report/figure_scale.h"
#include "report/figure_theme.h"
#include "report/typeset.h"

typedef struct _AssaySeries AssaySeries;
typedef struct _AssayFigurePlan AssayFigurePlan;

/* Columns of the equivalent table, in their order. */
typedef enum {
  ASSAY_FIELD_SERIES,
  ASSAY_FIELD_LABEL,
  ASSAY_FIELD_ROW,
  ASSAY_FIELD_POSITION,
  ASSAY_FIELD_FROM,
  ASSAY_FIELD_TO,
  ASSAY_FIELD_VALUE,
  ASSAY_FIELD_PREDICTED,
  ASSAY_FIELD_MEASURED,
  ASSAY_FIELD_LO,
  ASSAY_FIELD_HI,
  ASSAY_FIELD_N
} AssayField;

typedef struct {
  double lo, hi;                /* lo > hi: nothing */
} AssayRange;

typedef enum { ASSAY_LAYER_GROUND, ASSAY_LAYER_AREA, ASSAY_LAYER_LINE, ASSAY_LAYER_MARK } AssayLayer;

/* Series of the same kind on one category stand side by side. */
typedef enum { ASSAY_SLOTS_NONE, ASSAY_SLOTS_BARS, ASSAY_SLOTS_MARKS } AssaySlots;

typedef struct {
  const char *name;             /* "line": what a figure without a reading says that it shows */
  guint fields;                 /* bits of AssayField */
  AssayLayer layer;
  AssaySlots slots;
  gboolean from_zero;           /* lengths are read: the value axis shows zero */
  gboolean joins;               /* a line through its data: may be named at its end */
  void     (*extend) (const AssaySeries *series, AssayRange *position, AssayRange *value);
  void     (*draw)   (const AssayFigurePlan *plan, const AssaySeries *series, AssayCanvas *canvas);
  /* FALSE where the datum is not drawn. */
  gboolean (*place)  (const AssayFigurePlan *plan, const AssaySeries *series, gsize k, AssayBox *box);
  /* NULL: a mark that names itself where it is. */
  void     (*key)    (const AssayFigurePlan *plan, const AssaySeries *series, AssayCanvas *canvas, const AssayBox *box);
} AssayMark;

#define ASSAY_REGISTER(name) extern const AssayMark assay_mark_##name;
#include "report/marks.def"
#undef ASSAY_REGISTER

struct _AssaySeries {
  const AssayMark *mark;
  guint index;
  char *name;
  AssayRole role;
  gsize n;
  double *position;             /* (n), of a histogram (n + 1) edges; NULL: the datum's own number */
  double *value, *lo, *hi;      /* (n) or NULL; of dumbbells lo is what was predicted */
  char **labels;                /* (n) or NULL */
  AssayAxis axis;               /* of a rule */
  gsize n_columns;              /* of a heat map: the length of a row */
  gboolean is_steps;            /* bars whose value stands at their end */
  double *from;                 /* (n) where bars begin; NULL: at zero, or on those below */
};

typedef struct {
  AssayScaleKind kind;
  AssayTicks ticks;
  char *name, *unit;
  double lo, hi;                /* NaN: fits the data */
  gsize n_categories;
  char **categories;
} AssayAxisSpec;

struct _AssayFigure {
  gatomicrefcount references;
  char *id, *title, *reading, *note;
  GMutex lock;                  /* of spoken */
  char *spoken;                 /* the reading that was made, where none was set */
  AssayAxisSpec axis[2];
  AssayColours colours;
  char *colour_name, *colour_unit;
  double colour_lo, colour_hi;
  gboolean stacked;
  GPtrArray *series;            /* AssaySeries */
};

/* --- layout --------------------------------------------------------------------------------------------------------------------- */

/* A text in its place. */
typedef struct {
  PangoLayout *layout;
  double x, y;
  AssayTint tint;               /* INK, MUTED or that of a role */
} AssayPlacedText;

/* A key of the legend: the series drawn in it, and where. */
typedef struct {
  const AssaySeries *series[2]; /* the second: of the same name and role, or NULL */
  AssayBox key;                 /* empty: named at the end of its line */
  double anchor;                /* of a name at the end of a line: the line's own height */
} AssayKey;

struct _AssayFigurePlan {
  const AssayFigure *figure;
  AssayFigureLook look;
  const AssayPalette *palette;
  double unit;                  /* look.scale */
  double width, height;
  gboolean sideways;            /* values run along x */
  gboolean is_strip;            /* tokens: no axes */
  gboolean one_pile;            /* bars at one place stand on each other, or only one of them is there */
  gboolean is_empty;            /* nothing finite to draw: says so, and names no values */
  AssayBox plot;                /* inside the axes; of a strip where the tokens stand */
  AssayScale scale[2];
  AssayTickList ticks[2];       /* ticks NULL: categories or none */
  gsize every[2];               /* which categories have their names shown: each such one */
  GArray *texts;                /* AssayPlacedText */
  GArray *keys;                 /* AssayKey */
  guint n_slots[3];             /* for each AssaySlots */
  guint *slot;                  /* (series) */
  double **base;                /* (series): what a stacked bar stands on, or NULL */
  double *bar_step;             /* (series): room between bars along the position axis, in values */
  double colour_lo, colour_hi;
  AssayBox colour_bar;          /* height 0: none */
  AssayTickList colour_ticks;
  GArray *tokens;               /* AssayBox, of a strip */
  gsize n_tokens_shown;
  double row_height;
};

#define ASSAY_TITLE_SIZE 11.0
#define ASSAY_NAME_SIZE 8.5
#define ASSAY_LABEL_SIZE 8.0
#define ASSAY_NOTE_SIZE 7.5

/* Owns: the caller, to be freed by the same thread. */
AssayFigurePlan  *assay_figure_plan_new            (const AssayFigure *figure, double width, double height, const AssayFigureLook *look);
void        assay_figure_plan_free           (AssayFigurePlan *plan);
void        assay_figure_plan_draw           (const AssayFigurePlan *plan, AssayCanvas *canvas);

/* The range of the axes and what stands on what (figure_range.c). */
void        assay_figure_plan_fit            (AssayFigurePlan *plan);
/* Lines below the drawing: the note, and what is not drawn. Owns: the caller. */
GPtrArray  *assay_figure_plan_notes          (const AssayFigurePlan *plan);
/* The tokens of a strip into lines of `width`; the height that they take (mark_tokens.c). */
double      assay_figure_plan_flow           (AssayFigurePlan *plan, double x, double y, double width, double height);

AssayAxis   assay_figure_plan_position_axis  (const AssayFigurePlan *plan);
/* Where (position, value) is; FALSE when that is nowhere on the drawing. */
gboolean    assay_figure_plan_point          (const AssayFigurePlan *plan, double position, double value, double *x, double *y);
/* The datum's position, moved aside where several series share a category. */
double      assay_figure_plan_position       (const AssayFigurePlan *plan, const AssaySeries *series, gsize k);
const AssayColour *assay_figure_plan_colour  (const AssayFigurePlan *plan, const AssaySeries *series);
/* A line of the given weight, dashed as its role says. */
AssayStroke assay_figure_plan_stroke         (const AssayFigurePlan *plan, double weight, gboolean dashed, AssayRole role);
/* The colour of a value on the figure's colour scale. */
AssayColour assay_figure_plan_tint           (const AssayFigurePlan *plan, double value);

/* The symbol of a role (mark_points.c). */
void        assay_mark_symbol         (const AssayFigurePlan *plan, AssayCanvas *canvas, AssayRole role, double x, double y, double size);
/* Dot with whiskers along the value axis (mark_intervals.c). */
void        assay_mark_whisker        (const AssayFigurePlan *plan, AssayCanvas *canvas, const AssayColour *colour, double position, double lo, double hi,
                                       double cap);

/* --- data ----------------------------------------------------------------------------------------------------------------------- */

double      assay_series_number       (const AssaySeries *series, gsize k, AssayField field);
/* What to say about a datum. Owns: the caller. */
char       *assay_figure_dup_text     (const AssayFigure *figure, const AssaySeries *series, gsize k);
void        assay_range_add           (AssayRange *range, double value);
const AssaySeries *assay_figure_get_series (const AssayFigure *figure, guint series);
