/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_chooser.h: which kind of job: a button with the chosen one's summary, and a list by group that is searched by typing.
 *
 * "chosen" is emitted with the name when a person chose another kind. Thread rule: the main thread.
 */
#pragma once

#include "job/kind.h"

#include <adwaita.h>

#define ASSAY_TYPE_KIND_CHOOSER (assay_kind_chooser_get_type ())
G_DECLARE_FINAL_TYPE (AssayKindChooser, assay_kind_chooser, ASSAY, KIND_CHOOSER, AdwBin)

/* Nothing is emitted. */
void assay_kind_chooser_set (AssayKindChooser *self, const AssayJobKind *kind);
