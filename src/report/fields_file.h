/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fields_file.h: what people state about a model, read from a file (doc/fields.md, data/schemas/fields-1.json).
 *
 *   {"schema": "assay.fields", "version": 1, "author": "A. Person, model risk",
 *    "fields": [{"id": "purpose.intended", "value": "..."},
 *               {"id": "product.pictures", "not_applicable": "..."},
 *               {"id": "compute.provider", "withheld": "..."},
 *               {"id": "data.acquisition", "digest": "0f3a...", "confirmed_by": "...", "confirmed_utc": "2026-03-01T12:00:00Z"}]}
 *
 * The last confirms a draft of the program: the digest says which, so a draft that has changed since is not confirmed by accident. Texts of the
 * file are data of strangers to every writer. Thread rule: one thread at a time.
 */
#pragma once

#include "report/field_set.h"

/* Fills the fields of a set that the program has filled before. After an error the set is half filled and of no use.
 * Errors: NOT_FOUND, IO; INPUT naming file and field: unknown or repeated keys and ids, an empty text, a value for what the program has computed,
 * a confirmation of a draft that is another one now. */
gboolean assay_fields_file_apply (AssayFieldSet *set, const char *path, GError **error);

/* What a confirmation names: 16 digits of the SHA-256 of the draft. NULL where there is no draft. Owns: the caller. */
char    *assay_fields_file_dup_digest (const AssayField *field);

/* A file to be filled in: every field that waits for a person, with its question; drafts with their digests. assay_fields_file_apply takes it
 * as it is: what is null is not answered. New reference. */
json_t  *assay_fields_file_make_form (const AssayFieldSet *set);
