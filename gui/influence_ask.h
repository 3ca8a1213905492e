/* SPDX-License-Identifier: GPL-3.0-or-later */
/* influence_ask.h: a question about influence that has no answer yet: what is asked, by which method and damping, what it would take, and a
 * button that starts it.
 *
 * "answered" is emitted with the name of the scores when the case has them; "closed" when the person does not want to ask after all.
 * Thread rule: the main thread.
 */
#pragma once

#include "gui/job_list.h"

#include <adwaita.h>

#define ASSAY_TYPE_INFLUENCE_ASK (assay_influence_ask_get_type ())
G_DECLARE_FINAL_TYPE (AssayInfluenceAsk, assay_influence_ask, ASSAY, INFLUENCE_ASK, AdwBin)

void        assay_influence_ask_set_jobs (AssayInfluenceAsk *self, AssayJobList *jobs);
/* path of the case; query: "train:17". What the person wrote over a query stays until another one is set. */
void        assay_influence_ask_set      (AssayInfluenceAsk *self, const char *path, const char *query);
