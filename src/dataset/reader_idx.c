/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reader_idx.c: the IDX format of the MNIST family: images and their labels, two files that belong together.
 *
 *   0 0 type rank, then rank sizes of 32 bits big-endian, then the values in row-major order. Type 8 is unsigned bytes.
 */
#include "dataset/format_reader.h"

#include "base/error.h"
#include "base/num.h"

#include <string.h>

#define TYPE_U8 0x08
#define MAX_RANK 3
#define LABELS_HEADER 8         /* bytes before the first label */

typedef struct {
  guint rank;
  guint64 size[MAX_RANK];
  const guint8 *values;
} Array;

static AssayRecognition
recognise (const AssaySource *source)
{
  const guint8 *b = source->bytes;
  g_autofree char *lower = g_ascii_strdown (source->name, -1);

  if (source->size >= 4 && b[0] == 0 && b[1] == 0 && b[2] >= 0x08 && b[2] <= 0x0e && b[3] >= 1 && b[3] <= 4)
    return ASSAY_RECOGNISE_CONTENT;
  return strstr (lower, "idx1-") || strstr (lower, "idx3-") || assay_source_has_extension (source, "idx") ? ASSAY_RECOGNISE_NAME
         : ASSAY_RECOGNISE_NO;
}

static gboolean
parse (const AssaySource *source, Array *array, GError **error)
{
  const guint8 *b = source->bytes;
  guint64 header, total = 1;

  if (source->size < 4 || b[0] != 0 || b[1] != 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: two zero bytes, a type and a rank expected at byte 0: not an IDX file", source->name);
      return FALSE;
    }
  if (b[2] != TYPE_U8)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: type 0x08 (unsigned bytes) expected at byte 2, 0x%02x found", source->name, b[2]);
      return FALSE;
    }
  array->rank = b[3];
  if (array->rank != 1 && array->rank != 3)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: rank 1 (labels) or 3 (images) expected at byte 3, %u found", source->name, array->rank);
      return FALSE;
    }
  header = 4 + 4 * array->rank;
  if (source->size < header)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: a header of %" G_GUINT64_FORMAT " bytes expected, the file ends at byte %"
                   G_GSIZE_FORMAT, source->name, header, source->size);
      return FALSE;
    }
  for (guint k = 0; k < array->rank; k++)
    {
      guint32 size;

      memcpy (&size, b + 4 + 4 * k, 4);
      array->size[k] = GUINT32_FROM_BE (size);
      if (array->size[k] == 0)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: size %u is 0 at byte %u; a file with values expected", source->name, k + 1, 4 + 4 * k);
          return FALSE;
        }
      if (!assay_size_mul (total, array->size[k], &total))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: the sizes in the header at byte 4 are more than 64 bits can count", source->name);
          return FALSE;
        }
    }
  if (source->size - header != total)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: the header promises %" G_GUINT64_FORMAT " values, %" G_GUINT64_FORMAT
                   " bytes follow it at byte %" G_GUINT64_FORMAT "; the file is %s", source->name, total, source->size - header, header,
                   source->size - header < total ? "truncated" : "too long");
      return FALSE;
    }
  array->values = b + header;
  return TRUE;
}

/* The path with `images` and `idx3` in its last part replaced by `labels` and `idx1`; NULL when neither is there. */
static char *
labels_path (const char *path)
{
  g_autofree char *directory = g_path_get_dirname (path), *base = g_path_get_basename (path);
  g_autoptr (GString) name = g_string_new (base);
  guint changed = g_string_replace (name, "images", "labels", 0) + g_string_replace (name, "idx3", "idx1", 0);

  return changed > 0 ? g_build_filename (directory, name->str, NULL) : NULL;
}

/* The label file of one image file: the option's, or the one beside it. *labels stays NULL when there is none. */
static gboolean
open_labels (const AssaySource *images, const AssayValues *options, AssaySource **labels, GError **error)
{
  const char *option = assay_values_get_string (options, "labels");
  const guint64 most = (guint64) assay_values_get_int (options, "max-expansion");
  g_autofree char *beside = labels_path (images->path);
  g_autofree char *other = NULL;

  if (option != NULL)
    return (*labels = assay_source_open (option, most, error)) != NULL;
  if (beside == NULL)
    return TRUE;
  other = g_str_has_suffix (beside, ".gz") ? g_strndup (beside, strlen (beside) - 3) : g_strconcat (beside, ".gz", NULL);
  if (g_file_test (beside, G_FILE_TEST_EXISTS))
    return (*labels = assay_source_open (beside, most, error)) != NULL;
  if (g_file_test (other, G_FILE_TEST_EXISTS))
    return (*labels = assay_source_open (other, most, error)) != NULL;
  return TRUE;
}

typedef struct {
  const AssaySource *source, *label_source;     /* label_source NULL: no labels */
  AssaySource *opened;          /* a label file that was not among the given ones */
  Array images, labels;
} Pair;

static void
clear_pair (gpointer data)
{
  assay_source_free (((Pair *) data)->opened);
}

/* Sorts the files given into pairs: an image file takes the label file that follows it. */
static GArray *
make_pairs (const GPtrArray *sources, GError **error)
{
  g_autoptr (GArray) pairs = g_array_new (FALSE, TRUE, sizeof (Pair));
  guint n_labelled = 0;

  g_array_set_clear_func (pairs, clear_pair);
  for (guint k = 0; k < sources->len; k++)
    {
      Pair pair = { .source = sources->pdata[k] };

      if (!parse (pair.source, &pair.images, error))
        return NULL;
      if (pair.images.rank == 3)
        g_array_append_val (pairs, pair);
    }
  for (guint k = 0; k < sources->len; k++)
    {
      const AssaySource *source = sources->pdata[k];
      Array array;

      if (!parse (source, &array, error))
        return NULL;
      if (array.rank == 3)
        continue;
      if (n_labelled == pairs->len)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s holds labels; give the image file they belong to as well", source->name);
          return NULL;
        }
      g_array_index (pairs, Pair, n_labelled).label_source = source;
      g_array_index (pairs, Pair, n_labelled++).labels = array;
    }
  if (n_labelled > 0 && n_labelled < pairs->len)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%u image files and %u label files given; give one label file for each, or none",
                   pairs->len, n_labelled);
      return NULL;
    }
  return g_steal_pointer (&pairs);
}

static gboolean
complete_pair (Pair *pair, const AssayValues *options, GError **error)
{
  if (pair->label_source == NULL)
    {
      if (!open_labels (pair->source, options, &pair->opened, error))
        return FALSE;
      if (pair->opened != NULL && !parse (pair->opened, &pair->labels, error))
        return FALSE;
      pair->label_source = pair->opened;
    }
  if (pair->label_source == NULL)
    return TRUE;
  if (pair->labels.rank != 1)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: labels (rank 1) expected at byte 3, rank %u found", pair->label_source->name,
                   pair->labels.rank);
      return FALSE;
    }
  if (pair->labels.size[0] != pair->images.size[0])
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s has %" G_GUINT64_FORMAT " images and %s %" G_GUINT64_FORMAT " labels; as many "
                   "labels as images expected", pair->source->name, pair->images.size[0], pair->label_source->name, pair->labels.size[0]);
      return FALSE;
    }
  return TRUE;
}

/* All pairs agree in image size and in having labels; *n_rows is their number of images. */
static gboolean
check_pairs (const GArray *pairs, guint64 *n_rows, GError **error)
{
  const Pair *first = &g_array_index (pairs, Pair, 0);

  *n_rows = 0;
  for (guint k = 0; k < pairs->len; k++)
    {
      const Pair *pair = &g_array_index (pairs, Pair, k);

      if (pair->images.size[1] != first->images.size[1] || pair->images.size[2] != first->images.size[2]
          || (pair->label_source == NULL) != (first->label_source == NULL))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: images of %" G_GUINT64_FORMAT " x %" G_GUINT64_FORMAT " %s labels expected as in "
                       "%s, %" G_GUINT64_FORMAT " x %" G_GUINT64_FORMAT " %s labels found", pair->source->name, first->images.size[1],
                       first->images.size[2], first->label_source ? "with" : "without", first->source->name, pair->images.size[1],
                       pair->images.size[2], pair->label_source ? "with" : "without");
          return FALSE;
        }
      *n_rows += pair->images.size[0];                            /* below 2^32 each: the sum fits */
    }
  return TRUE;
}

/* "labels byte 9 (record 2)": where the label of a row stands; a new string. */
static char *
describe_label (const GArray *pairs, gint64 row)
{
  const Pair *pair = &g_array_index (pairs, Pair, 0);
  guint64 i = row;

  while (i >= pair->images.size[0])
    {
      i -= pair->images.size[0];
      pair++;
    }
  return g_strdup_printf ("%s byte %" G_GUINT64_FORMAT " (record %" G_GUINT64_FORMAT ")", pair->label_source->name, LABELS_HEADER + i, i + 1);
}

/* Sets the number of classes: the declared one, or the largest label plus one. A label far beyond the others is refused:
 * it is more likely a damaged byte than a class. */
static gboolean
check_labels (const GArray *pairs, AssayColumn *label, gint64 n_rows, gint64 declared, GError **error)
{
  gint64 count[256] = { 0 }, used = 0, last = 0;

  for (gint64 row = 0; row < n_rows; row++)
    {
      count[label->code[row]]++;
      if (declared > 0 && label->code[row] >= declared)
        {
          g_autofree char *where = describe_label (pairs, row);

          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: a label below %" G_GINT64_FORMAT " expected, %d found", where, declared,
                       label->code[row]);
          return FALSE;
        }
    }
  for (gint64 c = 0; c < 256; c++)
    if (count[c] > 0)
      {
        used++;
        last = c;
      }
  label->n_classes = declared > 0 ? declared : last + 1;
  if (declared > 0 || label->n_classes <= 2 * used)
    return TRUE;
  for (gint64 row = 0; row < n_rows; row++)
    if (label->code[row] == last)
      {
        g_autofree char *where = describe_label (pairs, row);

        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: label %d, but only %" G_GINT64_FORMAT " of the classes 0 to %d occur; say "
                     "--classes %d if it is right", where, label->code[row], used, label->code[row], label->code[row] + 1);
        break;
      }
  return FALSE;
}

static gboolean
fill (AssayTable *table, const GArray *pairs, gint64 n_rows, gint64 n_classes, GError **error)
{
  const Pair *first = &g_array_index (pairs, Pair, 0);
  g_autoptr (AssayColumn) image = assay_column_new ("image", ASSAY_COLUMN_IMAGE);
  g_autoptr (AssayColumn) label = assay_column_new ("label", ASSAY_COLUMN_LABEL);
  guint64 pixels = first->images.size[1] * first->images.size[2];
  gint64 row = 0;

  image->height = first->images.size[1];
  image->width = first->images.size[2];
  if (!assay_column_allocate (image, n_rows, error) || !assay_column_allocate (label, n_rows, error))
    return FALSE;
  for (guint k = 0; k < pairs->len; k++)
    {
      const Pair *pair = &g_array_index (pairs, Pair, k);
      gint32 file = assay_table_add_file (table, pair->source->name, pair->source->sha256);

      memcpy (image->pixel + row * pixels, pair->images.values, pair->images.size[0] * pixels);
      for (guint64 i = 0; i < pair->images.size[0]; i++, row++)
        {
          assay_table_set_origin (table, row, file, i + 1);
          if (pair->label_source != NULL)
            label->code[row] = pair->labels.values[i];
        }
    }
  if (first->label_source != NULL && !check_labels (pairs, label, n_rows, n_classes, error))
    return FALSE;
  for (guint k = 0; k < pairs->len; k++)
    {
      const AssaySource *labels = g_array_index (pairs, Pair, k).label_source;

      if (labels != NULL)
        assay_table_add_file (table, labels->name, labels->sha256);
    }
  if (first->label_source == NULL)
    assay_table_add_note (table, "%s has no labels beside it; give them with --labels to train on them", first->source->name);
  return assay_table_take_column (table, g_steal_pointer (&image), error)
         && (first->label_source == NULL || assay_table_take_column (table, g_steal_pointer (&label), error));
}

static AssayTable *
read_idx (const GPtrArray *sources, const AssayValues *options, GError **error)
{
  g_autoptr (GArray) pairs = make_pairs (sources, error);
  g_autoptr (AssayTable) table = NULL;
  const char *option = assay_values_get_string (options, "labels");
  guint64 n_rows;

  if (pairs == NULL)
    return NULL;
  if (option != NULL && pairs->len > 1)
    {
      g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "labels: one label file for several image files; give the label files among the files instead");
      return NULL;
    }
  if (assay_values_get_string (options, "id") != NULL)
    {
      g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "id: IDX files have no key column; images are named by their index");
      return NULL;
    }
  for (guint k = 0; k < pairs->len; k++)
    if (!complete_pair (&g_array_index (pairs, Pair, k), options, error))
      return NULL;
  if (!check_pairs (pairs, &n_rows, error))
    return NULL;
  table = assay_table_new (n_rows, ASSAY_ORIGIN_RECORD, error);
  if (table == NULL || !fill (table, pairs, n_rows, assay_values_get_int (options, "classes"), error))
    return NULL;
  return g_steal_pointer (&table);
}

const AssayFormatReader assay_format_reader_idx = {
  .name = "idx",
  .help = "images and labels of the MNIST family, plain or gzip",
  .recognise = recognise,
  .read = read_idx,
};
