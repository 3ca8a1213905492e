/* SPDX-License-Identifier: GPL-3.0-or-later */
/* units_answer.h: what the case knows of the units of its recorded taps; asked of a case's reader.
 *
 * Thread rule: the functions for the reader run on its thread; what they answer is immutable.
 */
#pragma once

#include "probes/units_store.h"

#include <gio/gio.h>
#include <jansson.h>

/* The units of one tap, in the order in which a person wants to see them. */
typedef struct {
  AssayTapUnits *tap;
  GArray *order;                /* gint64 */
} AssayUnitsAnswer;

/* An AssayReadFunc; question: the name of an object of kind "units", a string. */
gpointer assay_units_answer_read (AssayCase *cas, gconstpointer name, GCancellable *cancellable, GError **error);
void     assay_units_answer_free (AssayUnitsAnswer *self);

typedef struct { char *tap; gint64 unit; } AssayUnitQuestion;

AssayUnitQuestion *assay_unit_question_new  (const char *tap, gint64 unit);
void               assay_unit_question_free (AssayUnitQuestion *question);
/* An AssayReadFunc; the answer is {"page", "histogram_edges", "quantile_probabilities", "command"}: what assay units --unit prints of the newest job
 * that looked at the tap. New reference. */
gpointer assay_unit_page_read    (AssayCase *cas, gconstpointer question, GCancellable *cancellable, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayUnitsAnswer, assay_units_answer_free)
