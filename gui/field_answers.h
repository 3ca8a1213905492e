/* SPDX-License-Identifier: GPL-3.0-or-later */
/* field_answers.h: what a person answers to the fields of a report, as the file that `assay report --fields` reads (doc/fields.md).
 *
 * What is asked comes from a draft of the report (report_draft.h); what the file has already is kept as it is until it is answered anew.
 * Ownership: answers belong to the caller; what getters return, to the answers. Thread rule: one thread at a time.
 */
#pragma once

#include <glib.h>
#include <jansson.h>

typedef enum {
  ASSAY_ANSWER_NONE,
  ASSAY_ANSWER_STATED,          /* a text, or a number where the field has a unit */
  ASSAY_ANSWER_NOT_APPLICABLE,  /* because */
  ASSAY_ANSWER_WITHHELD,        /* because */
  ASSAY_ANSWER_CONFIRMED        /* the program's draft, as it was read */
} AssayAnswerKind;

typedef struct _AssayFieldAnswers AssayFieldAnswers;

/* Both as a draft has them; answers NULL: none yet. */
AssayFieldAnswers *assay_field_answers_new  (const json_t *asked, const json_t *answers);
void               assay_field_answers_free (AssayFieldAnswers *self);

guint              assay_field_answers_get_n    (const AssayFieldAnswers *self);
/* A member of what is asked. */
const json_t      *assay_field_answers_get_asked (const AssayFieldAnswers *self, guint k);
AssayAnswerKind    assay_field_answers_get_kind (const AssayFieldAnswers *self, guint k);
/* The text, number or reason; "" where there is none. */
const char        *assay_field_answers_get_text (const AssayFieldAnswers *self, guint k);
/* Who answers; "" as long as nobody said. */
const char        *assay_field_answers_get_author (const AssayFieldAnswers *self);

void               assay_field_answers_set_author (AssayFieldAnswers *self, const char *author);
/* utc: of a confirmation, as 2026-03-01T12:00:00Z. */
void               assay_field_answers_set      (AssayFieldAnswers *self, guint k, AssayAnswerKind kind, const char *text, const char *utc);
/* Something was set since the answers were made. */
gboolean           assay_field_answers_is_changed (const AssayFieldAnswers *self);

/* Why the file would not be accepted, for people, or NULL: it would. Owns: the caller. */
char              *assay_field_answers_dup_fault (const AssayFieldAnswers *self);
/* The file; unfinished answers (no text) are left out. New reference. */
json_t            *assay_field_answers_make_file (const AssayFieldAnswers *self);

/* Fields that wait for a person, and drafts that wait for a confirmation, among what is asked. */
guint              assay_field_answers_count_open   (const json_t *asked);
guint              assay_field_answers_count_drafts (const json_t *asked);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayFieldAnswers, assay_field_answers_free)
