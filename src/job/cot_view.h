/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cot_view.h: the judgement of chains, told to a person.
 *
 * Thread rule: pure function of the document.
 */
#pragma once

#include "job/view.h"

#include <jansson.h>

void assay_cot_view (const json_t *document, AssayView *view);
