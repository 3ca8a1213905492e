/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session.h: the one selection that all pages of a window share, and the way back through the places one has been.
 *
 * Selecting something changes the place where one is; going to a page, alone or with something selected on the way, is a step that
 * can be taken back. Pages listen to "changed" and follow.
 * Thread rule: the main thread.
 */
#pragma once

#include "gui/place.h"

#include <glib-object.h>

#define ASSAY_TYPE_SESSION (assay_session_get_type ())
G_DECLARE_FINAL_TYPE (AssaySession, assay_session, ASSAY, SESSION, GObject)

AssaySession *assay_session_new         (const char *page);

const char   *assay_session_get_page    (AssaySession *self);
/* NULL: nothing of that kind is selected. */
const char   *assay_session_get         (AssaySession *self, AssaySelected what);

/* reference NULL: nothing of that kind any more. A new example has no token selected. */
void          assay_session_select      (AssaySession *self, AssaySelected what, const char *reference);
/* Nothing of any kind. */
void          assay_session_clear       (AssaySession *self);
void          assay_session_go_to       (AssaySession *self, const char *page);
/* A link: to the page, with that selected. */
void          assay_session_follow      (AssaySession *self, const char *page, AssaySelected what, const char *reference);

gboolean      assay_session_can_go_back (AssaySession *self);
gboolean      assay_session_can_go_forward (AssaySession *self);
void          assay_session_go_back     (AssaySession *self);
void          assay_session_go_forward  (AssaySession *self);

/* Owns: the session. */
const AssayPlace *assay_session_get_place (AssaySession *self);
/* A step to that place. */
void          assay_session_set_place   (AssaySession *self, const AssayPlace *place);
/* Forgets every other place: the session begins here. */
void          assay_session_restart     (AssaySession *self, const AssayPlace *place);
