/* SPDX-License-Identifier: GPL-3.0-or-later */
/* preferences.h: the window of preferences. What is chosen is in force at once. Thread rule: the main thread. */
#pragma once

#include "gui/settings.h"

#include <adwaita.h>

/* parent: NULL for none. */
void assay_preferences_show (GtkWindow *parent, AssaySettings *settings);
