/* SPDX-License-Identifier: GPL-3.0-or-later */
/* checkpoint_huggingface_write.c: a model in the files of the transformers library, where one of its families is the same function.
 *
 * A family says how it would describe the model; what that description reads back as must be the same graph, node for node, before anything is written.
 */
#include "model/checkpoint.h"

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "model/checkpoint_values.h"
#include "model/family.h"
#include "store/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- the same function ------------------------------------------------------------------------------------------------------ */

static gboolean
same_value (const AssayGraphValue *a, const AssayGraphValue *b)
{
  return a->role == b->role && strcmp (a->name, b->name) == 0 && assay_shape_equal (&a->shape, &b->shape) && a->offset == b->offset;
}

static gboolean
same_node (const AssayGraphNode *a, const AssayGraphNode *b)
{
  return a->op == b->op && a->n_in == b->n_in && a->n_out == b->n_out && memcmp (a->in, b->in, a->n_in * sizeof *a->in) == 0
         && memcmp (a->out, b->out, a->n_out * sizeof *a->out) == 0 && memcmp (a->attr, b->attr, sizeof a->attr) == 0;
}

/* NULL: they are. Else where they part, a new string. */
static char *
find_difference (const AssayGraph *a, const AssayGraph *b)
{
  for (guint v = 0; v < MIN (assay_graph_get_n_values (a), assay_graph_get_n_values (b)); v++)
    if (!same_value (assay_graph_get_value (a, v), assay_graph_get_value (b, v)))
      return g_strdup (assay_graph_get_value (a, v)->name);
  for (guint n = 0; n < MIN (assay_graph_get_n_nodes (a), assay_graph_get_n_nodes (b)); n++)
    if (!same_node (assay_graph_get_node (a, n), assay_graph_get_node (b, n)))
      return g_strdup (assay_graph_get_value (a, assay_graph_get_node (a, n)->out[0])->name);
  if (assay_graph_get_n_nodes (a) == assay_graph_get_n_nodes (b) && assay_graph_get_n_values (a) == assay_graph_get_n_values (b))
    return NULL;
  return g_strdup ("the number of operations");
}

/* Whether the family reads its own description as this model. *why: where not, a new string. */
static gboolean
describes (const AssayFamily *family, const json_t *config, AssayModel *model, char **why)
{
  g_autoptr (GError) fault = NULL;
  json_auto_t *ours = assay_family_configure (family, config, assay_model_get_context (model), &fault);
  g_autoptr (AssayModel) read = ours ? assay_model_new (family->architecture, ours, assay_model_get_dtype (model), &fault) : NULL;

  *why = read ? find_difference (assay_model_get_layout (model), assay_model_get_layout (read)) : g_strdup (fault->message);
  return *why == NULL;
}

/* The family that is this model, and its configuration in *config (new reference). */
static const AssayFamily *
find_family (AssayModel *model, json_t **config, GError **error)
{
  const char *architecture = assay_model_get_block (model)->name;
  g_autofree char *last = NULL;

  for (const AssayFamily *const *family = assay_family_list (); *family != NULL; family++)
    {
      g_autofree char *why = NULL;

      if (strcmp ((*family)->architecture, architecture) != 0 || (*family)->describe == NULL || (*config = (*family)->describe (assay_model_get_config (model))) == NULL)
        continue;
      if (describes (*family, *config, model, &why))
        return *family;
      g_clear_pointer (config, json_decref);
      g_free (last);
      last = g_strdup_printf ("%s differs at %s", (*family)->name, why);
    }
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "model: one that a family of the transformers library has expected, %s%s%s found; export it as .safetensors", architecture,
               last ? ", of which " : "", last ? last : "");
  return NULL;
}

/* --- weights ------------------------------------------------------------------------------------------------------------------ */

static char *
make_name (const AssayFamily *family, const char *name)
{
  gboolean is_whole = strcmp (name, family->head) == 0 || g_str_has_prefix (name, family->prefix);

  return g_strconcat (is_whole ? "" : family->prefix, name, NULL);
}

/* out (cols,rows) <- in (rows,cols). */
static void
transpose (const char *in, gint64 rows, gint64 cols, gsize width, char *out)
{
  for (gint64 i = 0; i < rows; i++)
    for (gint64 j = 0; j < cols; j++)
      memcpy (out + (j * rows + i) * width, in + (i * cols + j) * width, width);
}

/* out (heads,3,size) <- in (3,heads,size), where size is that of a head's rows. */
static void
join_by_head (const char *in, gint64 heads, gsize size, char *out)
{
  for (gint64 part = 0; part < 3; part++)
    for (gint64 h = 0; h < heads; h++)
      memcpy (out + (h * 3 + part) * size, in + (part * heads + h) * size, size);
}

/* The parameter as the family stores it. kept: what must live until the file is written. */
static gboolean
add_tensor (const AssayFamily *family, AssayModel *model, const AssayGraphValue *p, GArray *tensors, GPtrArray *kept, GPtrArray *names, GError **error)
{
  const gsize width = assay_dtype_width (assay_model_get_dtype (model));
  const char *values = (const char *) assay_model_get_theta (model) + p->offset * width;
  const AssayStoredLayout layout = assay_family_find_layout (family, p->name);
  const AssayShape stored = assay_family_stored_shape (layout, &p->shape);
  AssaySafetensor tensor = { .type = assay_checkpoint_type (assay_model_get_dtype (model)), .rank = stored.rank, .data = values,
                             .n_elements = (guint64) assay_shape_count (&p->shape) };

  memcpy (tensor.dims, stored.dim, sizeof (gint64) * stored.rank);
  tensor.bytes = tensor.n_elements * width;
  if (layout == ASSAY_STORED_INPUT_MAJOR || layout == ASSAY_STORED_BY_HEAD)
    {
      const gint64 heads = layout == ASSAY_STORED_BY_HEAD ? assay_values_get_int (assay_model_get_config (model), "heads") : 1;
      char *changed = assay_mem_alloc (tensor.bytes, error);

      if (changed == NULL)
        return FALSE;
      g_ptr_array_add (kept, changed);
      tensor.data = changed;
      if (layout == ASSAY_STORED_BY_HEAD)
        join_by_head (values, heads, tensor.bytes / (3 * (gsize) heads), changed);
      else
        transpose (values, p->shape.dim[0], p->shape.dim[1], width, changed);
    }
  tensor.name = make_name (family, p->name);
  g_ptr_array_add (names, (gpointer) tensor.name);
  g_array_append_val (tensors, tensor);
  return TRUE;
}

static gboolean
write_weights (const AssayFamily *family, AssayModel *model, const char *path, GError **error)
{
  static const char *const metadata[] = { "format", "pt", NULL }; /* readers of the format ask for this word */
  AssayGraph *layout = assay_model_get_layout (model);
  g_autoptr (GArray) tensors = g_array_new (FALSE, TRUE, sizeof (AssaySafetensor));
  g_autoptr (GPtrArray) kept = g_ptr_array_new_with_free_func (assay_mem_free), names = g_ptr_array_new_with_free_func (g_free);

  for (guint v = 0; v < assay_graph_get_n_values (layout); v++)
    {
      const AssayGraphValue *p = assay_graph_get_value (layout, v);

      if (p->role == ASSAY_VALUE_PARAM && !add_tensor (family, model, p, tensors, kept, names, error))
        return FALSE;
    }
  return assay_safetensors_write (path, (AssaySafetensor *) (void *) tensors->data, tensors->len, metadata, error);
}

gboolean
assay_checkpoint_export_directory (AssayModel *model, const char *directory, const json_t *more, const char **family_name, GError **error)
{
  json_auto_t *config = NULL;
  const AssayFamily *family = find_family (model, &config, error);
  g_autofree char *path = g_build_filename (directory, "config.json", NULL), *weights = g_build_filename (directory, "model.safetensors", NULL);
  gboolean ok;
  char *text;

  if (family == NULL)
    return FALSE;
  if (g_mkdir_with_parents (directory, 0777) != 0)
    {
      assay_error_set_errno (error, errno, "%s: cannot make the directory", directory);
      return FALSE;
    }
  json_object_set_new (config, "torch_dtype", json_string (assay_model_get_dtype (model) == ASSAY_F64 ? "float64" : "float32"));
  json_object_update (config, (json_t *) more);
  text = json_dumps (config, JSON_INDENT (2) | JSON_SORT_KEYS);
  ok = write_weights (family, model, weights, error) && assay_file_write (path, text, strlen (text), error);
  free (text);
  *family_name = family->name;
  return ok;
}
