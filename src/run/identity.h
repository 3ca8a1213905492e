/* SPDX-License-Identifier: GPL-3.0-or-later */
/* identity.h: what a result depends on, as a document whose digest names it: equal digests, equal bits. Internal to this floor.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include "run/trainer.h"

#include <jansson.h>

/* SHA-256 of bytes as a JSON string; new reference. */
json_t *assay_identity_digest      (gconstpointer bytes, gsize n);
/* Adds what of the machine the bits depend on: the instruction set. */
void    assay_identity_add_machine (json_t *identity);
/* Adds "digest" over the document as it is, with meta (NULL: none) beside it. */
void    assay_identity_seal        (json_t *identity, json_t *meta);

/* Options, architecture, first parameters theta, examples, weights, machine; not yet sealed. */
json_t *assay_identity_of_training (const AssayTraining *training, gconstpointer theta);
