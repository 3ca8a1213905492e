/* SPDX-License-Identifier: GPL-3.0-or-later */
/* facts_private.h: what the facts_*.c files share. Internal to this floor. */
#pragma once

#include "dataset/dataset.h"
#include "model/model.h"
#include "report/facts.h"

/* What the facts are about. */
typedef struct {
  const AssayReportSource *source;
  AssayCase *cas;
  AssayProgress *progress;
  AssayObject *object;          /* the model; NULL: the case has none */
  AssayModel *model;
  AssayObject *data;            /* that the model was trained on, or the case's newest; NULL: there are none */
  AssayTable *table;            /* of data */
  AssayDataset *dataset;        /* as the model saw them; NULL: see no_dataset */
  char *no_dataset;             /* why there is none */
  const char *train_split;      /* NULL: no dataset */
  const gint64 *train;          /* (n_train) */
  gint64 n_train;
  const AssayReportAnswer *training;    /* what the training of the model answered; NULL: it was not trained here */
} AssayFacts;

/* A line of a table; tables end with a NULL field. fill returns FALSE only on errors of the store or a cancel. */
typedef struct {
  const char *field;
  gboolean (*fill) (const AssayFacts *facts, AssayField *field, GError **error);
} AssayFact;

extern const AssayFact assay_facts_of_model[], assay_facts_of_data[], assay_facts_of_training[], assay_facts_of_evaluation[], assay_facts_of_case[],
  assay_facts_of_process[], assay_facts_of_use[];

/* Adds an object of the case, with command NULL or what makes it, as evidence. */
void assay_facts_cite        (AssayField *field, const AssayObject *object, const char *command);
void assay_facts_cite_answer (AssayField *field, const AssayReportAnswer *answer);

/* FALSE, with the field saying so, where there is no model, no data set, no training answer. */
gboolean assay_facts_need_model    (const AssayFacts *facts, AssayField *field);
gboolean assay_facts_need_dataset  (const AssayFacts *facts, AssayField *field);
gboolean assay_facts_need_training (const AssayFacts *facts, AssayField *field);

/* The stages that led to the model: itself last; each began with the parameters of the one before. Elements: AssayObject, released by the
 * array. Errors: those of the store. Owns: the caller. */
GPtrArray *assay_facts_list_stages (const AssayFacts *facts, GError **error);
/* The answer of the training that made a model, or NULL. */
const AssayReportAnswer *assay_facts_find_training (const AssayReportSource *source, const AssayObject *model);

/* "widths 3, 128, 2; bias true": members of an object, in the order of their names. Owns: the caller. */
char *assay_facts_describe_members (const json_t *object);
/* The data were made by this program, not read from a file. */
gboolean assay_facts_is_generated (const AssayTable *table);
