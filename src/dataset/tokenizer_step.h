/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_step.h: the steps before a tokenizer's model: what changes a text, and what cuts it into pieces. Internal to the tokenizer.
 *
 * Ownership: steps own what they hold. Thread rule: one thread at a time (a pattern keeps its last match).
 */
#pragma once

#include "dataset/tokenizer_text.h"

#include <jansson.h>

typedef struct _AssayTokenStep AssayTokenStep;

/* is_first: the text begins where the text that was given does. */
typedef void (*AssayTokenStepFunc) (const AssayTokenStep *step, AssayText *text, gboolean is_first);

typedef struct _AssayTokenPattern AssayTokenPattern;    /* a regular expression, or a string to find */

typedef enum { ASSAY_CUT_REMOVED, ASSAY_CUT_ISOLATED, ASSAY_CUT_WITH_PREVIOUS, ASSAY_CUT_WITH_NEXT, ASSAY_CUT_CONTIGUOUS } AssayCutBehaviour;

struct _AssayTokenStep {
  AssayTokenStepFunc apply;
  AssayTokenPattern *pattern;
  char *content;                /* to put in, or the character that stands for a space */
  AssayCutBehaviour behaviour;
  gboolean is_inverted;
  guint switches;               /* the step's own, as are the next two */
  gpointer own;
  GDestroyNotify free_own;
};

void               assay_token_step_clear  (AssayTokenStep *step);

/* All steps, in order. What a pattern gave up on is as if it had found nothing; assay_token_steps_check says so. */
void               assay_token_steps_apply (const GArray *steps, AssayText *text, gboolean is_first);
/* FALSE where a pattern of the steps gave up since the last call. Errors: INPUT with the pattern and the limit that was hit. */
gboolean           assay_token_steps_check (const GArray *steps, GError **error);

/* Errors: INPUT with the pattern and what is wrong with it. */
AssayTokenPattern *assay_token_pattern_new  (const char *text, gboolean is_literal, GError **error);
void               assay_token_pattern_free (AssayTokenPattern *pattern);
/* The first match in bytes first .. n - 1; FALSE: none, or it was not found within the limits of the search. */
gboolean           assay_token_pattern_find (AssayTokenPattern *pattern, const char *bytes, gsize n, gsize first, gsize *start, gsize *end);


/* Matches of a text, one after another. One of no length counts, but not right behind the one before it. */
typedef struct { gsize start, end, next; gboolean has_one; } AssayTokenMatch;   /* begins as zeros */
gboolean           assay_token_pattern_next (AssayTokenPattern *pattern, const char *bytes, gsize n, AssayTokenMatch *match);

/* White space as Unicode has it. */
gboolean           assay_token_is_white     (gunichar c);

/* Appends the steps of a member of tokenizer.json, a sequence in its order; null: none. Errors: UNSUPPORTED with the type; INPUT. */
gboolean           assay_token_normaliser_read (const json_t *document, GArray *steps, GError **error);
gboolean           assay_token_cutter_read     (const json_t *document, GArray *steps, GError **error);
/* Which of two ways there are for ByteLevel. TRUE: the text keeps its bytes, and the vocabulary is spelt in them; for a model and a decoder of bytes, where
 * ByteLevel is the last step and the only one. FALSE: the step spells every byte as a character of its alphabet, as the vocabulary does. */
gboolean           assay_token_cutter_keep_bytes (GArray *steps, gboolean is_model_of_bytes);
/* Adds n bytes of a text, each spelt as a character. */
void               assay_token_spell_bytes (AssayTextEdit *edit, const AssayText *text, gsize first, gsize n);
