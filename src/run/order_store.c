/* SPDX-License-Identifier: GPL-3.0-or-later */
/* order_store.c: one array of places. */
#include "run/order_store.h"

#include "base/error.h"
#include "base/mem.h"
#include "store/npy.h"
#include "store/reader.h"
#include "store/shard.h"

#define PATH "/order/place"

static AssayOrder *
new_order (gint64 n, GError **error)
{
  g_autoptr (AssayOrder) order = g_new0 (AssayOrder, 1);

  order->n = n;
  order->place = assay_mem_new (gint64, n, error);
  return order->place ? g_steal_pointer (&order) : NULL;
}

void
assay_order_free (AssayOrder *order)
{
  if (order == NULL)
    return;
  assay_mem_free (order->place);
  g_free (order);
}

AssayOrder *
assay_order_read (const char *path, GError **error)
{
  g_autoptr (AssayNpy) npy = assay_npy_read (path, error);
  AssayOrder *order;

  if (npy == NULL)
    return NULL;
  if (npy->rank != 1 || npy->dims[0] < 1 || !assay_npy_is_integer (npy))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: one axis of integers, places in the training split, expected, %s of rank %u found",
                   path, assay_store_type_word (npy->type), npy->rank);
      return NULL;
    }
  order = new_order (npy->dims[0], error);
  for (gint64 k = 0; order != NULL && k < order->n; k++)
    order->place[k] = assay_npy_get_integer (npy, (guint64) k);
  return order;
}

AssayOrder *
assay_order_load (AssayCase *store, AssayObject *object, GError **error)
{
  g_autoptr (AssayReader) reader = assay_reader_new (store, object, error);
  g_autoptr (AssayOrder) order = NULL;
  AssayArrayInfo info;

  if (reader == NULL || !assay_reader_describe (reader, PATH, &info, error))
    return NULL;
  order = new_order (info.dims[0], error);
  if (order == NULL || !assay_reader_read (reader, PATH, ASSAY_STORE_I64, order->place, error))
    return NULL;
  return g_steal_pointer (&order);
}

AssayObject *
assay_order_commit (const AssayOrder *order, AssayCase *store, const char *name, GError **error)
{
  g_autoptr (AssayShardWriter) writer = assay_shard_writer_new (store, "order", name, NULL, error);
  const AssayArraySpec spec = { .path = PATH, .type = ASSAY_STORE_I64, .rank = 1, .dims = { order->n }, .axes = { "draw" },
                                .long_name = "place in the training split", .description = "batch after batch" };

  if (writer == NULL || !assay_shard_writer_put (writer, &spec, ASSAY_STORE_I64, order->place, error))
    return NULL;
  assay_shard_writer_set_rows (writer, 0);
  return assay_shard_writer_commit (writer, error);
}
