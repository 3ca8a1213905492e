/* SPDX-License-Identifier: GPL-3.0-or-later */
/* catalogue.c: from journal records to objects. */
#include "store/catalogue.h"

#include <string.h>

#include "base/error.h"

/* Objects are shared with callers as immutable snapshots: one that is still only the catalogue's own grows in place, one that a
 * caller holds is replaced by a longer copy. */
typedef struct {
  AssayObject     object;       /* first: an AssayObject points here */
  gatomicrefcount references;
  GPtrArray      *parts;        /* of PartBox, by rows; the object shows those before the first gap */
  char           *kind, *name, *layout;
} ObjectBox;

typedef struct {
  AssayPart       part;
  gatomicrefcount references;
  char           *file, *sha256, *content_root, *utc;
} PartBox;

struct _AssayCatalogue {
  GPtrArray  *history;          /* of AssayObject, by sequence */
  GHashTable *by_sequence;      /* number of an object's first part -> its index in history + 1 */
  GHashTable *newest;           /* "kind/name" -> sequence number of the object */
  GHashTable *files;
  guint64     last_sequence;
};

/* --- parts and objects ----------------------------------------------------------------------------------------------- */

static void
part_unref (gpointer data)
{
  PartBox *box = data;

  if (!g_atomic_ref_count_dec (&box->references))
    return;
  g_free (box->file);
  g_free (box->sha256);
  g_free (box->content_root);
  g_free (box->utc);
  g_free (box);
}

static void
refresh_view (ObjectBox *box)
{
  box->object.kind = box->kind;
  box->object.name = box->name;
  box->object.rows = 0;
  box->object.n_parts = 0;
  box->object.parts = (const AssayPart *const *) box->parts->pdata;
  while (box->object.n_parts < box->parts->len && box->object.parts[box->object.n_parts]->row_start == box->object.rows)
    box->object.rows += box->object.parts[box->object.n_parts++]->rows;
}

static ObjectBox *
object_new (const char *kind, const char *name, guint64 sequence, json_t *meta, const char *layout)
{
  ObjectBox *box = g_new0 (ObjectBox, 1);

  g_atomic_ref_count_init (&box->references);
  box->kind = g_strdup (kind);
  box->name = g_strdup (name);
  box->layout = g_strdup (layout);
  box->parts = g_ptr_array_new_with_free_func (part_unref);
  box->object.sequence = sequence;
  box->object.meta = meta != NULL ? json_incref (meta) : json_object ();
  refresh_view (box);
  return box;
}

AssayObject *
assay_object_ref (AssayObject *self)
{
  g_atomic_ref_count_inc (&((ObjectBox *) self)->references);
  return self;
}

void
assay_object_unref (AssayObject *self)
{
  ObjectBox *box = (ObjectBox *) self;

  if (self == NULL || !g_atomic_ref_count_dec (&box->references))
    return;
  g_ptr_array_unref (box->parts);
  json_decref (self->meta);
  g_free (box->kind);
  g_free (box->name);
  g_free (box->layout);
  g_free (box);
}

const char *
assay_object_get_layout (const AssayObject *object)
{
  return ((const ObjectBox *) object)->layout;
}

/* The object itself where nobody else holds it, else a copy. */
static ObjectBox *
make_own (ObjectBox *box)
{
  ObjectBox *copy;

  if (g_atomic_ref_count_compare (&box->references, 1))
    return box;
  copy = object_new (box->kind, box->name, box->object.sequence, box->object.meta, box->layout);
  for (guint i = 0; i < box->parts->len; i++)
    {
      PartBox *part = g_ptr_array_index (box->parts, i);

      g_atomic_ref_count_inc (&part->references);
      g_ptr_array_add (copy->parts, part);
    }
  copy->object.bytes = box->object.bytes;
  copy->object.complete = box->object.complete;
  refresh_view (copy);
  return copy;
}

/* --- the catalogue --------------------------------------------------------------------------------------------------- */

AssayCatalogue *
assay_catalogue_new (void)
{
  AssayCatalogue *self = g_new0 (AssayCatalogue, 1);

  self->history = g_ptr_array_new_with_free_func ((GDestroyNotify) assay_object_unref);
  self->by_sequence = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->newest = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
assay_catalogue_free (AssayCatalogue *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->history);
  g_hash_table_unref (self->by_sequence);
  g_hash_table_unref (self->newest);
  g_hash_table_unref (self->files);
  g_free (self);
}

static gpointer
box_u64 (guint64 value)
{
  guint64 *boxed = g_new (guint64, 1);

  *boxed = value;
  return boxed;
}

static guint
index_of (AssayCatalogue *self, guint64 sequence)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (self->by_sequence, &sequence));
}

static void
add_object (AssayCatalogue *self, ObjectBox *box)
{
  g_ptr_array_add (self->history, box);
  g_hash_table_insert (self->by_sequence, box_u64 (box->object.sequence), GUINT_TO_POINTER (self->history->len));
  g_hash_table_insert (self->newest, g_strdup_printf ("%s/%s", box->kind, box->name), box_u64 (box->object.sequence));
}

static ObjectBox *
own_object (AssayCatalogue *self, guint index)
{
  ObjectBox *box = g_ptr_array_index (self->history, index - 1), *own = make_own (box);

  if (own != box)
    {
      self->history->pdata[index - 1] = own;
      assay_object_unref (&box->object);
    }
  return own;
}

static gboolean
contradiction (const char *where, const char *what, GError **error)
{
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_DAMAGED, "%s: %s", where, what);
  return FALSE;
}

static PartBox *
part_of_json (json_t *output, const char *utc)
{
  json_int_t sequence, row_start, rows, bytes;
  const char *file, *sha256, *content_root;
  PartBox *box;

  if (json_unpack (output, "{s:I,s:I,s:I,s:I,s:s,s:s,s:s}", "sequence", &sequence, "row_start", &row_start, "rows", &rows,
                   "bytes", &bytes, "file", &file, "sha256", &sha256, "content_root", &content_root) < 0
      || sequence <= 0 || row_start < 0 || rows < 0 || bytes < 0)
    return NULL;
  box = g_new0 (PartBox, 1);
  g_atomic_ref_count_init (&box->references);
  box->file = g_strdup (file);
  box->sha256 = g_strdup (sha256);
  box->content_root = g_strdup (content_root);
  box->utc = g_strdup (utc);
  box->part = (AssayPart) { (guint64) sequence, row_start, rows, (guint64) bytes, box->file, box->sha256, box->content_root,
                            box->utc };
  return box;
}

/* Where a part belongs among those that are there; -1: it shares rows with one of them, or reaches too far. */
static int
find_place (const ObjectBox *box, const AssayPart *part)
{
  guint at = box->parts->len;
  const AssayPart *const *parts = (const AssayPart *const *) box->parts->pdata;

  if (part->rows > G_MAXINT64 - part->row_start)
    return -1;
  while (at > 0 && parts[at - 1]->row_start > part->row_start)
    at--;
  if ((at > 0 && parts[at - 1]->row_start + parts[at - 1]->rows > part->row_start)
      || (at < box->parts->len && part->row_start + part->rows > parts[at]->row_start))
    return -1;
  return (int) at;
}

static void
insert_part (ObjectBox *box, int place, PartBox *part, gboolean complete)
{
  g_ptr_array_insert (box->parts, place, part);
  box->object.bytes += part->part.bytes;
  box->object.complete = complete;
  refresh_view (box);
}

static gboolean
apply_part (AssayCatalogue *self, json_t *output, const char *utc, const char *where, GError **error)
{
  const char *kind, *name, *layout = NULL;
  json_int_t first;
  json_t *meta = NULL;
  int complete, place = 0;
  PartBox *part;
  ObjectBox *box;
  guint index;

  if (json_unpack (output, "{s:s,s:s,s:I,s:b,s?:o,s?:s}", "kind", &kind, "name", &name, "object", &first, "complete", &complete,
                   "meta", &meta, "layout", &layout) < 0
      || (meta != NULL && !json_is_object (meta)) || (part = part_of_json (output, utc)) == NULL)
    return contradiction (where, "a commit record lacks a field or has one of another type", error);
  if (part->part.sequence <= self->last_sequence)
    {
      part_unref (part);
      return contradiction (where, "a sequence number does not ascend", error);
    }
  index = index_of (self, (guint64) first);
  if (index == 0 && (guint64) first == part->part.sequence)
    {
      box = object_new (kind, name, part->part.sequence, meta, layout);
      add_object (self, box);
    }
  else if (index == 0)
    {
      part_unref (part);
      return contradiction (where, "a part continues an object that is not there", error);
    }
  else
    {
      box = own_object (self, index);
      if (box->object.complete || strcmp (box->kind, kind) != 0 || strcmp (box->name, name) != 0)
        place = -1;
    }
  place = place < 0 ? place : find_place (box, &part->part);
  if (place < 0)
    {
      part_unref (part);
      return contradiction (where, "a part does not fit to the rows that are there", error);
    }
  self->last_sequence = part->part.sequence;
  g_hash_table_add (self->files, g_strdup (part->part.file));
  insert_part (box, place, part, complete != 0);
  return TRUE;
}

gboolean
assay_catalogue_apply (AssayCatalogue *self, json_t *payload, const char *where, GError **error)
{
  const char *action = json_string_value (json_object_get (payload, "action"));
  const char *utc = json_string_value (json_object_get (payload, "utc"));
  json_t *output;
  gsize i;

  if (action == NULL || utc == NULL)
    return contradiction (where, "a record has no action or no time", error);
  if (strcmp (action, "commit") == 0 || strcmp (action, "adopt") == 0)
    json_array_foreach (json_object_get (payload, "outputs"), i, output)
      if (!apply_part (self, output, utc, where, error))
        return FALSE;
  if (strcmp (action, "complete") == 0)
    {
      guint index = index_of (self, (guint64) json_integer_value (json_object_get (payload, "object")));

      ObjectBox *box;

      if (index == 0)
        return contradiction (where, "an object that is not there is said to be complete", error);
      box = own_object (self, index);
      if (box->object.n_parts < box->parts->len)
        return contradiction (where, "an object that lacks rows is said to be complete", error);
      box->object.complete = TRUE;
    }
  return TRUE;
}

gboolean
assay_object_find_gap (const AssayObject *object, gint64 *first, gint64 *end)
{
  const ObjectBox *box = (const ObjectBox *) object;
  gint64 stop = *end;

  for (guint k = 0; box != NULL && k < box->parts->len; k++)
    {
      const AssayPart *part = box->parts->pdata[k];

      if (part->row_start + part->rows <= *first)
        continue;
      if (part->row_start > *first)
        {
          stop = MIN (stop, part->row_start);
          break;
        }
      *first = part->row_start + part->rows;
    }
  *end = stop;
  return *first < stop;
}

guint64
assay_catalogue_get_last_sequence (AssayCatalogue *self)
{
  return self->last_sequence;
}

AssayObject *
assay_catalogue_find_sequence (AssayCatalogue *self, guint64 sequence)
{
  guint index = index_of (self, sequence);

  return index > 0 ? g_ptr_array_index (self->history, index - 1) : NULL;
}

AssayObject *
assay_catalogue_find (AssayCatalogue *self, const char *kind, const char *name)
{
  g_autofree char *key = g_strdup_printf ("%s/%s", kind, name);
  const guint64 *sequence = g_hash_table_lookup (self->newest, key);

  return sequence != NULL ? assay_catalogue_find_sequence (self, *sequence) : NULL;
}

gboolean
assay_catalogue_has_file (AssayCatalogue *self, const char *file)
{
  return g_hash_table_contains (self->files, file);
}

const GPtrArray *
assay_catalogue_get_history (AssayCatalogue *self)
{
  return self->history;
}
