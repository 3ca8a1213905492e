/* SPDX-License-Identifier: GPL-3.0-or-later */
/* window.h: one window on one case: a sidebar of perspectives, the page in front, and what all pages share.
 *
 * Its actions, for menus, keys, the palette, pages and tests alike (parameters in brackets):
 *   win.go (s page)                    win.follow (sss: page, kind of selection, reference)     win.select (ss: kind, reference)
 *   win.back, win.forward              win.clear-selection
 *   win.open, win.open-path (s)        win.reopen, win.close-case, win.refresh, win.show-sidebar
 *   win.open-model (s path)            a model's folder or file, or a case: what a drop does;   win.choose-model: asks for a folder
 *   win.palette                        win.copy-command, win.copy-view, win.copy-text (s), win.go-to-view (s text of a place)
 *   win.pin, win.unpin (s claim)       in the summary of the report
 *   win.run (s command line)           starts it as a job; win.run-quietly: without a toast
 *   win.propose (s command line)       shows its form and cost on the page Jobs, to be started there
 *   win.export-table                   asks for a file
 *   win.provenance (s kind/name)       where an object of the case comes from, in a window beside this one
 *   win.show-origin                    the same of what the page in front shows
 *   win.tell (s)                       a toast;   win.tell-undo (sss: text, button, detailed action)
 * Thread rule: the main thread.
 */
#pragma once

#include "gui/application.h"
#include "gui/page.h"

#define ASSAY_TYPE_WINDOW (assay_window_get_type ())
G_DECLARE_FINAL_TYPE (AssayWindow, assay_window, ASSAY, WINDOW, AdwApplicationWindow)

AssayWindow   *assay_window_new           (AssayApplication *application);
/* path as somebody gave it: a case, its marker file or one of its shards. */
void           assay_window_open          (AssayWindow *self, const char *path);
/* Back to the start. */
void           assay_window_close_case    (AssayWindow *self);

/* NULL: the window shows no case. */
AssayOpenCase *assay_window_get_case      (AssayWindow *self);
AssaySession  *assay_window_get_session   (AssayWindow *self);
AssayApplication *assay_window_get_application (AssayWindow *self);
/* The page in front, or NULL. */
AssayPage     *assay_window_get_page      (AssayWindow *self);
AssayPage     *assay_window_find_page     (AssayWindow *self, const char *name);
void           assay_window_show_sidebar  (AssayWindow *self);
/* action NULL: without a button. action as in "app.quit" or "win.open-path::/tmp/x". */
void           assay_window_tell          (AssayWindow *self, const char *text, const char *button, const char *action);

/* In window_actions.c: called once. */
void           assay_window_add_actions   (AssayWindow *self);
/* Which actions make sense now. */
void           assay_window_update_actions (AssayWindow *self);
