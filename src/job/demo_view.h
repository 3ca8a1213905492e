/* SPDX-License-Identifier: GPL-3.0-or-later */
/* demo_view.h: the demonstration told in plain words, chosen by its numbers.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include "job/view.h"

#include <jansson.h>

void assay_demo_view (const json_t *document, AssayView *view);
