/* SPDX-License-Identifier: GPL-3.0-or-later */
/* settings.h: what a person chose once for all windows: kept by GSettings where its schema is installed, else in a file.
 *
 * Thread rule: the main thread.
 */
#pragma once

#include <glib-object.h>

typedef enum { ASSAY_APPEARANCE_SYSTEM, ASSAY_APPEARANCE_LIGHT, ASSAY_APPEARANCE_DARK } AssayAppearance;

#define ASSAY_TYPE_SETTINGS (assay_settings_get_type ())
G_DECLARE_FINAL_TYPE (AssaySettings, assay_settings, ASSAY, SETTINGS, GObject)

AssaySettings *assay_settings_new            (void);

/* "changed" is emitted with the key's name as detail. */
AssayAppearance     assay_settings_get_theme      (AssaySettings *self);
void           assay_settings_set_theme      (AssaySettings *self, AssayAppearance theme);
/* Compute threads of jobs; 0: one for each processor. */
int            assay_settings_get_threads    (AssaySettings *self);
void           assay_settings_set_threads    (AssaySettings *self, int threads);
/* Whether the last case is opened again at the next start. */
gboolean       assay_settings_get_restore    (AssaySettings *self);
void           assay_settings_set_restore    (AssaySettings *self, gboolean restore);

/* The case that was open when the program was used last, "" when none was. Owns: the caller. */
char          *assay_settings_get_last       (AssaySettings *self);
void           assay_settings_set_last       (AssaySettings *self, const char *path);

void           assay_settings_get_window     (AssaySettings *self, int *width, int *height, gboolean *is_maximized);
void           assay_settings_set_window     (AssaySettings *self, int width, int height, gboolean is_maximized);

/* Paths, the one opened last first. Owns: the caller. */
char         **assay_settings_get_recent     (AssaySettings *self);
void           assay_settings_add_recent     (AssaySettings *self, const char *path);
void           assay_settings_remove_recent  (AssaySettings *self, const char *path);
