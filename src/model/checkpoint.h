/* SPDX-License-Identifier: GPL-3.0-or-later */
/* checkpoint.h: weights in and out, one checkpoint_*.c per format.
 *
 *   a directory     DIR/config.json        {"architecture": ..., "config": {...}, "dtype": "f32"}
 *                   DIR/model.safetensors  one tensor per parameter, named and shaped as in the model
 *                   or both as the transformers library writes them, for the families in family_*.c
 *   a file          GGUF, its weights quantised or not, or weights of llama2.c or rwkv.cpp
 *   a case          an object whose arrays are /parameters/NAME and whose meta holds the same document under "model"
 *
 * Reading is strict: every parameter must be there, nothing else may be, shapes must agree, values must be finite. F32, F64, F16
 * and BF16 are converted to the model's type.
 * Ownership: models are the caller's. Thread rule: one writer of a model at a time.
 */
#pragma once

#include "model/model.h"
#include "tensor/packed.h"
#include "store/case.h"
#include "store/safetensors.h"

typedef struct {
  gboolean has_dtype;           /* in place of the one that the directory says */
  AssayDtype dtype;
  gint64 context;               /* positions of an example, for checkpoints of the transformers library, of GGUF, of llama2.c and of rwkv.cpp; 0: as many as the model has */
  gboolean is_packed;           /* weights of linear layers in lower precision, in the place of theirs in theta (assay_model_get_packed); f32 alone */
  AssayPackedType packed;
  AssayWorkers *workers;        /* that share the reading; NULL: the caller does it alone */
} AssayCheckpointOptions;

/* Looks at all of a model's numbers, theta (P) or a vector that is to be it, and packs them as options say. Errors: NAN, naming source, parameter and element; USAGE for packed
 * weights of a model that is not of f32; memory. */
gboolean     assay_checkpoint_settle           (AssayModel *model, void *theta, const AssayCheckpointOptions *options, const char *source, GError **error);

/* Writes both files; the directory is made where it is absent, files of those names are replaced. */
gboolean     assay_checkpoint_save_directory   (AssayModel *model, const char *directory, GError **error);
/* Writes config.json and model.safetensors as the transformers library does, for the family that is the same function: one whose reading of that configuration gives the same graph.
 * more: members for config.json, or NULL. *family: its name. The loss of an example, a sum or a mean, is no part of such files.
 * Errors: UNSUPPORTED with where the nearest family differs. */
gboolean     assay_checkpoint_export_directory (AssayModel *model, const char *directory, const json_t *more, const char **family, GError **error);
/* options: NULL or how to open it; our own files take no other context. Errors: NOT_FOUND, INPUT (malformed file; parameter missing, unknown, of another shape or type), UNSUPPORTED, NAN. */
AssayModel  *assay_checkpoint_load_directory   (const char *directory, const AssayCheckpointOptions *options, GError **error);
/* The same of whatever path holds: a directory, or a file of a format whose weights are in one (GGUF, llama2.c, rwkv.cpp). Errors: also UNSUPPORTED for a file that is
 * none of them, with the reason where it is a pickle. */
AssayModel  *assay_checkpoint_load_path        (const char *path, const AssayCheckpointOptions *options, GError **error);
/* Paths of the files that such a path is read from: what the model's content hangs on. NULL-terminated, the caller's (g_strfreev). Errors: those of an index of
 * several files of weights. */
char       **assay_checkpoint_list_files       (const char *path, GError **error);
/* Numbers beside the weights of a directory of the transformers library, a gradient for one: a vector (P) of the model out of the tensors
 * of that file whose names are `before` and the name of a weight, laid out as the weight is. Errors: as for weights. */
gboolean     assay_checkpoint_read_vector      (const AssayModel *model, const char *directory, const AssaySafetensors *file, const char *path,
                                                const char *before, double *vector, GError **error);

gboolean     assay_checkpoint_write_safetensors (AssayModel *model, const char *path, GError **error);
/* Reads parameters by name into the model. prefix: NULL, or what stands before each name ("ckpt0."); tensors whose names do not begin
 * with it are then left alone. After an error the model is unchanged. */
gboolean     assay_checkpoint_read_safetensors (AssayModel *model, const char *path, const char *prefix, GError **error);

/* Commits theta as an object. meta: NULL or an object to which "model" is added; borrowed, not changed. Owns: the caller. */
AssayObject *assay_checkpoint_commit (AssayModel *model, AssayCase *store, const char *kind, const char *name, json_t *meta,
                                      GError **error);
/* The model of an object that assay_checkpoint_commit made. */
AssayModel  *assay_checkpoint_load_object (AssayCase *store, AssayObject *object, GError **error);
