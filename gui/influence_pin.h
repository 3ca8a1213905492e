/* SPDX-License-Identifier: GPL-3.0-or-later */
/* influence_pin.h: pins the claim that the report makes of an answer about influence. Thread rule: the main thread. */
#pragma once

#include "gui/influence_question.h"
#include "gui/page.h"

/* Looks for the claim in the report that the case gives now, and pins it by win.pin; a toast says so, with a way back, or why not. */
void assay_influence_pin (AssayPage *page, AssayInfluenceQuestion *question);
