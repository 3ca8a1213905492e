/* SPDX-License-Identifier: GPL-3.0-or-later */
/* packs.h: a folder of packs for a test: one regime "toy" of four items over six fields.
 *
 *   a (A): model.size, model.speed    b (S): data.origin    c (H): purpose.use    d (H): purpose.picture, to regulators alone
 */
#pragma once

#include "report/regime.h"

typedef struct { char *folder, *fields, *pack, *file; } Packs;    /* file: a path for a fields file */

void            packs_set_up    (Packs *packs, gconstpointer unused);
void            packs_tear_down (Packs *packs, gconstpointer unused);
void            packs_write     (const char *path, const char *text);
/* Replaces the first `old` in a file; it must be there. */
void            packs_replace   (const char *path, const char *old, const char *with);
AssayFieldSet  *packs_fields    (const Packs *packs);
/* Reading the folder must fail with a message that has all of the parts, separated by '|'. */
void            packs_refuses   (const Packs *packs, const char *parts);
void            packs_assert_error (const GError *error, const char *parts);
