/* SPDX-License-Identifier: GPL-3.0-or-later */
/* case_memory.h: where somebody was in a case when its window was closed, or the program ended without being asked.
 *
 * One small file for each case in the user's state directory, written after every change. It holds no data of the case.
 * Thread rule: the main thread.
 */
#pragma once

#include "gui/place.h"

/* key: the case's uuid, or its path. NULL: never seen, or the file cannot be read. Owns: the caller. */
AssayPlace *assay_case_memory_load (const char *key);
/* A file that cannot be written is passed over: the window works without it. */
void        assay_case_memory_save (const char *key, const AssayPlace *place);

/* Folders below the user's state directory. Owns: the caller. */
char       *assay_state_folder     (const char *name);
