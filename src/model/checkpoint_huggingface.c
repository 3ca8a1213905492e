/* SPDX-License-Identifier: GPL-3.0-or-later */
/* checkpoint_huggingface.c: the tensors of a family's files, found by their names there, in our layout. */
#include "model/checkpoint_huggingface.h"

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "model/checkpoint_arrival.h"
#include "model/checkpoint_values.h"
#include "model/family.h"
#include "store/file.h"

#include <string.h>

#define CONFIG "config.json"
#define WEIGHTS "model.safetensors"
#define INDEX "model.safetensors.index.json"
#define DOCUMENT_BYTES (64u << 20)

gboolean
assay_huggingface_recognise (const json_t *config)
{
  return json_is_string (json_object_get (config, "model_type"));
}

/* --- files ----------------------------------------------------------------------------------------------------------------- */

typedef struct { char *path; AssaySafetensors *file; } Shard;

static void
shard_free (gpointer data)
{
  Shard *shard = data;

  g_free (shard->path);
  assay_safetensors_free (shard->file);
  g_free (shard);
}

static gboolean
open_shard (GPtrArray *shards, const char *directory, const char *name, GError **error)
{
  Shard *shard = g_new0 (Shard, 1);

  shard->path = g_build_filename (directory, name, NULL);
  g_ptr_array_add (shards, shard);
  shard->file = assay_safetensors_open (shard->path, error);
  return shard->file != NULL;
}

/* A name of the index is that of a file beside it, and of nothing else. */
static gboolean
is_beside (const char *name)
{
  return name != NULL && name[0] != '\0' && strchr (name, '/') == NULL && strchr (name, '\\') == NULL && strcmp (name, ".") != 0 && strcmp (name, "..") != 0;
}

/* The files of the index, each once, behind it. */
static gboolean
list_indexed (GPtrArray *names, const char *index_path, GError **error)
{
  json_t *index = assay_file_read_json (index_path, DOCUMENT_BYTES, JSON_REJECT_DUPLICATES, error), *map = json_object_get (index, "weight_map"), *value;
  g_autoptr (GHashTable) listed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  const char *tensor;
  gboolean ok = index != NULL;

  if (ok && json_object_size (map) == 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: weight_map: an object of tensors and their files expected", index_path);
      ok = FALSE;
    }
  json_object_foreach (map, tensor, value)
    {
      const char *name = json_string_value (value);

      if (ok && !is_beside (name))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: weight_map: tensor %s: the name of a file in this directory expected, \"%s\" found", index_path,
                       tensor, name ? name : "no string");
          ok = FALSE;
        }
      else if (ok && g_hash_table_add (listed, g_strdup (name)))
        g_ptr_array_add (names, g_strdup (name));
    }
  json_decref (index);
  return ok;
}

char **
assay_huggingface_list_weights (const char *directory, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *index = g_build_filename (directory, INDEX, NULL), *whole = g_build_filename (directory, WEIGHTS, NULL);
  gboolean is_whole = g_file_test (whole, G_FILE_TEST_EXISTS) || !g_file_test (index, G_FILE_TEST_EXISTS);

  if (is_whole)
    g_ptr_array_add (names, g_strdup (WEIGHTS));
  else if (!list_indexed (names, index, error))
    return NULL;
  g_ptr_array_add (names, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&names), FALSE);
}

static GPtrArray *
open_shards (const char *directory, GError **error)
{
  g_autoptr (GPtrArray) shards = g_ptr_array_new_with_free_func (shard_free);
  g_auto (GStrv) names = assay_huggingface_list_weights (directory, error);

  for (gsize k = 0; names != NULL && names[k] != NULL; k++)
    if (!open_shard (shards, directory, names[k], error))
      return NULL;
  return names ? g_steal_pointer (&shards) : NULL;
}

/* --- one tensor ------------------------------------------------------------------------------------------------------------ */

typedef struct {
  const AssayFamily *family;
  GPtrArray *shards;            /* (Shard) */
  const char *before;           /* every name */
  gint64 H;                     /* heads */
  gboolean is_tied;             /* the head is the embedding */
  AssayStoreType type;          /* to read into */
  gsize width;
  GHashTable *used;             /* tensors that a parameter claimed */
  char *vector;                 /* (P) of that type */
  json_t *card;                 /* NULL: nobody asks */
  AssayArrival *arrival;        /* NULL: it is no theta */
} Reading;

static void
forget (const Reading *r, const AssaySafetensor *tensor)
{
  for (guint k = 0; k < r->shards->len; k++)
    {
      const Shard *shard = r->shards->pdata[k];

      if (assay_safetensors_find (shard->file, tensor->name) == tensor)
        assay_safetensors_forget (shard->file, tensor);
    }
}

static const AssaySafetensor *
find_named (const Reading *r, const char *name, const char **path)
{
  g_autofree char *full = g_strconcat (r->before, name, NULL);

  for (guint k = 0; k < r->shards->len; k++)
    {
      const Shard *shard = r->shards->pdata[k];
      const AssaySafetensor *tensor = assay_safetensors_find (shard->file, full);

      *path = shard->path;
      if (tensor != NULL)
        return tensor;
    }
  return NULL;
}

/* name with another end. Owns: the caller. */
static char *
exchange_end (const char *name, const char *end, const char *by)
{
  return g_strdup_printf ("%.*s%s", (int) (strlen (name) - strlen (end)), name, by);
}

/* With the family's prefix, by our name, or without the prefix where ours has it. path: of the file, or of the last one looked in. */
static const AssaySafetensor *
find_spelt (const Reading *r, const char *name, const char **path)
{
  const char *prefix = r->family->prefix;
  g_autofree char *full = g_strconcat (prefix, name, NULL);
  const AssaySafetensor *tensor = find_named (r, full, path);

  if (tensor == NULL)
    tensor = find_named (r, name, path);
  if (tensor == NULL && g_str_has_prefix (name, prefix))
    tensor = find_named (r, name + strlen (prefix), path);
  return tensor;
}

/* A name beside the head's weight: a head that is not the embedding is computed with what is there, and its twin is not read. */
static gboolean
is_of_own_head (const Reading *r, const char *theirs)
{
  const char *head = r->family->head;

  return !r->is_tied && strncmp (theirs, head, (gsize) (strrchr (head, '.') - head) + 1) == 0;
}

/* Of a twin's name; own: only of what an untied head has. */
static const AssaySafetensor *
find_twin (const Reading *r, const char *name, gboolean own, const char **path)
{
  const AssaySafetensor *tensor = NULL;

  for (const AssayStoredTwin *twin = r->family->twins; tensor == NULL && twin != NULL && twin->ours != NULL; twin++)
    if (g_str_has_suffix (name, twin->ours) && (!own || is_of_own_head (r, twin->theirs)))
      {
        g_autofree char *theirs = exchange_end (name, twin->ours, twin->theirs);

        tensor = find_spelt (r, theirs, path);
      }
  return tensor;
}

static const AssaySafetensor *
find_tensor (const Reading *r, const char *name, const char **path)
{
  const AssaySafetensor *tensor = find_twin (r, name, TRUE, path);

  if (tensor == NULL)
    tensor = find_spelt (r, name, path);
  return tensor ? tensor : find_twin (r, name, FALSE, path);
}

/* --- its numbers ----------------------------------------------------------------------------------------------------------- */

#define STRETCH ((gint64) 1 << 16)      /* numbers of a block where the order is ours */
#define ROWS 64                 /* of a block where it is turned: as many numbers lie side by side in the file */
#define SQUARE 16               /* columns that are turned together: their lines of the cache are all used while they are there */

typedef struct {
  const AssaySafetensor *tensor;
  AssayStoreType type;          /* of out */
  gsize width, stored_width;
  gint64 rows, cols;            /* of out: (rows,cols) */
  gint64 heads;
  char *out;
} Transfer;

/* Those types convert; check_tensor has looked. */
static void
convert (const Transfer *t, char *out, gint64 first, gint64 n)
{
  (void) assay_store_convert (t->type, out, t->tensor->type, (const char *) t->tensor->data + (gsize) first * t->stored_width, (gsize) n, NULL);
}

static void
copy_stretch (gsize block, guint worker, gpointer data)
{
  const Transfer *t = data;
  const gint64 first = (gint64) block * STRETCH;

  (void) worker;
  convert (t, t->out + (gsize) first * t->width, first, MIN (STRETCH, (gint64) t->tensor->n_elements - first));
}

/* out (rows,cols), of a matrix of `stride` columns, <- in (cols,ROWS). */
#define TURN_SQUARE(bits) \
  static void \
  turn_square_##bits (const guint##bits *in, gint64 rows, gint64 cols, guint##bits *out, gint64 stride) \
  { \
    for (gint64 i = 0; i < rows; i++) \
      for (gint64 j = 0; j < cols; j++) \
        out[i * stride + j] = in[j * ROWS + i]; \
  }

TURN_SQUARE (32)
TURN_SQUARE (64)

/* out (rows,cols), some of its rows, <- in (cols,rows). */
static void
turn_rows (gsize block, guint worker, gpointer data)
{
  const Transfer *t = data;
  const gint64 first = (gint64) block * ROWS, rows = MIN (ROWS, t->rows - first);
  guint64 square[SQUARE * ROWS];        /* room for the widest type */
  char *part = (char *) square;

  (void) worker;
  for (gint64 left = 0; left < t->cols; left += SQUARE)
    {
      const gint64 cols = MIN (SQUARE, t->cols - left);

      for (gint64 j = 0; j < cols; j++)
        convert (t, part + (gsize) (j * ROWS) * t->width, (left + j) * t->rows + first, rows);
      if (t->width == sizeof (guint32))
        turn_square_32 ((const guint32 *) square, rows, cols, (guint32 *) (gpointer) t->out + first * t->cols + left, t->cols);
      else
        turn_square_64 ((const guint64 *) square, rows, cols, (guint64 *) (gpointer) t->out + first * t->cols + left, t->cols);
    }
}

/* out (3,heads,size) <- in (heads,3,size), where size is that of a head's rows. */
static void
copy_head (gsize block, guint worker, gpointer data)
{
  const Transfer *t = data;
  const gint64 part = (gint64) block / t->heads, head = (gint64) block % t->heads, size = (gint64) t->tensor->n_elements / (3 * t->heads);

  (void) worker;
  convert (t, t->out + (gsize) ((gint64) block * size) * t->width, (head * 3 + part) * size, size);
}

static void
transfer (const Reading *r, const AssayGraphValue *p, const AssaySafetensor *tensor, AssayStoredLayout layout, char *out)
{
  AssayWorkers *workers = r->arrival ? r->arrival->workers : NULL;
  Transfer t = { .tensor = tensor, .type = r->type, .width = r->width, .stored_width = assay_store_type_width (tensor->type), .heads = r->H, .out = out };

  switch (layout)
    {
    case ASSAY_STORED_AS_OURS:
    case ASSAY_STORED_AS_ONE_ROW:
      assay_workers_run (workers, (gsize) (((gint64) tensor->n_elements + STRETCH - 1) / STRETCH), copy_stretch, &t);
      break;
    case ASSAY_STORED_INPUT_MAJOR:
      t.rows = p->shape.dim[0];
      t.cols = p->shape.dim[1];
      assay_workers_run (workers, (gsize) ((t.rows + ROWS - 1) / ROWS), turn_rows, &t);
      break;
    default:
      assay_workers_run (workers, (gsize) (3 * r->H), copy_head, &t);
    }
}

/* --- one parameter --------------------------------------------------------------------------------------------------------- */

static gboolean
check_tensor (const Reading *r, const AssayGraphValue *p, const AssaySafetensor *tensor, const char *path, const AssayShape *stored, GError **error)
{
  g_autofree char *wanted = assay_shape_to_string (stored), *words = NULL;
  AssayShape found = { 0 };

  if (tensor == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: tensor %s%s%s %s expected, there is none of that name", path, r->before,
                   g_str_has_prefix (p->name, r->family->prefix) ? "" : r->family->prefix, p->name, wanted);
      return FALSE;
    }
  found.rank = MIN (tensor->rank, ASSAY_MAX_RANK);
  memcpy (found.dim, tensor->dims, sizeof (gint64) * found.rank);
  words = assay_shape_to_string (&found);
  if (tensor->rank != found.rank || !assay_shape_equal (&found, stored))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: tensor %s: shape %s expected from " CONFIG ", %s found", path, tensor->name, wanted, words);
      return FALSE;
    }
  if (assay_checkpoint_is_floating (tensor->type))
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: tensor %s: f64, f32, f16 or bf16 expected, %s found", path, tensor->name,
               assay_store_type_word (tensor->type));
  return FALSE;
}

static gboolean
read_parameter (Reading *r, const AssayGraphValue *p, GError **error)
{
  const char *path;
  const AssaySafetensor *tensor = find_tensor (r, p->name, &path);
  AssayStoredLayout layout = assay_family_find_layout (r->family, p->name);
  AssayShape stored = assay_family_stored_shape (layout, &p->shape);
  char *out = r->vector + p->offset * r->width;

  if (!check_tensor (r, p, tensor, path, &stored, error))
    return FALSE;
  g_hash_table_add (r->used, (gpointer) tensor);
  if (r->card != NULL)
    assay_checkpoint_card_add (r->card, assay_store_type_word (tensor->type), tensor->bytes);
  transfer (r, p, tensor, layout, out);
  forget (r, tensor);
  return r->arrival == NULL || assay_arrival_add (r->arrival, p, out, error);
}

static gboolean
read_parameters (Reading *r, AssayGraph *layout, GError **error)
{
  for (guint v = 0; v < assay_graph_get_n_values (layout); v++)
    {
      const AssayGraphValue *p = assay_graph_get_value (layout, v);

      if (p->role == ASSAY_VALUE_PARAM && !read_parameter (r, p, error))
        return FALSE;
    }
  return TRUE;
}

/* --- the whole ------------------------------------------------------------------------------------------------------------- */

static gboolean
is_copy (const AssaySafetensor *a, const AssaySafetensor *b)
{
  return a->type == b->type && a->bytes == b->bytes && memcmp (a->data, b->data, a->bytes) == 0;
}

/* A tied head may be stored once more; then it must be the embedding. */
static gboolean
check_head (const Reading *r, const char *path, const AssaySafetensor *head, GError **error)
{
  const char *where;
  const AssaySafetensor *embedding = find_tensor (r, r->family->embedding, &where);

  if (is_copy (head, embedding))
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: tensor %s differs from %s though " CONFIG " ties them; say \"tie_word_embeddings\": false "
               "for a head of its own", path, head->name, embedding->name);
  return FALSE;
}

/* What a parameter claimed by the name whose twin this tensor has; NULL: nothing. */
static const AssaySafetensor *
find_claimed_twin (const Reading *r, const AssaySafetensor *tensor)
{
  for (const AssayStoredTwin *twin = r->family->twins; twin != NULL && twin->ours != NULL; twin++)
    if (g_str_has_suffix (tensor->name, twin->theirs))
      {
        g_autofree char *ours = exchange_end (tensor->name, twin->theirs, twin->ours);
        const char *where;
        const AssaySafetensor *claimed = find_named (r, ours, &where);

        if (claimed != NULL && g_hash_table_contains (r->used, claimed))
          return claimed;
      }
  return NULL;
}

static gboolean
is_ignored (const Reading *r, const char *name)
{
  for (const char *const *end = r->family->ignored; *end != NULL; end++)
    if (g_str_has_suffix (name, *end))
      return TRUE;
  for (const AssayStoredTwin *twin = r->family->twins; twin != NULL && twin->ours != NULL; twin++)
    if (g_str_has_suffix (name, twin->ours) && is_of_own_head (r, twin->theirs))
      return TRUE;
  return FALSE;
}

/* Why a tensor that no parameter claimed may be left out; NULL with an error: it may not. */
static const char *
excuse (const Reading *r, const char *path, const AssaySafetensor *tensor, gboolean is_tied, GError **error)
{
  const AssaySafetensor *twin;

  if (is_ignored (r, tensor->name))
    return "a buffer or another head, no part of what is computed";
  if (is_tied && strcmp (tensor->name, r->family->head) == 0)
    return check_head (r, path, tensor, error) ? "the embedding once more: the head is tied to it" : NULL;
  twin = find_claimed_twin (r, tensor);
  if (twin != NULL && is_copy (tensor, twin))
    return "a parameter once more, under its other name";
  if (twin != NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: tensor %s differs from %s, of which it is another name", path, tensor->name, twin->name);
  else
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: tensor %s is no part of the model that " CONFIG " describes", path, tensor->name);
  return NULL;
}

static gboolean
refuse_strangers (const Reading *r, gboolean is_tied, GError **error)
{
  for (guint k = 0; k < r->shards->len; k++)
    {
      const Shard *shard = r->shards->pdata[k];

      for (gsize i = 0; i < assay_safetensors_get_n (shard->file); i++)
        {
          const AssaySafetensor *tensor = assay_safetensors_get (shard->file, i);
          const char *why = NULL;

          if (g_hash_table_contains (r->used, tensor))
            continue;
          if ((why = excuse (r, shard->path, tensor, is_tied, error)) == NULL)
            return FALSE;
          assay_checkpoint_card_leave_out (r->card, tensor->name, why);
        }
    }
  return TRUE;
}

static Reading
begin (const AssayFamily *family, const AssayModel *model, GPtrArray *shards, const char *before, AssayDtype type)
{
  return (Reading) { .family = family, .shards = shards, .before = before, .H = assay_family_stores_by_head (family) ? assay_values_get_int (assay_model_get_config (model), "heads") : 1,
                     .is_tied = assay_values_get_bool (assay_model_get_config (model), "tied"),
                     .type = assay_checkpoint_type (type), .width = assay_dtype_width (type), .used = g_hash_table_new (NULL, NULL) };
}

static gboolean
read_weights (const AssayFamily *family, AssayModel *model, const char *directory, gboolean is_tied, json_t *card, const AssayCheckpointOptions *options, GError **error)
{
  AssayDtype dtype = assay_model_get_dtype (model);
  g_autoptr (GPtrArray) shards = open_shards (directory, error);
  g_autoptr (AssayBuffer) theta = shards ? assay_mem_alloc_array (assay_model_get_n_params (model), assay_dtype_width (dtype), error) : NULL;
  g_autoptr (GHashTable) used = NULL;
  g_auto (AssayArrival) arrival = { 0 };
  Reading r;

  if (theta == NULL || !assay_arrival_begin (&arrival, model, options, directory, error))
    return FALSE;
  r = begin (family, model, shards, "", dtype);
  used = r.used;
  r.vector = theta;
  r.card = card;
  r.arrival = &arrival;
  if (!read_parameters (&r, assay_model_get_layout (model), error) || !refuse_strangers (&r, is_tied, error))
    return FALSE;
  assay_arrival_end (&arrival);
  assay_model_take_theta (model, g_steal_pointer (&theta));
  return TRUE;
}

AssayModel *
assay_huggingface_load (const json_t *config, const char *directory, const AssayCheckpointOptions *options, GError **error)
{
  const AssayFamily *family = assay_family_find (assay_json_get_text (config, "model_type"), error);
  json_t *ours = family ? assay_family_configure (family, config, options->context, error) : NULL;
  g_autoptr (AssayModel) model = ours ? assay_model_new (family->architecture, ours, options->has_dtype ? options->dtype : ASSAY_F32, error) : NULL;
  gboolean is_tied = json_is_true (json_object_get (ours, "tied")), ours_is_made = ours != NULL;
  json_t *card;

  json_decref (ours);
  if (model == NULL)
    {
      if (ours_is_made && error != NULL && g_error_matches (*error, ASSAY_ERROR, ASSAY_ERROR_USAGE))
        (*error)->code = ASSAY_ERROR_INPUT;                       /* a file says it, not whoever asked for it */
      g_prefix_error (error, "%s" G_DIR_SEPARATOR_S CONFIG ": ", directory);
      return NULL;
    }
  card = assay_checkpoint_card_new ("safetensors", "transformers");
  json_object_set (card, "model_type", json_object_get (config, "model_type"));
  assay_model_take_card (model, card);
  return read_weights (family, model, directory, is_tied, card, options, error) ? g_steal_pointer (&model) : NULL;
}

gboolean
assay_checkpoint_read_vector (const AssayModel *model, const char *directory, const AssaySafetensors *file, const char *path, const char *before,
                              double *vector, GError **error)
{
  g_autofree char *config_path = g_build_filename (directory, CONFIG, NULL);
  json_t *config = assay_file_read_json (config_path, DOCUMENT_BYTES, JSON_REJECT_DUPLICATES, error);
  const AssayFamily *family = config ? assay_family_find (assay_json_get_text (config, "model_type"), error) : NULL;
  g_autoptr (GPtrArray) shards = g_ptr_array_new ();
  g_autoptr (GHashTable) used = NULL;
  Shard beside = { .path = (char *) path, .file = (AssaySafetensors *) file };
  Reading r;

  json_decref (config);
  if (family == NULL)
    return FALSE;
  g_ptr_array_add (shards, &beside);
  r = begin (family, model, shards, before, ASSAY_F64);
  used = r.used;
  r.vector = (char *) vector;
  return read_parameters (&r, assay_model_get_layout (model), error);
}
