/* SPDX-License-Identifier: GPL-3.0-or-later */
/* method.h: an influence method: which training examples caused a behaviour, and how sure the number is.
 *
 *   infl[q, i] = (1/N) g_q' (C + lambda I)^-1 g_i  ~  f_q (without i) - f_q (with i)
 *
 * Positive: removing the example raises the query's loss. N, the divisor, is the number of training examples; C is averaged over them and
 * never holds the l2 term; lambda is the l2 of training plus extra damping, stored separately.
 * One method_*.c and one line in local.mk each.
 * Shape letters: N training examples, Q queries, P parameters.
 */
#pragma once

#include "base/param.h"
#include "base/progress.h"
#include "hessian/solver.h"
#include "run/pass.h"
#include "run/retrain.h"
#include "store/case.h"

/* What is asked: a trained model, the examples it was trained on, the queries. */
typedef struct {
  AssayModel *model;
  AssayDataset *dataset;
  const gint64 *train, *query;          /* examples of the data set: (n_train), (n_query, query_size) */
  gint64 n_train, n_query;
  gint64 query_size;                    /* a query is the mean loss of so many examples; 0 counts as 1 */
  double l2;                            /* of the training objective: (1/N) sum l_i + l2/2 |theta|^2, over all parameters */
  gint64 batch;                         /* examples of a walk */
  gint64 sum_batch;                     /* of one whose examples are summed over (hessian/point.h); 0: batch */
  gboolean is_single_precision;         /* walks compute in f32, not f64 */
  gsize memory;                         /* bytes that cached walks may take */
  AssayBackend *backend;
  /* Where methods keep what is fitted once for all questions (curvature factors), and what the model is called there; NULL: nowhere. */
  AssayCase *store;
  const char *model_name;
  /* Checkpoints of the training run, for methods that use them: n thetas (P, doubles) with their learning rates. */
  const double *const *checkpoint;
  const double *checkpoint_rate;
  guint n_checkpoints;
  /* Query losses (K,Q) after retraining without each of K sets of places in train; NULL where the training is not known.
   * assay_ground_truth_retrain (ground_truth.h) is the one for trainings of run/train.h. */
  gboolean (*retrain) (gpointer data, const AssayRetrainSet *sets, gint64 K, double *query_loss, AssayProgress *progress,
                       GError **error);
  /* The same with another seed of the training, counted from its own; NULL where a seed changes nothing. */
  gboolean (*retrain_seed) (gpointer data, guint seed, const AssayRetrainSet *sets, gint64 K, double *query_loss, AssayProgress *progress,
                            GError **error);
  gpointer retrain_data;        /* of both */
  const AssayModel *measured;           /* the model with another measure of queries in the loss's place (model/measure.h); NULL: their loss */
  const char *measure;                  /* its name, interned; NULL: the loss */
  const AssayTraining *training;        /* how the model was trained, for methods that follow it; NULL: not known */
  const void *start;                    /* (P, the model's type) its first parameters, of a first-order training; else NULL */
  const double *optimizer_scale;        /* (P) 1 / (sqrt V + eps) of the last imported checkpoint of an adamw made elsewhere; NULL: not known */
  const gint64 *sampled;                /* examples of the data set that the curvature is a mean over; NULL: all of train */
  gint64 n_sampled;
  gboolean keep_directions;             /* scores carry their directions where the method has them */
  /* A part of a question (job/score_parts.h). scored (n_scored): training examples whose scores are wanted, a run of train, of a method that
   * CUTS_EXAMPLES, or of the self-influence of one that CUTS_SELF; NULL: all. first_query: number of the first query among all that are asked about, for notes. */
  const gint64 *scored;
  gint64 n_scored, first_query;
} AssayInfluenceTask;

typedef struct _AssayBreakdown AssayBreakdown;    /* breakdown.h */

typedef enum {
  ASSAY_INTERVAL_NONE,
  ASSAY_INTERVAL_SOLVE,         /* certain: what is left of a solve */
  ASSAY_INTERVAL_SAMPLING       /* 95 % confidence: over draws of examples, projections or models, and what is left of a solve */
} AssayIntervalKind;

/* The answer. Arrays are (Q,N) row-major doubles of assay_mem. */
typedef struct {
  gint64 n_query, n_train;
  double *value, *lo, *hi;              /* lo, hi NULL where nothing is certified */
  double *se_sample, *se_seed;          /* (Q,N) standard errors, NULL where there are none: of examples drawn for the curvature; of projections or models */
  const char *unit;                     /* "nats per removed example" or "relative" */
  const char *measure;                  /* "query loss" */
  const char *counterfactual;           /* "pbrf", "this-run", "retraining", ... */
  AssayIntervalKind interval_kind;
  const char *interval_reason;          /* why there is none, or what it bounds, in words */
  AssayBreakdown *parts;                /* of every score, where they were asked for; owned; else NULL */
  double *solution_norm;                /* (N) ||A^-1 g_i|| of a row of self-influence that was solved for, else NULL */
  double damping, l2;                   /* lambda = l2 + damping */
  AssaySolveResult *solves;             /* (Q), or NULL where nothing is solved */
  double *direction;                    /* (Q,P) of v_q where value[q, i] = g_i' v_q and the task asked for it, else NULL */
  GString *notes;                       /* remarks for the reader, one per line */
} AssayInfluenceScores;

void assay_influence_scores_free (AssayInfluenceScores *scores);

typedef enum {
  ASSAY_METHOD_NEEDS_TOKENS = 1 << 0,   /* refuses anything but token sequences */
  ASSAY_METHOD_IGNORES_LOSS = 1 << 1,   /* a baseline that compares inputs: its sign tells no help from harm */
  ASSAY_METHOD_RETRAINS = 1 << 2,       /* it measures what others are held to, and predicts nothing */
  ASSAY_METHOD_DIVIDES_BY_SIZE = 1 << 3,        /* angles, within -1 .. 1: a mean of queries has not the mean of their scores */
  ASSAY_METHOD_NEEDS_STEPS = 1 << 4,    /* refuses models whose training, step by step, is not known */
  ASSAY_METHOD_CUTS_EXAMPLES = 1 << 5,  /* scores of a run of the training examples are those that all together get, to the bit */
  ASSAY_METHOD_CUTS_SELF = 1 << 9,      /* so is the self-influence of a run of them that begins at a multiple of query_unit */
  ASSAY_METHOD_NEEDS_ROWS = 1 << 7,     /* refuses without rows of the case that it is told of */
  ASSAY_METHOD_HAS_DIRECTION = 1 << 8,  /* scores are inner products of an example's gradient with one direction for each query, and are kept on demand */
  ASSAY_METHOD_IS_WHOLE = 1 << 6        /* all scores hang together: no part of them can be computed alone */
} AssayMethodFlags;

typedef struct {
  const char *name, *help;
  guint flags;
  const AssayParam *params;             /* damping, tolerance, ... : become options, form fields, manual entries */
  AssayInfluenceScores *(*score) (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress,
                                  GError **error);
  /* One row of scores: each training example's influence on its own loss. Called by assay_method_score_self; NULL: not defined. */
  AssayInfluenceScores *(*self)  (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress,
                                  GError **error);
  /* Where a question is cut by queries, to the bit: runs that begin at multiples of this many get the scores that all together get. NULL:
   * ASSAY_QUERY_BLOCK. */
  gint64 (*query_unit) (const AssayInfluenceTask *task, const AssayValues *options);
  /* For --dry-run: floating-point operations, estimated, and bytes. */
  void (*cost) (const AssayInfluenceTask *task, const AssayValues *options, double *flops, double *bytes);
  /* Of self; NULL: that of as many queries as there are training examples. */
  void (*cost_self) (const AssayInfluenceTask *task, const AssayValues *options, double *flops, double *bytes);
} AssayMethod;

#define ASSAY_METHOD_DEFINE(symbol)                                                                                     \
  extern const AssayMethod assay_method_##symbol;                                                                       \
  const AssayMethod assay_method_##symbol

const AssayMethod *assay_method_find (const char *name, GError **error);
/* Queries that are taken together: where a question may be cut to the bit. */
gint64             assay_method_get_query_unit (const AssayMethod *method, const AssayInfluenceTask *task, const AssayValues *options);
const AssayMethod *const *assay_method_list (void);

/* Whether its scores can be broken down by token, module or head. Errors: USAGE, with the methods whose scores can. */
gboolean assay_method_check_direction (const AssayMethod *method, const char *by, GError **error);

/* The self-influence of every training example: one row (1,N), measure ASSAY_MEASURE_SELF; the task's queries do not matter. An example
 * whose label is wrong holds its own loss down against all others, so it tends to stand first. A row that was solved for has one solve: the
 * worst of all. Errors: USAGE, with the methods that define it, for one that does not. */
AssayInfluenceScores *assay_method_score_self (const AssayMethod *method, const AssayInfluenceTask *task, const AssayValues *options,
                                               AssayProgress *progress, GError **error);
void                  assay_method_cost_self  (const AssayMethod *method, const AssayInfluenceTask *task, const AssayValues *options,
                                               double *flops, double *bytes);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayInfluenceScores, assay_influence_scores_free)
