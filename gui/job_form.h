/* SPDX-License-Identifier: GPL-3.0-or-later */
/* job_form.h: what somebody has filled in for a job: a kind, a case and texts for some of its declared parameters; from a command line and back.
 *
 * No parameter is known here: names, order, ranges and help are those of the tables that the program itself parses by. Texts need not be right
 * yet: a number that is half typed is kept, and assay_job_form_check says what is wrong with it.
 * Ownership: a form owns its texts; parameters are those of the tables. Thread rule: one thread at a time; no display is needed.
 */
#pragma once

#include "job/kind.h"

typedef struct _AssayJobForm AssayJobForm;

/* Parameters that are asked for together. */
typedef struct {
  const char *title;            /* NULL: the kind's own */
  const char *chooser, *value;  /* the parameter's value that brought them in; NULL: always there */
  GPtrArray *params;            /* const AssayParam, borrowed, in the order of their table */
} AssayJobFormPart;

AssayJobForm       *assay_job_form_new       (const AssayJobKind *kind);
/* Errors: USAGE, as the program would say it. */
AssayJobForm       *assay_job_form_parse     (const char *command, GError **error);
void                assay_job_form_free      (AssayJobForm *form);

const AssayJobKind *assay_job_form_get_kind  (const AssayJobForm *form);
gboolean            assay_job_form_takes_case (const AssayJobForm *form);
/* NULL: none. */
const char         *assay_job_form_get_case  (const AssayJobForm *form);
/* NULL or "": none. */
void                assay_job_form_set_case  (AssayJobForm *form, const char *path);

/* What was filled in: one text, several for a LIST; NULL: nothing. */
const char *const  *assay_job_form_get_texts (const AssayJobForm *form, const char *name);
/* NULL or no texts: the default. What is filled in for a part that is not chosen any more waits for its return. */
void                assay_job_form_set_texts (AssayJobForm *form, const char *name, const char *const *texts);

/* What is to be filled in now, which hangs on the choices made: AssayJobFormPart that the array releases. Owns: the caller. */
GPtrArray          *assay_job_form_list_parts (const AssayJobForm *form);
/* What the program would say of the texts of a parameter, without its name; NULL: they are fine. Owns: the caller. */
char               *assay_job_form_check     (const AssayJobForm *form, const AssayParam *param);
/* The parameter among those to be filled in that a message of the program is about, "" for the case, or NULL where that is not known. rest: what is
 * said of it, within the message; may be NULL. */
const char         *assay_job_form_find_subject (const AssayJobForm *form, const char *message, const char **rest);

/* "assay train x.assay --seed 7": what was filled in and no defaults, quoted for the shell; also of a form that is not complete. Owns: the caller. */
char               *assay_job_form_make_command (const AssayJobForm *form);

/* "Model name" of "model-name": how a parameter is called on a form. Owns: the caller. */
char               *assay_job_form_title     (const char *name);

/* A table's help with a capital letter. Owns: the caller. */
char               *assay_job_form_sentence  (const char *help);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayJobForm, assay_job_form_free)
