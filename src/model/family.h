/* SPDX-License-Identifier: GPL-3.0-or-later */
/* family.h: a family of the transformers library: how its configuration reads here, what stands before its names, which tensors are laid
 * out otherwise than ours, and which hold nothing of the model. One family_*.c and one line in local.mk each. Internal to this floor.
 *
 * Thread rule: constant tables and pure functions.
 */
#pragma once

#include "model/model.h"

typedef enum {
  ASSAY_STORED_AS_OURS,
  ASSAY_STORED_INPUT_MAJOR,     /* a matrix as (in, out) */
  ASSAY_STORED_AS_ONE_ROW,      /* a vector as (1, 1, n) */
  ASSAY_STORED_BY_HEAD          /* rows (heads, 3, head size): query, key and value of each head side by side; ours are (3, heads, head size) */
} AssayStoredLayout;

typedef struct { const char *end; AssayStoredLayout layout; } AssayStoredEnd;

/* Ends of names: what ends as ours may be stored as theirs, or as both where they are equal. */
typedef struct { const char *ours, *theirs; } AssayStoredTwin;

typedef struct {
  const char *name;
  const char *const *model_types;               /* "model_type" of its configurations */
  const char *architecture;
  /* The architecture's configuration, new reference, by way of assay_family_configure. context: positions of an example; 0: as many as the model
   * has. Errors: INPUT, UNSUPPORTED, naming the key. */
  json_t *(*configure) (const json_t *config, gint64 context, GError **error);
  /* The way back: a configuration of the library for such a model, new reference; NULL: none of this family. What it says is held against what configure makes of it. A family
   * that cannot be written has NULL here. */
  json_t *(*describe) (const AssayValues *config);
  const char *prefix;                           /* before the names of everything but the head; files of the bare model lack it */
  const AssayStoredEnd *layouts;                /* by the ends of names; the rest are stored as ours. Ends with an end of NULL */
  const char *const *ignored;                   /* ends of names of what is no part of the model: buffers, other heads */
  const AssayStoredTwin *twins;                 /* NULL: none; ends with ours of NULL */
  const char *embedding, *head;                 /* our name of the embedding; theirs of the head, which a tied model may store twice */
} AssayFamily;

#define ASSAY_FAMILY_DEFINE(symbol)                                                                                     \
  extern const AssayFamily assay_family_##symbol;                                                                       \
  const AssayFamily assay_family_##symbol

/* The family of "model_type". Errors: UNSUPPORTED with what is read. */
const AssayFamily *assay_family_find (const char *model_type, GError **error);

/* What the family makes of a configuration. Refuses what holds for all families alike. Errors: those of configure; UNSUPPORTED for quantised weights. */
json_t *assay_family_configure (const AssayFamily *family, const json_t *config, gint64 context, GError **error);

/* All families, NULL-terminated. */
const AssayFamily *const *assay_family_list (void);
/* How a parameter of that name is stored. */
AssayStoredLayout  assay_family_find_layout (const AssayFamily *family, const char *name);
/* The shape in which a parameter of ours is stored. */
AssayShape         assay_family_stored_shape (AssayStoredLayout layout, const AssayShape *ours);
/* Whether any parameter is stored by head, which needs the number of "heads". */
gboolean           assay_family_stores_by_head (const AssayFamily *family);

/* --- for configure: error is never NULL there, and the first error stays ------------------------------------------------------------------------------------------------------ */

/* A positive whole number; one that may be missing or null, and is then `otherwise`. Errors: INPUT. */
gboolean    assay_family_get_size       (const json_t *config, const char *key, json_int_t *value, GError **error);
gboolean    assay_family_get_size_or    (const json_t *config, const char *key, json_int_t otherwise, json_int_t *value, GError **error);
/* A whole number from 0 on; `otherwise` where it is missing or null. Errors: INPUT. */
gboolean    assay_family_get_count_or   (const json_t *config, const char *key, json_int_t otherwise, json_int_t *value, GError **error);
/* A number, a switch; `otherwise` where it is missing or null. Errors: INPUT for anything else, and then it is `otherwise` too: look at *error. */
double      assay_family_get_number_or  (const json_t *config, const char *key, double otherwise, GError **error);
gboolean    assay_family_get_switch_or  (const json_t *config, const char *key, gboolean otherwise, GError **error);
/* FALSE with UNSUPPORTED when a switch that changes the function is not where this program has it. */
gboolean    assay_family_expect_switch  (const json_t *config, const char *key, gboolean expected, GError **error);
/* Our name of an activation; otherwise: theirs where it is missing. Errors: UNSUPPORTED with what is known. */
const char *assay_family_get_activation (const json_t *config, const char *key, const char *otherwise, GError **error);
/* 0 becomes the positions that the model has. Errors: USAGE for more than those. */
gboolean    assay_family_choose_context (gint64 has, gint64 *context, GError **error);
/* What a family takes where its configuration is silent, and what it calls that. */
typedef struct { const char *theta, *share; double otherwise_share; } AssayRopeWords;

/* Adds what "rope_parameters", or in the words of version 4 "rope_scaling" and the family's own, say, for heads of that size. positions: of the
 * model. Errors: UNSUPPORTED for a scaling that this program does not have, INPUT. */
gboolean    assay_family_add_rope       (const json_t *config, const AssayRopeWords *words, json_int_t head_size, json_int_t positions, json_t *ours,
                                         GError **error);

/* --- for describe --------------------------------------------------------------------------------------------------------- */

/* The library's name of an activation of ours. */
const char *assay_family_name_activation (const char *ours);
/* Adds "rope_theta" and "rope_scaling". */
void        assay_family_describe_rope   (const AssayValues *config, json_t *theirs);
