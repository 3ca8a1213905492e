/* SPDX-License-Identifier: GPL-3.0-or-later */
/* modules.h: the modules of a model: matrices of parameters whose gradient is a sum of outer products, found in the graph.
 *
 * Every parameter is in exactly one module, or the search fails and names it: what is built on modules covers the whole model.
 * A parameter that several operations read (a head tied to the embedding) is one module with several uses; their D add up before anything
 * is squared.
 * Ownership: modules own their texts. Thread rule: immutable.
 */
#pragma once

#include "hessian/module_kind.h"
#include "model/model.h"

typedef struct {
  char *name;                   /* the parameters' common name, "h.0.attn.c_attn", or that of the first */
  const char *kind;             /* of its use; "tied head" for a matrix that is both looked up and multiplied with */
  gint64 rows, columns;         /* of D */
  gint64 n_params;
  guint n_uses;
  AssayModuleUse *uses;
} AssayModule;

typedef struct {
  gint64 P;                     /* of the model */
  gint64 covered;               /* parameters of the modules below: P, but after assay_modules_keep */
  guint n;
  AssayModule *module;          /* (n), in the order of theta */
} AssayModules;

/* Errors: UNSUPPORTED, naming a parameter that no kind of module covers. */
AssayModules *assay_modules_new  (const AssayModel *model, GError **error);
/* Keeps the modules whose name matches one of several patterns ("h.*.attn.*,h.*.mlp.*": * and ? as in names of files); the coverage is then less than
 * all. NULL keeps all. Errors: INPUT when none matches, naming some that there are. */
gboolean      assay_modules_keep (AssayModules *modules, const char *patterns, GError **error);
void          assay_modules_free (AssayModules *modules);
/* NULL where there is none of that name. */
const AssayModule *assay_modules_find (const AssayModules *modules, const char *name);

/* D (rows, columns) of a flat vector (P), and back: scatter writes the module's part of the vector. */
void          assay_module_read  (const AssayModule *module, const double *vector, double *D);
void          assay_module_write (const AssayModule *module, const double *D, double *vector);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayModules, assay_modules_free)
