/* SPDX-License-Identifier: GPL-3.0-or-later */
/* subject.h: what a job examines: a model of the case, the data it was trained on, and the examples a person names.
 *
 * A model that was trained here carries in its metadata what rebuilds its data set: the table by content, filter, target, terms,
 * references, transforms. So indices mean the same as in training. An imported model says nothing of the kind; its data are named
 * by the options of the job.
 * Ownership: the subject owns everything in it. Thread rule: one thread at a time.
 */
#pragma once

#include "job/spec.h"
#include "run/order_store.h"
#include "model/model.h"
#include "dataset/dataset.h"

/* Entries for a kind's own table. The kind also needs the section of assay_derive_params: assay_subject_sections has it alone. */
#define ASSAY_SUBJECT_PARAMS                                                                                            \
  { "model-name", ASSAY_PARAM_STRING, .metavar = "NAME", .names = "model", .help = "model of the case (default: the newest)" },           \
  { "data", ASSAY_PARAM_STRING, .metavar = "NAME", .names = "data", .flags = ASSAY_PARAM_ADVANCED, \
    .help = "imported models: data of the case (default: main, or the newest)" }, \
  { "train-split", ASSAY_PARAM_STRING, .metavar = "SPLIT", .names = "split", .flags = ASSAY_PARAM_ADVANCED, \
    .help = "imported models: the split they were trained on (default: train)" }, \
  { "l2", ASSAY_PARAM_DOUBLE, .flags = ASSAY_PARAM_OPTIONAL | ASSAY_PARAM_ADVANCED, .min = 0, .max = 1e9, \
    .help = "imported models: l2 of their training (default: 0)" }

typedef struct {
  AssayObject *object;          /* the model */
  AssayModel *model;
  json_t *described;            /* how its data set is made: dataset/described.h */
  AssayObject *data;
  AssayTable *table;
  AssayDataset *dataset;
  const char *train_split;
  const gint64 *train;          /* (n_train) examples of the data set */
  gint64 n_train;
  double l2;
  AssayValues *training;        /* of assay_train_params; NULL: not trained here */
  AssayOrder *order;            /* of its batches, where one was given; else NULL */
} AssaySubject;

/* For a kind whose only section is the data of an imported model. */
const AssayJobSection *assay_subject_sections (void);

/* Finds model and data and adds them to the job's inputs. Errors: NOT_FOUND; USAGE; DAMAGED; INPUT when the data of the model's training
 * are no longer what they were. */
AssaySubject *assay_subject_open  (AssayJob *job, AssayJobContext *context, GError **error);
void          assay_subject_free  (AssaySubject *subject);

/* The newest object of that kind, or NULL. Owns: the caller. */
AssayObject  *assay_subject_find_newest (AssayCase *cas, const char *kind);

/* The data object of that name; NULL: "main", or the newest. Errors: NOT_FOUND with what to do. */
AssayObject  *assay_subject_find_data (AssayCase *cas, const char *name, GError **error);

/* {"model", "model_sequence", "data": the description}: for the metadata of what is made of a subject. New reference. */
json_t       *assay_subject_to_json (const AssaySubject *subject);

/* The first parameters of the model's training. Errors: USAGE for a model that was not trained here. Owns: the caller. */
AssayModel   *assay_subject_make_start (const AssaySubject *subject, AssayCase *cas, GError **error);

/* SPLIT:INDEX, SPLIT:FIRST-LAST, SPLIT:where EXPRESSION (of the data's columns) or id:VALUE, each, to examples of the data set.
 * Elements are gint64. Errors: those of assay_dataset_find and of expressions, with the reference; NOT_FOUND where nothing is true. */
GArray       *assay_subject_find_examples (AssayDataset *dataset, const char *const *references, GError **error);

/* Examples to ask about where nobody named any: the first of a split that the model was not trained on ("test" before others), or else of its own. A list of one
 * reference, the caller's (g_strfreev). */
char        **assay_subject_dup_default_queries (const AssaySubject *subject);
/* SPLIT:INDEX of each. A list of references, the caller's (g_strfreev). */
char        **assay_subject_dup_references (AssayDataset *dataset, const gint64 *example, gint64 n);

/* What a class is called; its number where it has no name. A new string. */
char         *assay_subject_name_class (const AssaySubject *subject, gint64 class);

/* {"example", "split", "index", "id", "file", "row"} of an example of the data set. New reference. */
json_t       *assay_subject_describe_example (AssayDataset *dataset, gint64 example);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssaySubject, assay_subject_free)
