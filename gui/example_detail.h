/* SPDX-License-Identifier: GPL-3.0-or-later */
/* example_detail.h: one example in full: its name, where it came from, its text, tokens or picture, and all its values.
 *
 * Thread rule: the main thread.
 */
#pragma once

#include "job/example_index.h"

#include <adwaita.h>

#define ASSAY_TYPE_EXAMPLE_DETAIL (assay_example_detail_get_type ())
G_DECLARE_FINAL_TYPE (AssayExampleDetail, assay_example_detail, ASSAY, EXAMPLE_DETAIL, AdwBin)

/* row -1, or index NULL: none. */
void assay_example_detail_show (AssayExampleDetail *self, AssayExampleIndex *index, gint64 row);
