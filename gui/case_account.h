/* SPDX-License-Identifier: GPL-3.0-or-later */
/* case_account.h: what a case can say of itself: its models, its checks, what of it is lost, who did what when.
 *
 * Ownership: reference counted; parts belong to it. Thread rule: read on the reader's thread, then immutable.
 */
#pragma once

#include "gui/case_contents.h"
#include "gui/model_card.h"
#include "gui/self_checks.h"

/* A file of an object that is not there, or not as long as it was. */
typedef struct {
  char *object;                 /* "scores/dose/cg/2580e113b2ed" */
  char *text;                   /* what is wrong, and what follows */
  char *command;                /* that makes the object again; NULL: not known */
} AssayLoss;

/* One thing that somebody did: neighbours in the journal with the same command are one. */
typedef struct {
  char *utc, *actor, *action, *command;
  char *what;                   /* "model/dose, metrics/dose and 2 more"; "" where nothing was committed */
  guint records;
} AssayDeed;

typedef struct {
  gatomicrefcount count;
  GPtrArray *models;            /* AssayModelCard, the newest first */
  GPtrArray *checks;            /* AssaySelfCheck */
  GPtrArray *losses;            /* AssayLoss */
  GPtrArray *deeds;             /* AssayDeed, the newest first */
  char *journal_fault;          /* why the journal could not be read to its end; NULL: it could */
} AssayCaseAccount;

/* An AssayReadFunc; question: AssayCaseContents. Errors: cancelled alone; what cannot be read is told in its place. */
gpointer          assay_case_account_read  (AssayCase *cas, gconstpointer contents, GCancellable *cancellable, GError **error);
AssayCaseAccount *assay_case_account_ref   (AssayCaseAccount *self);
void              assay_case_account_unref (AssayCaseAccount *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayCaseAccount, assay_case_account_unref)
