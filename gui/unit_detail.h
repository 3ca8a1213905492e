/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unit_detail.h: one unit in full: when it is active, what it reads and writes, what the model loses without it, and examples with the tokens around.
 *
 * Thread rule: the main thread.
 */
#pragma once

#include <adwaita.h>
#include <jansson.h>

#define ASSAY_TYPE_UNIT_DETAIL (assay_unit_detail_get_type ())
G_DECLARE_FINAL_TYPE (AssayUnitDetail, assay_unit_detail, ASSAY, UNIT_DETAIL, GtkBox)

/* answer: of assay_unit_page_read, borrowed; NULL: nothing. An example's button asks for "win.follow" to the page Examples. */
void assay_unit_detail_show (AssayUnitDetail *self, const json_t *answer);
