/* SPDX-License-Identifier: GPL-3.0-or-later */
/* module_kind.h: how the parameters of an operation get their gradient: as sums of outer products over positions.
 *
 *   D_i = sum over positions t of  r_t c_t'        (rows, columns), one for each example i
 *
 * For y = W x + b at positions t: r the adjoint of y, c = (x, 1). A lookup has a one-hot r: an index instead of a vector. What is no matrix
 * (gain and bias of a norm, what channels have of their own) is one position with c = 1, so that D is the gradient itself, (rows, 1).
 * One kind is one file module_NAME.c, named as its operation, and one line in local.mk. Internal to this floor.
 * Shape letters: B examples of a micro-batch, n positions of an example.
 * Thread rule: kinds are constants.
 */
#pragma once

#include "base/workers.h"
#include "model/exec.h"

#define ASSAY_MODULE_MAX_PIECES 2
#define ASSAY_MODULE_MAX_MORE 5

/* A parameter's place in D: its elements, row-major, are D[row .. row+n_rows-1][column .. column+n_columns-1]. */
typedef struct {
  guint value;                  /* the parameter in the graph */
  gint64 offset;                /* its first element in theta */
  gint64 row, n_rows, column, n_columns;
} AssayModulePiece;

typedef struct _AssayModuleKind AssayModuleKind;

/* One operation of the graph that reads a module's parameters. */
typedef struct {
  const AssayModuleKind *kind;
  guint node;
  guint part;                   /* of the node's: below count_parts */
  guint primal, adjoint;        /* values that a walk must keep; primal may be an input or an index */
  guint n_more;
  guint more[ASSAY_MODULE_MAX_MORE];    /* further primal values that gather reads, parameters among them */
  gint64 rows, columns, positions;
  gboolean row_is_index;
  gboolean column_is_one;       /* the trivial side of what is no matrix */
  guint n_pieces;
  AssayModulePiece pieces[ASSAY_MODULE_MAX_PIECES];
} AssayModuleUse;

/* What a walk left for one use, and where its parts go. */
typedef struct {
  const AssayModuleUse *use;
  const AssayGraphNode *node;   /* shapes of the walk's batch */
  AssayDtype dtype;
  gint64 B;
  const void *primal, *adjoint, *more[ASSAY_MODULE_MAX_MORE];
  const guint8 *masked;         /* (B,n): positions that can reach no loss; NULL: none is */
  AssayWorkers *workers;
  void *row_space, *column_space;       /* (B,n,rows), (B,n,columns): room to write to */
  gint32 *index_space;          /* (B,n) */
  /* The results: in the room above, or where the walk left them. */
  const void *row, *column;
  const gint32 *index;          /* one-hot rows; -1: masked */
  AssayBackend *there;          /* NULL, or the device that all arrays above are in */
  /* Of find_there: numbers of each column that lie there, all or all but the last, and that one, the same at every position. */
  gint64 column_width;
  double column_last;
} AssayModuleParts;

struct _AssayModuleKind {
  const char *op;               /* the operation whose nodes it serves */
  const char *name;             /* of a module with one such node: "linear" */
  /* A node may be several modules, whose pieces share out its parameters; NULL: it is one. part: what they are called, with their number. */
  guint (*count_parts) (const AssayGraphNode *node);
  const char *part;
  gboolean is_of_one_name;      /* several modules have parameters beside each other, so that a module has the whole name of its first; else the common one */
  /* Fills sizes, kept values and pieces of the use's part; node's inputs of role PARAM must all become pieces, or FALSE: this use is not understood. */
  gboolean (*describe) (AssayGraph *graph, const AssayGraphNode *node, AssayModuleUse *use);
  void (*gather) (AssayModuleParts *parts);
  /* The same of arrays that are on a device, by it: row and column, no index. NULL: gathered here. Errors: those of the device. */
  gboolean (*gather_there) (AssayModuleParts *parts, GError **error);
  /* The same where the walk left them, nothing copied that need not be: a one-hot row t is an index, or row and index are NULL where it is t itself; of a
   * column that is one there is no array; masked positions keep their columns, and rows that are exactly 0. NULL: gathered here. */
  gboolean (*find_there) (AssayModuleParts *parts, GError **error);
};

#define ASSAY_MODULE_KIND_DEFINE(symbol)                                                                                \
  extern const AssayModuleKind assay_module_kind_##symbol;                                                              \
  const AssayModuleKind assay_module_kind_##symbol

/* The kind for an operation, or NULL. */
const AssayModuleKind *assay_module_kind_find (const char *op);
const AssayModuleKind *const *assay_module_kind_list (void);      /* NULL-terminated */

/* For kinds: a piece of the node's input i. */
AssayModulePiece assay_module_piece (AssayGraph *graph, const AssayGraphNode *node, guint i, gint64 row, gint64 n_rows, gint64 column,
                                     gint64 n_columns);
