/* SPDX-License-Identifier: GPL-3.0-or-later */
/* beside.h: files that belong to the program: beside it as it was built, beside it as it was installed, or where it was configured to go.
 * Thread rule: any thread.
 */
#pragma once

#include <glib.h>

/* The module folder/name of the build tree, or name where modules are installed: the first that is there, else where it was configured to go.
 * Owns: the caller. */
char *assay_beside_find_module (const char *folder, const char *name);
