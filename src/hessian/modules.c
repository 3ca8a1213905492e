/* SPDX-License-Identifier: GPL-3.0-or-later */
/* modules.c: the registry of kinds, and the search for modules. */
#include "hessian/modules.h"

#include "base/error.h"

#include <string.h>

#define ASSAY_REGISTER(name) extern const AssayModuleKind assay_module_kind_##name;
#include "hessian/modules.def"
#undef ASSAY_REGISTER
#define ASSAY_REGISTER(name) &assay_module_kind_##name,
static const AssayModuleKind *const kinds[] = {
#include "hessian/modules.def"
  NULL };
#undef ASSAY_REGISTER

const AssayModuleKind *const *
assay_module_kind_list (void)
{
  return kinds;
}

const AssayModuleKind *
assay_module_kind_find (const char *op)
{
  for (gsize i = 0; kinds[i] != NULL; i++)
    if (strcmp (kinds[i]->op, op) == 0)
      return kinds[i];
  return NULL;
}

AssayModulePiece
assay_module_piece (AssayGraph *graph, const AssayGraphNode *node, guint i, gint64 row, gint64 n_rows, gint64 column, gint64 n_columns)
{
  return (AssayModulePiece) { .value = node->in[i], .offset = assay_graph_get_value (graph, node->in[i])->offset, .row = row, .n_rows = n_rows,
                              .column = column, .n_columns = n_columns };
}

static guint
count_params (AssayGraph *graph, const AssayGraphNode *node)
{
  guint n = 0;

  for (guint i = 0; i < node->n_in; i++)
    n += assay_graph_get_value (graph, node->in[i])->role == ASSAY_VALUE_PARAM;
  return n;
}

static gboolean
refuse (AssayGraph *graph, const AssayGraphNode *node, const char *why, GError **error)
{
  const char *name = "";

  for (guint i = node->n_in; i-- > 0; )
    if (assay_graph_get_value (graph, node->in[i])->role == ASSAY_VALUE_PARAM)
      name = assay_graph_get_value (graph, node->in[i])->name;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED,
               "curvature factors: parameter %s: %s (operation %s): factors cover all parameters or none", name, why, node->op->name);
  return FALSE;
}

static guint
count_parts (const AssayModuleKind *kind, const AssayGraphNode *node)
{
  return kind->count_parts ? kind->count_parts (node) : 1;
}

/* "a.b" of "a.b.weight", all of it where the kind says so; "a.b.group0" of the first of several parts */
static char *
common_name (AssayGraph *graph, const AssayModuleUse *use)
{
  const char *name = assay_graph_get_value (graph, use->pieces[0].value)->name, *dot = strrchr (name, '.');
  g_autofree char *whole = dot && dot > name && !use->kind->is_of_one_name ? g_strndup (name, dot - name) : g_strdup (name);

  if (count_parts (use->kind, assay_graph_get_node (graph, use->node)) == 1)
    return g_steal_pointer (&whole);
  return g_strdup_printf ("%s.%s%u", whole, use->kind->part, use->part);
}

static gboolean
shares (const AssayModuleUse *a, const AssayModuleUse *b)
{
  for (guint i = 0; i < a->n_pieces; i++)
    for (guint k = 0; k < b->n_pieces; k++)
      {
        const AssayModulePiece *x = &a->pieces[i], *y = &b->pieces[k];

        if (x->offset < y->offset + y->n_rows * y->n_columns && y->offset < x->offset + x->n_rows * x->n_columns)
          return TRUE;
      }
  return FALSE;
}

static gboolean
same_matrix (const AssayModuleUse *a, const AssayModuleUse *b)
{
  if (a->rows != b->rows || a->columns != b->columns || a->n_pieces != b->n_pieces)
    return FALSE;
  for (guint i = 0; i < a->n_pieces; i++)
    if (a->pieces[i].value != b->pieces[i].value || a->pieces[i].offset != b->pieces[i].offset || a->pieces[i].row != b->pieces[i].row || a->pieces[i].n_rows != b->pieces[i].n_rows
        || a->pieces[i].column != b->pieces[i].column || a->pieces[i].n_columns != b->pieces[i].n_columns)
      return FALSE;
  return TRUE;
}

/* A lookup in a matrix that has a bias beside it where it is multiplied with: its D gets the column of the bias, which is 0. */
static void
widen (AssayModuleUse *lookup, const AssayModuleUse *wide)
{
  const AssayModulePiece *table = &lookup->pieces[0], *weight = &wide->pieces[0], *bias = &wide->pieces[1];

  if (!lookup->row_is_index || lookup->n_pieces != 1 || wide->n_pieces != 2 || table->value != weight->value || lookup->rows != wide->rows
      || weight->n_columns != lookup->columns || bias->column != lookup->columns || bias->n_rows != wide->rows)
    return;
  lookup->columns = wide->columns;
  lookup->pieces[lookup->n_pieces++] = *bias;
}

static gint64
count_elements (const AssayModuleUse *use)
{
  gint64 n = 0;

  for (guint i = 0; i < use->n_pieces; i++)
    n += use->pieces[i].n_rows * use->pieces[i].n_columns;
  return n;
}

static gboolean
add_use (AssayGraph *graph, const AssayGraphNode *node, const AssayModuleUse *use, GArray *modules, GError **error)
{
  AssayModule fresh = { .kind = use->kind->name, .rows = use->rows, .columns = use->columns, .n_uses = 1 };
  AssayModuleUse added = *use;

  for (guint m = 0; m < modules->len; m++)
    {
      AssayModule *module = &g_array_index (modules, AssayModule, m);

      if (!shares (&module->uses[0], use))
        continue;
      for (guint u = 0; u < module->n_uses; u++)
        widen (&module->uses[u], use);
      widen (&added, &module->uses[0]);
      if (!same_matrix (&module->uses[0], &added))
        return refuse (graph, node, "shared with another operation as a matrix of another form", error);
      module->uses = g_renew (AssayModuleUse, module->uses, module->n_uses + 1);
      module->uses[module->n_uses++] = added;
      module->columns = added.columns;
      module->n_params = count_elements (&added);
      if (module->uses[0].row_is_index != use->row_is_index)
        module->kind = "tied head";
      return TRUE;
    }
  fresh.n_params = count_elements (use);
  fresh.name = common_name (graph, use);
  fresh.uses = g_memdup2 (use, sizeof *use);
  g_array_append_val (modules, fresh);
  return TRUE;
}

static gboolean
add_node (AssayGraph *graph, guint n, GArray *modules, GError **error)
{
  const AssayGraphNode *node = assay_graph_get_node (graph, n);
  const AssayModuleKind *kind = assay_module_kind_find (node->op->name);

  if (count_params (graph, node) == 0)
    return TRUE;
  for (guint part = 0; part < (kind ? count_parts (kind, node) : 1); part++)
    {
      AssayModuleUse use = { .kind = kind, .node = n, .part = part };

      if (kind == NULL || !kind->describe (graph, node, &use) || use.n_pieces != count_params (graph, node))
        return refuse (graph, node, "no kind of module covers how it is used", error);
      if (!add_use (graph, node, &use, modules, error))
        return FALSE;
    }
  return TRUE;
}

static int
by_offset (gconstpointer a, gconstpointer b)
{
  const AssayModule *x = a, *y = b;

  return x->uses[0].pieces[0].offset < y->uses[0].pieces[0].offset ? -1 : 1;
}

/* Each element of each parameter once. */
static gboolean
check_coverage (AssayGraph *graph, const AssayModules *modules, GError **error)
{
  g_autofree gint64 *seen = g_new0 (gint64, assay_graph_get_n_values (graph));

  for (guint m = 0; m < modules->n; m++)
    for (guint i = 0; i < modules->module[m].uses[0].n_pieces; i++)
      {
        const AssayModulePiece *piece = &modules->module[m].uses[0].pieces[i];

        seen[piece->value] += piece->n_rows * piece->n_columns;
      }
  for (guint v = 0; v < assay_graph_get_n_values (graph); v++)
    {
      const AssayGraphValue *value = assay_graph_get_value (graph, v);
      gboolean is_covered = seen[v] == assay_shape_count (&value->shape);

      if (value->role == ASSAY_VALUE_PARAM && !(is_covered && value->reaches_loss))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "curvature factors: parameter %s %s: factors cover all parameters or none",
                       value->name, is_covered ? "does not reach the loss" : "is in no module");
          return FALSE;
        }
    }
  return TRUE;
}

AssayModules *
assay_modules_new (const AssayModel *model, GError **error)
{
  AssayGraph *graph = assay_model_get_layout (model);
  g_autoptr (AssayModules) modules = g_new0 (AssayModules, 1);
  GArray *found = g_array_new (FALSE, FALSE, sizeof (AssayModule));
  gboolean complete = TRUE;

  for (guint n = 0; complete && n < assay_graph_get_n_nodes (graph); n++)
    complete = add_node (graph, n, found, error);
  g_array_sort (found, by_offset);
  modules->P = modules->covered = assay_model_get_n_params (model);
  modules->n = found->len;
  modules->module = (AssayModule *) (void *) g_array_free (found, FALSE);
  return complete && check_coverage (graph, modules, error) ? g_steal_pointer (&modules) : NULL;
}

static void
module_clear (AssayModule *module)
{
  g_free (module->name);
  g_free (module->uses);
}

static gboolean
matches (const char *name, char **patterns)
{
  for (; *patterns != NULL; patterns++)
    if (g_pattern_match_simple (g_strstrip (*patterns), name))
      return TRUE;
  return FALSE;
}

gboolean
assay_modules_keep (AssayModules *modules, const char *patterns, GError **error)
{
  g_auto (GStrv) each = patterns ? g_strsplit (patterns, ",", -1) : NULL;
  guint n = 0;

  if (patterns == NULL)
    return TRUE;
  for (guint m = 0; m < modules->n; m++)
    n += matches (modules->module[m].name, each);
  if (n == 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "modules %s: no module has such a name; there are %u, from %s to %s: assay factors lists them", patterns,
                   modules->n, modules->module[0].name, modules->module[modules->n - 1].name);
      return FALSE;
    }
  n = 0;
  modules->covered = 0;
  for (guint m = 0; m < modules->n; m++)
    if (matches (modules->module[m].name, each))
      {
        modules->covered += modules->module[m].n_params;
        modules->module[n++] = modules->module[m];
      }
    else
      module_clear (&modules->module[m]);
  modules->n = n;
  return TRUE;
}

void
assay_modules_free (AssayModules *modules)
{
  if (modules == NULL)
    return;
  for (guint m = 0; m < modules->n; m++)
    module_clear (&modules->module[m]);
  g_free (modules->module);
  g_free (modules);
}

const AssayModule *
assay_modules_find (const AssayModules *modules, const char *name)
{
  for (guint m = 0; m < modules->n; m++)
    if (strcmp (modules->module[m].name, name) == 0)
      return &modules->module[m];
  return NULL;
}

void
assay_module_read (const AssayModule *module, const double *vector, double *D)
{
  for (guint i = 0; i < module->uses[0].n_pieces; i++)
    {
      const AssayModulePiece *p = &module->uses[0].pieces[i];

      for (gint64 r = 0; r < p->n_rows; r++)
        memcpy (D + (p->row + r) * module->columns + p->column, vector + p->offset + r * p->n_columns, p->n_columns * sizeof *D);
    }
}

void
assay_module_write (const AssayModule *module, const double *D, double *vector)
{
  for (guint i = 0; i < module->uses[0].n_pieces; i++)
    {
      const AssayModulePiece *p = &module->uses[0].pieces[i];

      for (gint64 r = 0; r < p->n_rows; r++)
        memcpy (vector + p->offset + r * p->n_columns, D + (p->row + r) * module->columns + p->column, p->n_columns * sizeof *D);
    }
}
