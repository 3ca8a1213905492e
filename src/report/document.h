/* SPDX-License-Identifier: GPL-3.0-or-later */
/* document.h: what a report says, once: sections of blocks, claims and figures. Every format is a rendering of the same document.
 *
 *   section = assay_document_add_section (document, "influence", "Attribution of behaviour to training data");
 *   text = assay_prose_new ();
 *   assay_prose_add (text, "Leaving it out raises the loss by ");
 *   assay_prose_add_number (text, assay_number_new (table, score, 0, ASSAY_NUMBER_SIGNIFICANT, 3));
 *   assay_section_add_paragraph (section, text);
 *
 * Texts are plain data: they may hold names, file contents and tokens of strangers. A writer makes them harmless for its format, and shows control
 * and bidirectional characters instead of obeying them; nothing in a document is markup. Numbers are cited elements of the document's
 * results (report/results.h), so that each has a proof.
 *
 * Ownership: the document owns sections, blocks and results; add functions take the texts that they are given and copy strings.
 * Structs here are read by writers and changed only by the functions below. Thread rule: one thread while building, then immutable.
 */
#pragma once

#include "report/results.h"

#include <jansson.h>

/* report/figure.h, which brings in the drawing library: only who draws includes it. */
typedef struct _AssayFigure AssayFigure;

typedef struct _AssayDocument AssayDocument;
typedef struct _AssaySection AssaySection;

/* --- running text ---------------------------------------------------------------------------------------------------- */

typedef enum {
  ASSAY_SPAN_TEXT,
  ASSAY_SPAN_CODE,              /* a command, a name in a file: set in a fixed width */
  ASSAY_SPAN_NUMBER,
  ASSAY_SPAN_REFERENCE          /* to the section, block or claim of the document whose id it holds */
} AssaySpanType;

typedef struct {
  AssaySpanType type;
  char *text;                   /* TEXT, CODE: what it says; REFERENCE: how it reads; NUMBER: NULL */
  char *target;                 /* REFERENCE: the id */
  AssayNumber number;           /* NUMBER */
} AssaySpan;

typedef struct {
  GArray *spans;                /* AssaySpan */
} AssayProse;

AssayProse *assay_prose_new           (void);
/* A text of one span. */
AssayProse *assay_prose_new_plain     (const char *text);
void       assay_prose_free          (AssayProse *text);
void       assay_prose_add           (AssayProse *text, const char *plain);
void       assay_prose_add_format    (AssayProse *text, const char *format, ...) G_GNUC_PRINTF (2, 3);
void       assay_prose_add_code      (AssayProse *text, const char *code);
void       assay_prose_add_number    (AssayProse *text, AssayNumber number);
void       assay_prose_add_reference (AssayProse *text, const char *target, const char *reads);
/* Plain text in which commands that the document has already are named by their numbers, as references to them. */
void       assay_prose_add_citing    (AssayProse *text, const AssayDocument *document, const char *plain);
/* As one string, numbers as they are displayed. Owns: the caller. */
char      *assay_prose_dup_plain     (const AssayProse *text);

/* --- claims ---------------------------------------------------------------------------------------------------------- */

typedef enum { ASSAY_CLAIM_MEASURED, ASSAY_CLAIM_DERIVED, ASSAY_CLAIM_DECLARED } AssayClaimStrength;

/* What a claim is about decides what it needs: report/strict.h. */
typedef enum {
  ASSAY_CLAIM_PLAIN,            /* a fact that was counted or measured */
  ASSAY_CLAIM_INFLUENCE,        /* needs a validity number, a solver reason and a residual */
  ASSAY_CLAIM_UNIT,             /* needs an ablation and its control */
  ASSAY_CLAIM_REASONING,        /* needs an intervention and its control */
  ASSAY_CLAIM_DECISION          /* needs a fidelity number */
} AssayClaimKind;

/* A check that stands beside the number: a residual, a conservation gap, a correlation with retraining, a control. */
typedef struct {
  char *what;                   /* "leave-one-out correlation"; NULL: no check */
  AssayNumber value;
  char *threshold;              /* "at most 1e-8", or NULL: shown, not judged */
  gboolean passed;
} AssayClaimCheck;

typedef struct {
  char *id;                     /* unique in the document and the same in every report of the case: "influence/cg/test-0" */
  AssayClaimKind kind;
  AssayClaimStrength strength;
  AssayProse *sentence;
  AssayNumber value, lo, hi;    /* table NULL where there is none */
  char *unit;
  char *interval;               /* what lo and hi are: "95 %, Wilson"; "exact value lies inside"; NULL: no interval, and why not is in `reason` */
  gint64 n, seeds;              /* things counted over; -1: does not apply */
  AssayClaimCheck check;        /* the instrument's own: solver residual, conservation */
  AssayClaimCheck validity;     /* against the world: retraining, ablation's control, deletion */
  char *stability;              /* of a ranking, in words with the number; NULL: not a ranking, or not measured */
  char *method, *command;
  char *object;                 /* "scores/dose/cg/...": the evidence in the case */
  char *reason;                 /* why the value is withheld or there is no interval; NULL: nothing is missing */
  gboolean is_withheld;         /* its check failed: the value is not printed anywhere */
  gboolean is_description;      /* of a unit that was not ablated: no claim about what it does */
  char *author;                 /* of a declared claim */
} AssayClaim;

/* kind, strength, id copied; the rest is set by the caller before the claim is added: strings are taken. */
AssayClaim *assay_claim_new  (const char *id, AssayClaimKind kind, AssayClaimStrength strength, AssayProse *sentence);
void        assay_claim_free (AssayClaim *claim);

/* --- blocks ---------------------------------------------------------------------------------------------------------- */

typedef enum {
  ASSAY_BLOCK_HEADING,          /* inside a section */
  ASSAY_BLOCK_PARAGRAPH,
  ASSAY_BLOCK_LIST,
  ASSAY_BLOCK_TABLE,
  ASSAY_BLOCK_FIGURE,
  ASSAY_BLOCK_CLAIM,
  ASSAY_BLOCK_CODE,             /* lines as they are */
  ASSAY_BLOCK_CALLOUT           /* what a reader must not miss */
} AssayBlockType;

typedef enum { ASSAY_CALLOUT_NOTE, ASSAY_CALLOUT_WARNING } AssayCalloutLevel;

typedef struct {
  char *heading;
  gboolean is_right;            /* numbers: flush right */
} AssayTableHead;

typedef struct {
  AssayBlockType type;
  char *id;                     /* anchor, unique in the document */
  AssayProse *text;              /* HEADING, PARAGRAPH, CALLOUT; TABLE and FIGURE: the caption */
  GPtrArray *items;             /* LIST: AssayProse */
  GArray *heads;                /* TABLE: AssayTableHead */
  GPtrArray *cells;             /* TABLE: AssayProse, row-major; the first column names the row */
  const AssayResultTable *table;        /* TABLE, FIGURE: the result table it shows, or NULL */
  AssayFigure *figure;          /* FIGURE */
  AssayClaim *claim;            /* CLAIM */
  char *code;                   /* CODE; one with a text is a command: its number in words */
  AssayCalloutLevel level;      /* CALLOUT */
} AssayBlock;

struct _AssaySection {
  char *id, *title;
  guint number;                 /* from 1 */
  GPtrArray *blocks;            /* AssayBlock */
  AssayDocument *document;      /* which it belongs to */
};

void        assay_section_add_heading   (AssaySection *section, const char *heading);
void        assay_section_add_paragraph (AssaySection *section, AssayProse *text);
/* items: texts, taken; the array too. */
void        assay_section_add_list      (AssaySection *section, GPtrArray *items);
void        assay_section_add_callout   (AssaySection *section, AssayCalloutLevel level, AssayProse *text);
void        assay_section_add_code      (AssaySection *section, const char *code);
/* A command that makes results again, once: it gets the next number of the document, and claims that name it refer to that. */
void        assay_section_add_command   (AssaySection *section, const char *command);
void        assay_section_add_claim     (AssaySection *section, AssayClaim *claim);
/* caption, figure: taken. table: the result table with the figure's numbers, which is its equivalent in every format, or NULL: the figure's own. */
void        assay_section_add_figure    (AssaySection *section, const char *id, AssayProse *caption, AssayFigure *figure,
                                         const AssayResultTable *table);

/* A table of free cells: heads "term|>estimate|>lo": '>' sets a column flush right; then the cells, row by row. */
AssayBlock *assay_section_begin_table   (AssaySection *section, const char *id, AssayProse *caption, const char *heads);
void        assay_block_add_cell        (AssayBlock *table, AssayProse *cell);
void        assay_block_add_cell_plain  (AssayBlock *table, const char *plain);
void        assay_block_add_cell_number (AssayBlock *table, AssayNumber number);
guint       assay_block_get_n_columns   (const AssayBlock *table);
gint64      assay_block_get_n_rows      (const AssayBlock *table);
const AssayProse *assay_block_get_cell   (const AssayBlock *table, gint64 row, guint column);

/* A column of a result table as it is to be shown. */
typedef struct {
  guint column;
  const char *heading;          /* NULL: the column's long name, and its unit */
  AssayNumberFormat format;
  guint digits;
} AssayShownColumn;

/* A table block of whole columns of a result table, all rows. Numbers that are NaN show their reason. */
AssayBlock *assay_section_add_result_table (AssaySection *section, const char *id, AssayProse *caption, const AssayResultTable *table,
                                            const AssayShownColumn *columns, guint n_columns);

/* --- the document ---------------------------------------------------------------------------------------------------- */

struct _AssayDocument {
  char *title, *subtitle;
  char *profile;                /* "regulator" */
  char *report_id;              /* 16 digits, of what was asked and of the case's state */
  char *created_utc;            /* RFC 3339, of the case's last change: the same report gives the same bytes */
  char *program;                /* "Assay 0.1.0" */
  char *evidence_root;          /* 64 digits; NULL until the results are sealed */
  char *results_sha256;         /* of evidence/results.h5; NULL as long */
  char *fingerprint;            /* of the key that is to sign, or NULL: UNSIGNED, on every page */
  char *status;                 /* for the first page: draft or final, and why, in words */
  GPtrArray *warnings;          /* strings for the first page: an incomplete job, a case changed since pinning */
  GPtrArray *sections;          /* AssaySection */
  GPtrArray *commands;          /* strings: those that have a number, from 1 */
  AssayResults *results;
  json_t *fields, *regimes;     /* records and meters for report.json; NULL: the report answers no regime */
};

AssayDocument *assay_document_new         (const char *title, const char *profile);
void           assay_document_free        (AssayDocument *document);
AssaySection  *assay_document_add_section (AssayDocument *document, const char *id, const char *title);
void           assay_document_add_warning (AssayDocument *document, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* The number of a command; 0: it has none. The id of its block is "command/NUMBER". */
guint          assay_document_find_command (const AssayDocument *document, const char *command);
/* The record of a field, borrowed; NULL: the report has none of that id. */
const json_t  *assay_document_find_field  (const AssayDocument *document, const char *id);
/* NULL where there is none of that id. */
const AssayClaim *assay_document_find_claim (const AssayDocument *document, const char *id);
/* All claims in the order of the document; borrowed. Owns: the caller, the array. */
GPtrArray     *assay_document_list_claims (const AssayDocument *document);

/* All cited numbers in the order of their ids: each once, or once for each way in which it is rounded. */
typedef void (*AssayNumberFunc) (const AssayNumber *number, gpointer data);
void           assay_document_foreach_number (const AssayDocument *document, AssayNumberFunc func, gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayProse, assay_prose_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayClaim, assay_claim_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayDocument, assay_document_free)
