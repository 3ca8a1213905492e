/* SPDX-License-Identifier: GPL-3.0-or-later */
/* influence_facts.h: method, damping, unit, solve and validity of an answer about influence, each with its check, and its sign in words.
 *
 * Thread rule: the main thread.
 */
#pragma once

#include "gui/facts.h"
#include "gui/influence_answer.h"

void  assay_influence_show_facts    (const AssayInfluenceAnswer *answer, AssayFacts *facts);
/* What a positive number means, and what the interval beside it bounds. Owns: the caller. */
char *assay_influence_describe_sign (const AssayInfluenceQuestion *question);
