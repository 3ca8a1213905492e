/* SPDX-License-Identifier: GPL-3.0-or-later */
/* field_prose.h: fields in a document: numbers go into result tables and are cited, texts are texts.
 *
 * The values of the field "data.overlap" are the result table "fields/data-overlap", for each number a proof.
 * Thread rule: one document at a time.
 */
#pragma once

#include "report/document.h"
#include "report/field.h"

/* The result table of a field whose value is a count, a number or rows, made on the first call; NULL for a text and where there is no value. */
const AssayResultTable *assay_field_tabulate (const AssayField *field, AssayResults *results);

/* The value as prose, with its unit; rows in words up to a dozen; the state where there is no value. Owns: the caller. */
AssayProse *assay_field_write       (const AssayField *field, const AssayDocument *document);
/* "model/logistic, job train 0123456789abcdef": what the value rests on, or who states it. Owns: the caller. */
char       *assay_field_dup_evidence (const AssayField *field);
/* A table block of the rows of a field, with its title and method as the caption. id: of the block. */
void        assay_field_add_rows    (const AssayField *field, AssaySection *section, const char *id);
