/* SPDX-License-Identifier: GPL-3.0-or-later */
/* language.h: what kinds that ask a language model in words share: opening it, and changing what it computes.
 *
 * Ownership: a session owns everything in it. Thread rule: one job at a time.
 */
#pragma once

#include "job/spec.h"
#include "run/intervention.h"
#include "run/language_model.h"

extern const char *const assay_language_precisions[], *const assay_language_weights[];

#define ASSAY_LANGUAGE_PARAMS                                                                                           \
  { .name = "model", .type = ASSAY_PARAM_STRING, .metavar = "PATH", .flags = ASSAY_PARAM_REQUIRED | ASSAY_PARAM_FILE,   \
    .help = "checkpoint: what assay import model reads, with its tokenizer; or a case" },                               \
  { .name = "model-name", .type = ASSAY_PARAM_STRING, .metavar = "NAME", .names = "model",                              \
    .help = "which model of a case (default: the newest)" },                                                            \
  { .name = "tokenizer", .type = ASSAY_PARAM_STRING, .metavar = "FILE", .flags = ASSAY_PARAM_FILE,                      \
    .help = "tokenizer that is not beside the checkpoint, or that a case has not: what assay tokenize reads" },                                 \
  { .name = "precision", .type = ASSAY_PARAM_CHOICE, .def.s = "f32", .choices = assay_language_precisions,              \
    .help = "type that the model computes in" },                                                                        \
  { .name = "weights", .type = ASSAY_PARAM_CHOICE, .def.s = "full", .choices = assay_language_weights,                  \
    .help = "what weights of linear layers are rounded to: full: not at all; bf16, int8 (a scale for every 64): faster, in less memory" }, \
  { .name = "compare", .type = ASSAY_PARAM_BOOL,                                                                        \
    .help = "with rounded weights: keep those of f32 beside them, and tell how far logits behind the first 64 tokens move" }

#define ASSAY_LANGUAGE_EDIT_PARAMS                                                                                      \
  { .name = "ablate", .type = ASSAY_PARAM_LIST, .metavar = "TAP[INDEX]", .help = "put channels of a value to zero, as in \"h.0.mlp.act[17,40-47]\"; @POSITIONS for some tokens alone" }, \
  { .name = "patch", .type = ASSAY_PARAM_LIST, .metavar = "TAP[INDEX]", .help = "take channels of a value from --patch-prompt, position by position; =NUMBER: put that there" }, \
  { .name = "patch-prompt", .type = ASSAY_PARAM_STRING, .metavar = "TEXT", .help = "the other text of --patch" },         \
  { .name = "steer", .type = ASSAY_PARAM_LIST, .metavar = "TAP[INDEX]=NUMBER", .help = "add a number to channels of a value" }

/* Where a text has no token and gets none in front. */
#define ASSAY_LANGUAGE_NO_PROMPT "prompt: a text expected, since this tokenizer has no token that begins one"

typedef struct {
  AssayLanguageModel *language;
  AssayInterventions *interventions;    /* NULL: the kind has none */
  AssayPackedWeights *packed;           /* beside the model's own, to be compared with them; NULL */
  gint64 compared;                      /* tokens behind which logits were compared with those of the weights as they are */
  double largest, root_mean_square, spread;     /* differences of logits, and the standard deviation of logits themselves */
  gboolean same_choice;                 /* the likeliest token is the same behind each of them */
} AssayLanguage;

/* values hold ASSAY_LANGUAGE_PARAMS, and maybe ASSAY_LANGUAGE_EDIT_PARAMS. Errors: those of its parts. */
gboolean      assay_language_open    (AssayLanguage *self, const AssayValues *values, AssayJobContext *context, GError **error);
/* The data that a model of the case was trained on, NULL where that is not known. Owns: the caller. */
AssayObject  *assay_language_find_data (AssayCase *cas, const AssayObject *model);
void          assay_language_clear   (AssayLanguage *self);
/* For so many tokens, with the interventions at work. Owns: the caller. */
AssayDecoder *assay_language_decode  (AssayLanguage *self, gint64 capacity, AssayJobContext *context, GError **error);
/* Where rounded weights stand beside the model's own: walks the first of these tokens with both and notes how far the logits lie apart, in self and for the reader. Cost: two walks of
 * at most 64 tokens. Errors: INPUT for a token outside the vocabulary; memory. */
gboolean      assay_language_compare (AssayLanguage *self, const gint32 *tokens, gint64 n, AssayJobContext *context, GError **error);
/* How the model is described in documents, with what rounding changed. New reference. */
json_t       *assay_language_to_json (const AssayLanguage *self, const AssayValues *values);
/* A token's spelling with what does not print written out. Owns: the caller. */
char         *assay_language_spell   (const AssayLanguage *self, gint32 token);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AssayLanguage, assay_language_clear)
