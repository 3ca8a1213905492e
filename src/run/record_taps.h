/* SPDX-License-Identifier: GPL-3.0-or-later */
/* record_taps.h: what of a model's walk can be recorded, by name.
 *
 *   a result        "h.0.mlp.act"                 (row, C) as the graph computes it
 *   states          "layers.0.mixer.scan.h"       (row, I S) of a selective scan: what each channel remembers behind the position
 *                   "blocks.0.attention.wkv.m"    (row, C) of a fading mean: the mean behind the position, and "wkv.l", the logarithm of the sum of its weights
 *   a pattern       "h.0.attn.heads.pattern"      (row, H T) of an attention: what each head takes from every position, computed from queries and keys
 *
 * Rows are positions of examples, or examples for models of features. Shape letters: C channels, H heads, T positions, I channels of a scan, S its states.
 * Ownership: the caller. Thread rule: pure functions; a pattern is filled by one thread at a time.
 */
#pragma once

#include "model/model.h"
#include "base/workers.h"

typedef struct {
  char *name;
  gint64 C;
  guint value;                  /* of the graph: the result, the states; of a pattern the queries */
  guint keys;                   /* of a pattern; ASSAY_NO_VALUE: it is none */
  const AssayGraphNode *attention;      /* of a pattern */
} AssayRecordTap;

/* Those whose names match one of the patterns ("h.*.mlp.act"), in the order of evaluation; elements are AssayRecordTap.
 * Errors: NOT_FOUND, with the nearest name, for a pattern that matches nothing. Owns: the caller. */
GPtrArray *assay_record_find_taps (const AssayModel *model, const char *const *patterns, GError **error);
/* All of them, as strings "NAME (shape of one example)". Owns: the caller. */
GPtrArray *assay_record_list_taps (const AssayModel *model);
/* The values of the graph that a walk must keep for them, ended by ASSAY_NO_VALUE. Owns: the caller (g_free). */
guint     *assay_record_list_kept (const GPtrArray *taps);

/* Bytes of scratch that filling takes. */
gsize      assay_record_pattern_scratch (const AssayRecordTap *tap, gint64 T);
/* pattern (T, H T) of one example from its queries and, the same where all is packed in one, its keys.
 * Shapes: queries (T, width), keys (T, width of the keys). Numerics: in double precision, for each head in the order of the keys. */
void       assay_record_pattern_fill (const AssayRecordTap *tap, const AssayGraph *graph, AssayDtype dtype, gint64 T, gconstpointer queries, gconstpointer keys,
                                      gpointer scratch, double *pattern, AssayWorkers *workers);
