/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sample.h: a small document with every kind of block, for the tests of formats.
 *
 * Ownership: the caller's. Thread rule: pure.
 */
#pragma once

#include "report/document.h"

/* name: a text that stands in the title, a cell, a token of the figure, code, a claim and a warning. */
AssayDocument *sample_document_new (const char *name);
