/* SPDX-License-Identifier: GPL-3.0-or-later */
/* output.h: standard output carries results only, each in one piece; standard error carries everything else.
 *
 * Thread rule: the main thread.
 */
#pragma once

#include <glib.h>
#include <jansson.h>

/* Makes sure that descriptors 0, 1 and 2 are open, so that no file of ours ever takes their place, and that a reader who went
 * away is an error of write, not a signal. */
void     assay_output_prepare (void);

/* One JSON document and a line feed: sorted keys, 17 digits, no raw control character. */
gboolean assay_output_json    (const json_t *document, GError **error);
/* The same in one line. */
gboolean assay_output_json_line (const json_t *document, GError **error);
/* Text whose data have been escaped. Both succeed quietly when nobody reads any more or standard output is closed.
 * Errors: NO_SPACE, IO. */
gboolean assay_output_text    (const char *text, GError **error);

/* "assay: " or "assay COMMAND: ", then the message with control characters visible, on standard error. */
void     assay_output_message (const char *command, const char *format, ...) G_GNUC_PRINTF (2, 3);
