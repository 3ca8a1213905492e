/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fixture.h: what the tests of the dataset floor share: scratch files, imports with options, refusals, real data.
 *
 * Ownership: strings and tables are the caller's. Thread rule: test programs have one thread.
 */
#pragma once

#include "dataset/import.h"

/* Writes a scratch file (n < 0: a string) and returns its path. Scratch files go away when the program ends. */
char       *fixture_write   (const char *name, const void *bytes, gssize n);

/* The same, gzip. *size (may be NULL) gets the number of compressed bytes. */
char       *fixture_gzip    (const char *name, const void *bytes, gsize n, gsize *size);

/* Imports one file; options are name, value, ..., NULL. */
AssayTable *fixture_try     (GError **error, const char *path, ...) G_GNUC_NULL_TERMINATED;
/* The same, and it must succeed. */
AssayTable *fixture_import  (const char *path, ...) G_GNUC_NULL_TERMINATED;
/* A table from CSV text. */
AssayTable *fixture_csv     (const char *text);

/* One line, of this code, with each of the NULL-terminated fragments. Clears the error. */
void        fixture_refused (GError **error, int code, ...) G_GNUC_NULL_TERMINATED;

/* Path of a file of real data, or NULL after marking the test as skipped with the file's name. */
char       *fixture_data    (const char *name);

/* The number, text, index of a named column at a row. */
double      fixture_number  (const AssayTable *table, const char *column, gint64 row);
const char *fixture_text    (const AssayTable *table, const char *column, gint64 row);
