/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spec.h: a job: a kind, its parameters, a case, and the inputs it found there. Frozen, its SHA-256 is its identity.
 *
 * The identity is taken over the canonical JSON of kind, parameters (less those that only choose what is shown), inputs by content,
 * and program version: equal identity, equal result. Neither the path of the case nor the number of threads is part of it.
 *
 *   {"schema": "assay.job", "version": 1, "kind": "train", "case": "x.assay", "parameters": {...}, "inputs": [...]}
 *
 * Ownership: the job owns its values. Thread rule: one thread at a time.
 */
#pragma once

#include "job/kind.h"

#define ASSAY_JOB_SCHEMA "assay.job"
#define ASSAY_JOB_VERSION 1

AssayJob   *assay_job_new         (const AssayJobKind *kind);
/* From a job file, or from any document that has one under "job". where names the document in messages. */
AssayJob   *assay_job_from_json   (const json_t *document, const char *where, GError **error);
/* The job of an object of kind "job", as it was asked for: what it found then is not held against it. */
AssayJob   *assay_job_new_stored  (AssayCase *cas, const AssayObject *object, GError **error);
/* Of another kind: case, inputs and those parameters of a frozen job that the kind has too, and others in their place where instead, a JSON object or
 * NULL, has them. Frozen. */
AssayJob   *assay_job_new_related (const AssayJob *job, const AssayJobKind *kind, const json_t *instead, GError **error);
void        assay_job_free        (AssayJob *job);

/* The declared entry of that name in the kind's table or one of its sections, or NULL. */
const AssayParam *assay_job_find_param (const AssayJobKind *kind, const char *name);
/* Whether the entry, of a section, is out of reach because the kind's own table has one of the same name. */
gboolean    assay_job_hides       (const AssayJobKind *kind, const AssayParam *param);
/* The nearest name among all of the kind's parameters, or NULL. */
const char *assay_job_nearest_param (const AssayJobKind *kind, const char *word);

void        assay_job_set_case    (AssayJob *job, const char *path);
/* Gives a parameter its value; a LIST appends. Parameters of sections wait until the job is frozen. */
gboolean    assay_job_set_text    (AssayJob *job, const char *name, const char *text, GError **error);
/* All values of a parameter (one, unless it is a LIST) from a settings file or the environment: what was given before stays, and a
 * parameter of a section that is not chosen is passed over. */
gboolean    assay_job_set_default (AssayJob *job, const char *name, const char *const *texts, GError **error);
/* What was given for a parameter so far, whether its section is chosen or not: texts that assay_job_set_text reads back; NULL: nothing. Owns: the
 * caller. */
char      **assay_job_dup_given   (const AssayJob *job, const char *name);
/* Brings in the sections that the values choose, and checks that everything needed is there. No parameter changes after this.
 * Errors: USAGE, also for a parameter of a section that was not chosen. */
gboolean    assay_job_freeze      (AssayJob *job, GError **error);

const AssayJobKind *assay_job_get_kind (const AssayJob *job);
const char *assay_job_get_case    (const AssayJob *job);          /* NULL: none */
const AssayValues *assay_job_get_values (const AssayJob *job);    /* of the kind's own table */
/* Values of the section that the parameter `chooser` brought in (the first, where its value names several with commas between them), or NULL. */
const AssayValues *assay_job_get_section (const AssayJob *job, const char *chooser);
/* Values of the section with that table, or NULL when it was not chosen. */
const AssayValues *assay_job_get_table (const AssayJob *job, const AssayParam *table);

/* Names an input: an object of the case, or a file from outside with its SHA-256. */
void        assay_job_add_input_object (AssayJob *job, const char *role, const AssayObject *object);
void        assay_job_add_input_file (AssayJob *job, const char *role, const char *name, const char *sha256);
/* Errors: INPUT when the job file pinned inputs and they are others now. */
gboolean    assay_job_check_inputs (const AssayJob *job, GError **error);

/* The command line that asks for the same: "assay train demo.assay --model transformer --steps 3000", with what was given and no defaults,
 * quoted for the shell. Owns: the caller. */
char       *assay_job_describe_command (const AssayJob *job);

/* A space and what a command line has for a parameter that was given: "--seed 7", "--no-mean", a word without a name. texts: as of assay_job_dup_given. */
void        assay_job_append_option (GString *out, const AssayParam *param, const char *const *texts);

/* A word as the shell reads it back. Owns: the caller. */
char       *assay_job_quote_word (const char *word);

/* The whole specification; new reference. */
json_t     *assay_job_to_json     (const AssayJob *job);
/* 64 hexadecimal digits. Owns: the caller. */
char       *assay_job_get_identity (const AssayJob *job);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayJob, assay_job_free)
