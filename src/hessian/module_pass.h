/* SPDX-License-Identifier: GPL-3.0-or-later */
/* module_pass.h: walks the examples of a point forwards and backwards, and shows for every module what its gradients are made of.
 *
 * No gradient of a parameter is formed: a walk ends with the adjoints of values (twice a forward walk, not three times).
 * Positions after the last one with a weight can reach no loss where none is seen by one before it: they are masked, and contribute exactly 0
 * to everything.
 * The micro-batch is chosen from the model alone, for the processor or for a device, so that sums do not depend on how somebody asked.
 * Ownership: parts belong to the pass until the function returns. Thread rule: one run at a time.
 */
#pragma once

#include "base/progress.h"
#include "hessian/module_there.h"
#include "hessian/modules.h"
#include "hessian/point.h"

typedef struct _AssayModulePass AssayModulePass;

typedef struct {
  gint64 first, B;              /* examples of the point */
  const AssayModule *module;
  guint index;                  /* of the module */
  const AssayModuleParts *parts;        /* (module->n_uses) */
  const gint64 *counted;        /* (module->n_uses): positions of the batch that are not masked */
  AssayDtype dtype;
  AssayModuleThere there;       /* of parts that are on a device; device NULL: they are here */
} AssayModuleBatch;

typedef gboolean (*AssayModuleFunc) (const AssayModuleBatch *batch, gpointer data, GError **error);

/* The point's batch and memory are not used, its compute is. draws: with labels drawn from the model (of the point's examples), by seed.
 * Errors: those of the walks; memory; UNSUPPORTED for a compute that is not of f32 on a device. */
AssayModulePass *assay_module_pass_new  (const AssayPoint *point, const AssayModules *modules, gboolean draws, guint64 seed, GError **error);
/* For results of one example each, which depend on no other: on a device micro-batches are as large as the point's batch, the point's compute is that of walks,
 * and modules of any number of uses are left there whose kinds find their parts (find_there). marks (modules->n): those. On the processor: as above. */
AssayModulePass *assay_module_pass_new_each (const AssayPoint *point, const AssayModules *modules, gboolean *marks, GError **error);
void             assay_module_pass_free (AssayModulePass *pass);
gint64           assay_module_pass_get_batch (const AssayModulePass *pass);
/* The same without making one: what the pass will choose, and what its walks take. backend: where; NULL: on the processor. */
gint64           assay_module_pass_measure (const AssayModel *model, const AssayModules *modules, const AssayBackend *backend, AssayDtype dtype,
                                            gint64 n_examples, guint64 *bytes, GError **error);

/* From here on parts of the modules (modules->n) that are marked, and have one use, are left on the point's device where their kind is gathered there: parts
 * have it as `there`. Marks of modules that are not are taken away. On the processor all are. The walks are made at once, so that what follows finds what they
 * leave of the device's memory. Errors: NO_MEMORY. */
gboolean         assay_module_pass_leave_there (AssayModulePass *pass, gboolean *marks, GError **error);

/* Calls func for each module of each micro-batch, in order. what: for progress. Errors: NAN with the example; stopped on request. */
gboolean         assay_module_pass_run  (AssayModulePass *pass, AssayModuleFunc func, gpointer data, const char *what, AssayProgress *progress,
                                         GError **error);

/* The same for the examples first .. end - 1; first at a multiple of the pass' batch. */
gboolean         assay_module_pass_run_range (AssayModulePass *pass, gint64 first, gint64 end, AssayModuleFunc func, gpointer data, const char *what,
                                              AssayProgress *progress, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayModulePass, assay_module_pass_free)
