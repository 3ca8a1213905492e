/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pins.h: the claims that a person chose for the summary of a case's report, in their order.
 *
 * A list is JSON, [{"claim", "note", "display", "author", "utc"}]; each state of it is an object of the case, and the newest counts.
 * Ownership: lists and objects belong to the caller. Thread rule: one thread at a time.
 */
#pragma once

#include "report/document.h"
#include "store/case.h"

/* The object of the case that holds them; its metadata is {"pins": the list}. */
#define ASSAY_PIN_KIND "pins"
#define ASSAY_PIN_NAME "report"

/* New reference; empty where nothing was ever pinned. */
json_t      *assay_pins_load   (AssayCase *cas);
/* Errors: those of the store. */
AssayObject *assay_pins_store  (AssayCase *cas, json_t *pins, GError **error);

/* The place of the claim among the pins, from 0, or -1. */
gssize       assay_pins_find   (const json_t *pins, const char *claim);
/* Pins a claim of the document, with the value that it has now, at a place from 1; 0: where it is already, or the end. note, author: NULL
 * for those that it has already, if any.
 * Errors: NOT_FOUND with the nearest id. */
gboolean     assay_pins_put    (json_t *pins, const AssayDocument *document, const char *claim, gint64 place, const char *note, const char *author,
                                GError **error);
/* Errors: NOT_FOUND. */
gboolean     assay_pins_remove (json_t *pins, const char *claim, GError **error);
