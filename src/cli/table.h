/* SPDX-License-Identifier: GPL-3.0-or-later */
/* table.h: a view as plain text: fields and tables line up, data cannot steer the terminal.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include "job/view.h"

/* Owns: the caller. */
char *assay_table_render_view (const AssayView *view);
