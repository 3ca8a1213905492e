/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind.h: a kind of job: its declared parameters, how it finds its inputs, plans, runs, and tells its result.
 *
 * One kind is one file kind_NAME.c and one line in the folder's local.mk; from there it is a subcommand with options, help,
 * manual page and completion, and can be asked for by a job file.
 *
 *   resolve   looks the inputs up in the case; what they are (by content) goes into the job's identity
 *   plan      what the run will do, and what it will take, without doing it
 *   run       does the work, commits objects, and returns the summary that is stored with the job
 *   result    makes the document that is shown, from the summary and the stored objects; the same after a run and from the store
 *   view      the document for people
 *
 * Thread rule: kinds are constants; one job runs on one thread (its workers are the backend's).
 */
#pragma once

#include "base/collective.h"
#include "base/param.h"
#include "base/progress.h"
#include "job/plan.h"
#include "job/shard.h"
#include "job/view.h"
#include "store/case.h"
#include "tensor/backend.h"

typedef struct _AssayJob AssayJob;
typedef struct _AssayJobKind AssayJobKind;

/* More parameters: a table shared with other kinds, or one that belongs to a value of another parameter (`method = "cg"`). An entry of
 * the kind's own table hides one of the same name. */
typedef struct {
  const char *chooser;          /* a parameter of the kind's own table; NULL: the section is always there */
  const char *value;            /* the value that brings this section in; "a,b" brings in two */
  const char *help;             /* one line about the value or the section, no full stop */
  const AssayParam *params;
} AssayJobSection;

/* A command line with what it does, complete and in order: each works after the ones before it. (Those of import that are about a model work once it is
 * there, and files of arrays after the examples of export.) */
typedef struct { const char *what, *command; } AssayJobExample;

typedef enum {
  ASSAY_JOB_NO_CASE,
  ASSAY_JOB_NAMES_CASE,         /* needs the path, opens nothing */
  ASSAY_JOB_MAKES_CASE,
  ASSAY_JOB_ENSURES_CASE,       /* makes the case where there is none, and writes it */
  ASSAY_JOB_READS_CASE,
  ASSAY_JOB_WRITES_CASE
} AssayJobAccess;

/* What a person is about who asks for it: lists of kinds are in this order. */
typedef enum {
  ASSAY_JOB_GROUP_CASE,         /* make a case and see its data */
  ASSAY_JOB_GROUP_MODEL,
  ASSAY_JOB_GROUP_QUESTION,
  ASSAY_JOB_GROUP_REPORT,
  ASSAY_JOB_GROUP_CHECK,
  ASSAY_JOB_GROUP_N
} AssayJobGroup;

/* What a kind's functions work with. */
typedef struct {
  AssayCase *cas;               /* NULL: the kind has none, or it was not given */
  AssayBackend *backend;
  AssayShard shard;             /* the part of the job that this process does; a count of 0 or 1: all of it */
  AssayCollective *collective;  /* NULL, or the ranks that do its parts at the same time; then shard is the rank's */
  gboolean is_forced;           /* what the case knows is no answer: everything is made again */
  gboolean is_dry_run;          /* a plan is all that is wanted: it may take a moment to measure */
  AssayProgress *progress;
  gboolean (*confirm) (const char *question, gpointer data);    /* NULL: nobody can be asked */
  gpointer confirm_data;
  void (*emit) (const char *text, gsize n, gpointer data);      /* for kinds with streams_text; NULL: nobody watches */
  gpointer emit_data;
  GPtrArray *outputs;           /* AssayObject that run committed, by assay_job_add_output */
  GPtrArray *notes;             /* strings: remarks for the reader */
  json_t *measured;             /* times and the like, by assay_job_add_measured: another run has others, so they are no part of the summary */
  gpointer state;               /* of the kind, from resolve on */
  GDestroyNotify free_state;
} AssayJobContext;

struct _AssayJobKind {
  const char *name, *help;      /* one line, no full stop */
  const char *description;      /* for the manual: paragraphs separated by an empty line */
  const AssayJobExample *examples;      /* ends with a NULL command */
  AssayJobGroup group;
  AssayJobAccess access;
  gboolean case_is_optional;
  gboolean streams_text;        /* run gives its text out as it is made, and that is the whole answer where no document was asked for */
  gboolean is_stored;           /* summary and provenance are kept in the case, and answer an equal job later */
  const AssayParam *params;
  const AssayJobSection *(*get_sections) (void);        /* NULL: none; ends with NULL params */
  const char *const *outside_identity;  /* parameters that do not change what is computed: how much is shown, where to; NULL: none */
  gboolean  (*complete) (AssayJob *job, GError **error);        /* NULL, or: sets defaults that hang on what was given */
  gboolean  (*resolve) (AssayJob *job, AssayJobContext *context, GError **error);       /* NULL: no inputs */
  gboolean  (*plan)    (AssayJob *job, AssayJobContext *context, AssayJobPlan *plan, GError **error);   /* NULL: nothing worth saying */
  /* Does the part of context->shard, in a case that others write too, and commits it; says in share what is there. The last one goes on with run, which
   * finds all parts. With ranks all of them call it together, and the first goes on when all have done theirs. NULL: the kind cannot be cut, and has no ASSAY_SHARD_PARAM. */
  gboolean  (*share)   (AssayJob *job, AssayJobContext *context, AssayShare *share, GError **error);
  json_t   *(*run)     (AssayJob *job, AssayJobContext *context, GError **error);
  json_t   *(*result)  (AssayJob *job, AssayJobContext *context, const json_t *summary, GError **error);        /* NULL: the summary */
  void      (*view)    (const json_t *document, AssayView *view);
};

#define ASSAY_JOB_KIND_DEFINE(symbol)                                                                                   \
  extern const AssayJobKind assay_job_kind_##symbol;                                                                    \
  const AssayJobKind assay_job_kind_##symbol

/* A document of a part of a job has these instead of the kind's own fields. */
#define ASSAY_JOB_PARTS "share"

/* A summary with a string under this key says that something was found: the job is done, and the exit status is 1. */
#define ASSAY_JOB_FINDING "finding"
/* The same for something that nobody did and that the result lacks (a report that is not signed): the exit status is 5. */
#define ASSAY_JOB_INCOMPLETE "incomplete"

/* NULL with an error that suggests the nearest name. */
const AssayJobKind *assay_job_kind_find (const char *name, GError **error);
const AssayJobKind *const *assay_job_kind_list (void);            /* NULL-terminated */
/* "Train and record": a few words, no full stop. */
const char *assay_job_group_title (AssayJobGroup group);

void assay_job_add_note   (AssayJobContext *context, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* Asks the person; FALSE where nobody can be asked. */
gboolean assay_job_confirm (const AssayJobContext *context, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* Keeps a measured quantity with the job's provenance. */
void assay_job_add_measured (AssayJobContext *context, const char *name, double value);
/* Takes the object. */
void assay_job_add_output (AssayJobContext *context, AssayObject *object);
