/* SPDX-License-Identifier: GPL-3.0-or-later */
/* case_choices.h: what a case has that a parameter may name: models, data, splits, columns, taps, what is selected.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include "base/param.h"
#include "gui/case_contents.h"
#include "gui/place.h"
#include "job/kind.h"

typedef struct { char *value, *words; } AssayChoice;    /* words: a few that say what it is, or NULL */

/* What can be offered for a parameter of a kind of job: values that bring in parts of the form, then what param->names says of the case, the newest
 * first. contents, place: may be NULL. AssayChoice that the array releases, empty where nothing can be offered. Owns: the caller. */
GPtrArray *assay_case_choices_list (const AssayJobKind *kind, const AssayParam *param, const AssayCaseContents *contents, const AssayPlace *place);
