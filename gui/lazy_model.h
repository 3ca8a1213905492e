/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lazy_model.h: any number of rows as a GListModel that makes an item only when a row is looked at.
 *
 * GTK gives a list all its rows' height in one int, so that a list of too many rows silently shows nothing. Rows beyond the limit are
 * shown page by page: the model holds the rows first .. first + limit - 1 of the order.
 * A list of GTK makes widgets for some two hundred rows at once, which takes longer than a frame may: of a new order or page the list is told of
 * what fits a screen first, of a few more rows in each of the next frames, and then of all. Who needs a row at once asks for all.
 * Thread rule: the main thread.
 */
#pragma once

#include "dataset/row_order.h"

#include <gio/gio.h>

/* What a list of rows may be high, in pixels: below INT_MAX with room for headers. */
#define ASSAY_LAZY_MAX_HEIGHT 1920000000

#define ASSAY_TYPE_LAZY_ROW (assay_lazy_row_get_type ())
G_DECLARE_FINAL_TYPE (AssayLazyRow, assay_lazy_row, ASSAY, LAZY_ROW, GObject)

/* The row of the table. */
gint64          assay_lazy_row_get_row (AssayLazyRow *self);

#define ASSAY_TYPE_LAZY_MODEL (assay_lazy_model_get_type ())
G_DECLARE_FINAL_TYPE (AssayLazyModel, assay_lazy_model, ASSAY, LAZY_MODEL, GObject)

AssayLazyModel *assay_lazy_model_new       (void);
/* Takes the order; NULL: no rows. The first page is shown. */
void            assay_lazy_model_take_order (AssayLazyModel *self, AssayRowOrder *order);
/* Pixels of a row, from which the limit follows. */
void            assay_lazy_model_set_row_height (AssayLazyModel *self, guint pixels);
guint           assay_lazy_model_get_limit (AssayLazyModel *self);
/* All rows of the order, and the one that is shown first. */
gint64          assay_lazy_model_get_total (AssayLazyModel *self);
gint64          assay_lazy_model_get_first (AssayLazyModel *self);
/* Shows the page in which that place of the order lies. */
void            assay_lazy_model_show_page (AssayLazyModel *self, gint64 place);
/* The list is told of every row of the page, now. */
void            assay_lazy_model_show_all  (AssayLazyModel *self);
/* The row of the table at a position of the list. */
gint64          assay_lazy_model_get_row   (AssayLazyModel *self, guint position);
/* The place of a row in the order, or -1. */
gint64          assay_lazy_model_find      (AssayLazyModel *self, gint64 row);
