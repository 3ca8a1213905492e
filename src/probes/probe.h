/* SPDX-License-Identifier: GPL-3.0-or-later */
/* probe.h: a probe of a written chain: how much a stated intervention moves the answer, for every instance, beside a matched control.
 *
 *   soft effect  p (a | full) - p (a | edited)       hard effect  [the likeliest answer changed]       a: the likeliest answer behind the full chain
 *
 * An edit probe proposes edits of one sequence at a time, in two arms: of the chain, and the same kind of edit of the prompt (the control). All are
 * put to the model and kept, token for token, so that any number can be replayed. The value is the mean over an arm, by the edits' weights; its
 * interval is that of what was drawn (Student's for soft, Wilson's for hard effects, with the correction for drawing from few), and has width 0 where
 * every possible edit was tried. A fitted probe reads states of all instances instead and is cross-validated by prompt.
 * One probe_*.c and one line in local.mk each.
 * Shape letters: n instances, T positions, A answers, E edits.
 * Thread rule: one thread at a time per task.
 */
#pragma once

#include "base/progress.h"
#include "base/rng.h"
#include "probes/chain.h"

/* What all probes look at. Arrays belong to the task. */
typedef struct {
  const AssayOrganism *organism;
  AssayChainReader *reader;
  AssayChainLayout layout;
  gint64 n;
  gint32 *tokens;               /* (n,T) */
  gint64 *id;                   /* (n) names an instance's random numbers: they do not depend on which others are there */
  gint64 *prompt;               /* (n) instances of one prompt share a number, and so a fold */
  guint64 seed;
  gint64 budget;                /* edits of an arm, where they are drawn */
  double *full, *none;          /* (n,A) answers behind the full chain, and behind no chain at all */
  gint32 *answer;               /* (n) likeliest of full */
} AssayChainTask;

/* Copies tokens (n,T), id (n) and prompt (n), and reads the full and the empty chains. Errors: those of the walk. */
AssayChainTask *assay_chain_task_new  (const AssayOrganism *organism, AssayChainReader *reader, const gint32 *tokens, const gint64 *id, const gint64 *prompt,
                                       gint64 n, guint64 seed, gint64 budget, GError **error);
void            assay_chain_task_free (AssayChainTask *task);

typedef enum { ASSAY_ARM_CHAIN, ASSAY_ARM_CONTROL, ASSAY_N_ARMS } AssayProbeArm;

/* One edit and what came of it. */
typedef struct {
  gint64 instance;
  AssayProbeArm arm;
  gint64 point;                 /* place on the probe's curve: step, steps kept, layer; -1: none */
  double weight;                /* in the mean of its arm; 0: on the curve only */
  gint32 follows;               /* -1, or the answer whose probability is the value, in place of a drop */
  AssayChainIntervention intervention;
  gint64 read, first, count;
  guint layer;
  gint64 tokens, donor;         /* first element in the list's tokens; donor -1: none */
  double p;                     /* of a (or of follows) behind the edit */
  gint32 answer;                /* the likeliest there */
} AssayProbeEdit;

typedef struct {
  gint64 T;
  GArray *edit;                 /* AssayProbeEdit */
  GArray *token;                /* gint32, T for each sequence */
  gint64 instance;              /* being proposed for */
  double possible[ASSAY_N_ARMS];        /* edits of each arm that there are for this instance; INFINITY where there is no end */
  GArray *n_possible;           /* double, N_ARMS for each instance */
  GArray *first;                /* gint64: the first edit of each instance, and behind the last one */
} AssayProbeEdits;

/* Appends an edit that reads behind `read`; what else it does is the caller's to fill in, until the next call. tokens: (read + 1). */
AssayProbeEdit *assay_probe_edits_add       (AssayProbeEdits *edits, AssayProbeArm arm, const gint32 *tokens, gint64 read);
/* Appends a sequence (T) and returns its first element, for `donor`. */
gint64          assay_probe_edits_add_donor (AssayProbeEdits *edits, const gint32 *tokens);

typedef struct { double value, lo, hi; } AssayProbeNumber;

/* What a probe says of one instance; NaN where it has nothing to say (no edit was possible). */
typedef struct {
  AssayProbeNumber soft, hard;  /* hard: share of the edits whose answer changed (or followed); NaN for fitted probes */
  double control;               /* soft, of the control arm */
  gint64 n_edits;               /* chain arm, those with weight */
  gint64 cost;                  /* tokens that went through the model, both arms, donors too */
} AssayProbeRow;

typedef struct _AssayProbe AssayProbe;

typedef struct {
  const AssayProbe *probe;
  gint64 n;
  AssayProbeRow *row;           /* (n) */
  AssayProbeEdits *edits;       /* NULL for fitted probes */
} AssayProbeResult;

struct _AssayProbe {
  const char *name, *title, *help;      /* "early", "early answering"; one line, no full stop */
  const char *control_help;     /* what the control does, no full stop */
  const char *blind_spot;       /* one sentence: what it cannot see */
  const char *point_name;       /* NULL: it has no curve */
  gboolean repeats_certificate; /* its intervention is the one that certificates are made with */
  gboolean points_are_features; /* a calibration sees each point of the curve, not only the mean */
  gboolean is_relative;         /* soft effects are divided by p (a | full) */
  gboolean more_is_less_used;   /* a high value speaks against use */
  /* Edits of one instance in both arms; sets edits->possible. rng: the instance's own stream. */
  void (*propose) (const AssayChainTask *task, gint64 instance, AssayRng *rng, AssayProbeEdits *edits);
  /* Fitted probes: soft and control of every row, and its cost. */
  gboolean (*fit) (const AssayChainTask *task, AssayProbeRow *row, AssayProgress *progress, GError **error);
};

#define ASSAY_PROBE_DEFINE(symbol)                                                                                      \
  extern const AssayProbe assay_probe_##symbol;                                                                         \
  const AssayProbe assay_probe_##symbol

const AssayProbe *const *assay_probe_list (void);                  /* NULL-terminated */
const AssayProbe *assay_probe_find (const char *name, GError **error);

/* progress: to be stopped by; whoever runs several reports. Errors: those of the walk; cancelled. Owns: the caller. */
AssayProbeResult *assay_probe_run         (const AssayProbe *probe, const AssayChainTask *task, AssayProgress *progress, GError **error);
void              assay_probe_result_free (AssayProbeResult *result);
/* Mean effect of an arm at one point of an instance's curve; NaN where nothing was tried. */
double            assay_probe_result_get_point (const AssayProbeResult *result, const AssayChainTask *task, gint64 instance, AssayProbeArm arm, gint64 point);
/* Puts kept edits to the model again: p of each (count), from `first` on. Errors: those of the walk. */
gboolean          assay_probe_replay      (const AssayProbeResult *result, const AssayChainTask *task, gint64 first, gint64 count, double *p, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayChainTask, assay_chain_task_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayProbeResult, assay_probe_result_free)
