/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bank.h: what queries lost after trainings without subsets of the examples that somebody else made: a ground truth that was not computed here.
 *
 *   family[f].loss[s, r, q] = f_q (trained without set s of the family, seed r)          base[r, q] = f_q (trained with all, seed r)
 *
 * A family is a list of sets of one size ("drop1pct"). An object of kind "bank" has
 *   /example (N), /query (Q)      numbers of examples in the data set, as axes
 *   /bank/base (R,Q)              nats
 *   /bank/FAMILY/places (S,k)     which training examples were left out, counted from 0 among them
 *   /bank/FAMILY/loss (S,R,Q)     nats; NaN: that training diverged, or was not made
 * and the metadata "imported": true, "n_train", "families": [{"name", "sets", "size"}], "data": how the data set is made (dataset/described.h), or null.
 * Shape letters: N training examples, Q queries, S sets, k examples of a set, R seeds.
 * Ownership: a bank owns its arrays. Thread rule: one thread at a time.
 */
#pragma once

#include "store/case.h"

typedef struct {
  char *name;
  gint64 n_sets, size;
  gint64 *place;                /* (S,k), ascending in each set */
  double *loss;                 /* (S,R,Q) */
} AssayBankFamily;

typedef struct {
  gint64 n_train, n_query, n_seeds;
  gint64 *train, *query;        /* (N), (Q) examples of the data set */
  double *base;                 /* (R,Q) */
  GPtrArray *families;          /* AssayBankFamily */
} AssayBank;

/* A bank without families; all arrays are copied. Errors: SHAPE for a count below 1; INPUT for a base loss that is not finite, or an example that
 * is named twice. */
AssayBank   *assay_bank_new        (const gint64 *train, gint64 N, const gint64 *query, gint64 Q, const double *base, gint64 R, GError **error);
void         assay_bank_free       (AssayBank *bank);

/* place (S,k), loss (S,R,Q), copied. Errors: INPUT for a place outside 0 .. N-1 or twice in a set, an infinite loss, no loss at all, or a name
 * that is taken or is more than letters, digits, "-" and "_"; SHAPE for no sets, or sets of all examples. */
gboolean     assay_bank_add_family (AssayBank *bank, const char *name, const gint64 *place, gint64 S, gint64 k, const double *loss, GError **error);
/* NULL when there is none of that name. */
const AssayBankFamily *assay_bank_find_family (const AssayBank *bank, const char *name);

/* data: how the data set is made that the numbers count in (assay_subject's described), or NULL: not known, and not checked when it is used.
 * extra: merged into the metadata, or NULL. Errors: those of the store. Owns: the caller. */
AssayObject *assay_bank_save       (const AssayBank *bank, AssayCase *cas, const char *name, const json_t *data, json_t *extra, GError **error);
/* Errors: NOT_FOUND; those of the functions above for an object that holds something else. */
AssayBank   *assay_bank_load       (AssayCase *cas, const char *name, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayBank, assay_bank_free)
