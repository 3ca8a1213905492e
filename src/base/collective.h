/* SPDX-License-Identifier: GPL-3.0-or-later */
/* collective.h: processes that do one job together and talk while they do: ranks 0 .. size - 1, all of which make the same calls in the same order.
 *
 * An implementation sends and receives; all else is made of that here. NULL is a process alone, and every function takes it.
 *
 * Failures. A rank that fails tells it with the next assay_collective_agree, which gives every rank the failure of the first that has one: so all of them end,
 * with one message and one exit status, and nobody waits for who is gone. Every function here begins with an agreement, so it does not matter which of them
 * the others are in. After the first that fails all others fail at once. A failure of a transfer is the rank's own (is_broken), and all are ended by it
 * (assay_collective_end).
 *
 * Thread rule: one thread of each process.
 */
#pragma once

#include <glib.h>

typedef struct _AssayCollective AssayCollective;
struct _AssayCollective {
  const char *name;             /* "mpi" */
  guint rank, size;
  guint here;                   /* number among the ranks of this machine */
  gboolean has_failed;          /* they have agreed to end */
  gboolean is_broken;           /* others may be waiting for this one */
  gboolean (*send)    (AssayCollective *self, guint to, gconstpointer data, gsize bytes, GError **error);        /* bytes <= ASSAY_COLLECTIVE_PIECE */
  gboolean (*receive) (AssayCollective *self, guint from, gpointer data, gsize bytes, GError **error);
  void     (*end)     (AssayCollective *self, int status);      /* frees it, too */
};

#define ASSAY_COLLECTIVE_PIECE ((gsize) 1 << 20)        /* of a long message: as one is passed on the next is on its way */

/* The ranks that were started together by mpirun or srun; NULL in *out where that is one. path: of the module, or NULL: the program's own.
 * Errors: UNSUPPORTED where this build has no module; IO from MPI. */
gboolean assay_collective_open_mpi (const char *path, AssayCollective **out, GError **error);
/* The module of this build, whether it is there or not. Owns: the caller. */
char    *assay_collective_find_mpi (void);
/* Leaves, when all do; broken: ends all of them with the exit status instead. */
void     assay_collective_end      (AssayCollective *self, int status);

/* Whether this rank speaks for all. */
gboolean assay_collective_is_first (const AssayCollective *self);

/* TRUE where all ranks are well. Takes fault, which is NULL on those. Else the error, the same everywhere, is that of the first rank that has one, whose
 * number it names if it is not 0. Cost: two rounds of short messages. */
gboolean assay_collective_agree     (AssayCollective *self, GError *fault, GError **error);
/* All ranks have root's bytes, if all are well: it is an agreement, too. */
gboolean assay_collective_broadcast (AssayCollective *self, guint root, gpointer data, gsize bytes, GError **error);
/* USAGE on all ranks unless all have the same text; what: "the job", in the error's words. Cost: of a broadcast and an agreement. */
gboolean assay_collective_require_same (AssayCollective *self, const char *what, const char *text, GError **error);

/* Sums that lie elsewhere than in this process's memory, as on a device, and go from there to where the others' lie. Each function is told data; what fails in
 * one of them breaks the ranks. */
typedef struct {
  gint64 width, piece;          /* numbers; of one transfer */
  double *sums, *total;         /* (width), there */
  gpointer data;
  gboolean (*send)    (gpointer data, guint to, const double *x, gint64 n, GError **error);
  gboolean (*receive) (gpointer data, guint from, double *x, gint64 n, GError **error);
  gboolean (*zero)    (gpointer data, double *x, gint64 n, GError **error);
  gboolean (*add)     (gpointer data, gint64 n, const double *term, double *total, GError **error);
  gboolean (*wait)    (gpointer data, GError **error);  /* until all of it is done */
} AssayCollectiveLane;

/* total (width) <- term 0 + term 1 + ..., n > 0 terms added up in that order, whoever made them: term k is rank k mod size's.
 * compute: term k into sums (width), which are scratch, and into those of beside, unless it is NULL: they are added up in the same order, there. Cost: each term once, by one rank; n + size transfers of the width, in pieces one behind the other.
 * Numerics: one order for any number of ranks, so the same bits. Errors: those of compute, on all ranks; of the transfer. */
typedef gboolean (*AssayCollectiveTerm) (gpointer data, gint64 k, double *sums, GError **error);
gboolean assay_collective_sum (AssayCollective *self, gint64 n, gint64 width, AssayCollectiveTerm compute, gpointer data, double *sums, double *total,
                               const AssayCollectiveLane *beside, GError **error);
