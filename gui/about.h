/* SPDX-License-Identifier: GPL-3.0-or-later */
/* about.h: what this program is, and how it was built. Thread rule: the main thread. */
#pragma once

#include <adwaita.h>

/* parent: NULL for none. */
void assay_about_show (GtkWindow *parent);
