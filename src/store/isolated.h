/* SPDX-License-Identifier: GPL-3.0-or-later */
/* isolated.h: reading an HDF5 file that somebody else made, where a crash of the library is an answer and not the end of the program.
 *
 * A child process reads the bytes and tells the content tree through a pipe. It can open no file, write none, gain no privileges, and has its
 * share of time and memory. What it says is taken as data.
 * Thread rule: any thread; the child is made on the store's thread, where the library's state is whole, and the caller sleeps meanwhile.
 */
#pragma once

#include "store/content_tree.h"

/* Of a file without redactable arrays. label appears in messages. Errors: DAMAGED when it cannot be read as a file of Assay's layout, also when
 * the attempt crashed or ran out of its limits; NO_MEMORY, IO when no child can be made. Owns: the caller. */
AssayContentNode *assay_content_tree_read_isolated (GBytes *bytes, const char *label, GError **error);
