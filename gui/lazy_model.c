/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lazy_model.c: items on demand. */
#include "gui/lazy_model.h"

#include "gui/gradually.h"

#define USUAL_ROW_HEIGHT 32
#define FIRST_ROWS 40           /* fill a screen */
#define MORE_ROWS 24            /* at a time */
#define LAID_OUT_ROWS 260       /* beyond these GTK makes no widgets, however many there are */

struct _AssayLazyRow {
  GObject parent_instance;
  gint64 row;
};

G_DEFINE_FINAL_TYPE (AssayLazyRow, assay_lazy_row, G_TYPE_OBJECT)

static void
assay_lazy_row_class_init (AssayLazyRowClass *klass)
{
  (void) klass;
}

static void
assay_lazy_row_init (AssayLazyRow *self)
{
  (void) self;
}

gint64
assay_lazy_row_get_row (AssayLazyRow *self)
{
  return self->row;
}

struct _AssayLazyModel {
  GObject parent_instance;
  AssayRowOrder *order;         /* NULL: no rows */
  gint64 first;
  guint limit, shown;           /* shown: items that the list knows of */
  guint growing;                /* source, while there are more */
};

static void list_model_init (GListModelInterface *iface);
G_DEFINE_FINAL_TYPE_WITH_CODE (AssayLazyModel, assay_lazy_model, G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static GType
get_item_type (GListModel *model)
{
  (void) model;
  return ASSAY_TYPE_LAZY_ROW;
}

static guint
get_n_items (GListModel *model)
{
  return ASSAY_LAZY_MODEL (model)->shown;
}

static gpointer
get_item (GListModel *model, guint position)
{
  AssayLazyModel *self = ASSAY_LAZY_MODEL (model);
  AssayLazyRow *item;

  if (position >= self->shown)
    return NULL;
  item = g_object_new (ASSAY_TYPE_LAZY_ROW, NULL);
  item->row = assay_row_order_get (self->order, self->first + position);
  return item;
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

static void
assay_lazy_model_finalize (GObject *object)
{
  AssayLazyModel *self = ASSAY_LAZY_MODEL (object);

  assay_gradually_stop (&self->growing);
  assay_row_order_free (self->order);
  G_OBJECT_CLASS (assay_lazy_model_parent_class)->finalize (object);
}

static void
assay_lazy_model_class_init (AssayLazyModelClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = assay_lazy_model_finalize;
}

static void
assay_lazy_model_init (AssayLazyModel *self)
{
  self->limit = ASSAY_LAZY_MAX_HEIGHT / USUAL_ROW_HEIGHT;
}

AssayLazyModel *
assay_lazy_model_new (void)
{
  return g_object_new (ASSAY_TYPE_LAZY_MODEL, NULL);
}

static guint
count_page (AssayLazyModel *self)
{
  return (guint) MIN (assay_lazy_model_get_total (self) - self->first, (gint64) self->limit);
}

static void
grow_to (AssayLazyModel *self, guint n)
{
  guint before = self->shown;

  self->shown = n;
  if (n > before)
    g_list_model_items_changed (G_LIST_MODEL (self), before, 0, n - before);
}

static gboolean
grow (gpointer data)
{
  AssayLazyModel *self = data;
  guint all = count_page (self), more = self->shown + MORE_ROWS;
  gboolean is_last = more >= MIN (all, LAID_OUT_ROWS);

  grow_to (self, is_last ? all : more);
  return !is_last;
}

void
assay_lazy_model_show_all (AssayLazyModel *self)
{
  assay_gradually_stop (&self->growing);
  grow_to (self, count_page (self));
}

/* The list is told that everything is another thing. */
static void
show (AssayLazyModel *self, gint64 first)
{
  guint before = self->shown, all;

  self->first = first;
  all = count_page (self);
  self->shown = MIN (all, FIRST_ROWS);
  if (self->growing == 0 && self->shown < all)
    assay_gradually_begin (&self->growing, FALSE, grow, self);
  if (before > 0 || self->shown > 0)
    g_list_model_items_changed (G_LIST_MODEL (self), 0, before, self->shown);
}

void
assay_lazy_model_take_order (AssayLazyModel *self, AssayRowOrder *order)
{
  AssayRowOrder *old = self->order;

  self->order = order;
  show (self, 0);
  assay_row_order_free (old);
}

void
assay_lazy_model_set_row_height (AssayLazyModel *self, guint pixels)
{
  guint limit = ASSAY_LAZY_MAX_HEIGHT / MAX (pixels, 1);

  if (limit == self->limit)
    return;
  self->limit = limit;
  show (self, self->first / limit * limit);
}

guint
assay_lazy_model_get_limit (AssayLazyModel *self)
{
  return self->limit;
}

gint64
assay_lazy_model_get_total (AssayLazyModel *self)
{
  return self->order ? self->order->n : 0;
}

gint64
assay_lazy_model_get_first (AssayLazyModel *self)
{
  return self->first;
}

void
assay_lazy_model_show_page (AssayLazyModel *self, gint64 place)
{
  gint64 first = CLAMP (place, 0, MAX (assay_lazy_model_get_total (self) - 1, 0)) / self->limit * self->limit;

  if (first != self->first)
    show (self, first);
}

gint64
assay_lazy_model_get_row (AssayLazyModel *self, guint position)
{
  return assay_row_order_get (self->order, self->first + position);
}

gint64
assay_lazy_model_find (AssayLazyModel *self, gint64 row)
{
  return self->order ? assay_row_order_find (self->order, row) : -1;
}
