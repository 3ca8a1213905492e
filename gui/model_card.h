/* SPDX-License-Identifier: GPL-3.0-or-later */
/* model_card.h: what a model of the case is, in words: architecture, size, origin, how it was trained, and the curve of that training.
 *
 * Ownership: a card owns what it holds. Thread rule: made on the reader's thread, then immutable.
 */
#pragma once

#include "gui/case_contents.h"
#include "report/figure.h"

typedef struct { char *name, *value, *why; } AssayModelFact;

typedef struct {
  char *name;                   /* of the object of kind "model" */
  char *sentence;               /* "A transformer of 2 layers, ..." */
  GPtrArray *facts;             /* AssayModelFact, in the order in which they are read */
  AssayFigure *curve;           /* NULL: no training is stored */
  char *command;                /* that trained or imported it; NULL: not known */
  char *trouble;                /* what of it could not be read; NULL: all could */
} AssayModelCard;

AssayModelCard *assay_model_card_read (AssayCase *cas, const AssayCaseContents *contents, const AssayObject *model);
void            assay_model_card_free (AssayModelCard *card);

/* The architecture of a model's meta "model" as a sentence. Owns: the caller. */
char           *assay_model_describe  (const json_t *spec);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayModelCard, assay_model_card_free)
