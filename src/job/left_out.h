/* SPDX-License-Identifier: GPL-3.0-or-later */
/* left_out.h: which training examples a person names to be left out: by reference, or in a file of them.
 *
 * Thread rule: one thread at a time.
 */
#pragma once

#include "job/subject.h"

/* Places among the training examples, each once however often it is named. An entry of the list is a reference (see assay_subject_find_examples), or a file: .npy
 * with numbers of training examples counted from 0 in their split, or a text with a reference or such a number on every line, where "#" begins a remark. Files
 * become inputs of the job. Errors: USAGE and NOT_FOUND, with the file; INPUT for a file of something else. Elements are gint64. */
GArray *assay_left_out_find (const AssaySubject *subject, const char *const *entries, AssayJob *job, GError **error);
