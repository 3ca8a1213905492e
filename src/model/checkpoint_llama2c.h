/* SPDX-License-Identifier: GPL-3.0-or-later */
/* checkpoint_llama2c.h: weights as the programs of llama2.c keep them: seven int32 and then float32, all little-endian.
 *
 *   width, MLP width, layers, heads, key heads, vocabulary (negative: the head is no embedding), context
 *   embedding; of all layers one after another: norm, q, k, v, o, norm, gate, down, up; last norm; two tables of angles, not read; the head
 *
 * A Llama with pairs of neighbours turned, theta 10000 and eps 1e-5. Internal to this floor.
 * Thread rule: as checkpoint.h.
 */
#pragma once

#include "model/checkpoint.h"

/* TRUE when the seven numbers at its beginning are sizes that can belong to a file of its length; whether they do, the loading says. */
gboolean    assay_llama2c_recognise (const char *path);
/* options: NULL or how to open it. Errors: INPUT, USAGE for more context than it has, NAN. */
AssayModel *assay_llama2c_load      (const char *path, const AssayCheckpointOptions *options, GError **error);
