/* SPDX-License-Identifier: GPL-3.0-or-later */
/* score_lists.c: rows of a ranking, some at a time. */
#include "gui/score_lists.h"

#include "gui/gradually.h"
#include "gui/grey_image.h"
#include "gui/score_row.h"

#include <math.h>

#define ROWS_AT_A_TIME 4

struct _AssayScoreLists {
  GtkListBox *raising, *lowering;
  const AssayInfluenceAnswer *answer;
  guint made, source;           /* rows of each list that are there; source, while there are more */
};

AssayScoreLists *
assay_score_lists_new (GtkListBox *raising, GtkListBox *lowering)
{
  AssayScoreLists *self = g_new0 (AssayScoreLists, 1);

  self->raising = raising;
  self->lowering = lowering;
  return self;
}

void
assay_score_lists_stop (AssayScoreLists *self)
{
  assay_gradually_stop (&self->source);
}

void
assay_score_lists_free (AssayScoreLists *self)
{
  if (self == NULL)
    return;
  assay_score_lists_stop (self);
  g_free (self);
}

/* NULL: it is none. */
static GdkPaintable *
make_picture (const AssayExampleIndex *index, gint64 row)
{
  const AssayColumn *column = row >= 0 ? assay_table_first_of (index->table, ASSAY_COLUMN_IMAGE) : NULL;

  return column ? GDK_PAINTABLE (assay_grey_image_new (column->pixel + row * column->height * column->width, column->height, column->width, 1)) : NULL;
}

/* In the place of what stood there for the answer before. */
static void
put (AssayScoreLists *self, GtkListBox *list, const GPtrArray *entries, guint place)
{
  const AssayInfluenceEntry *entry = place < entries->len ? entries->pdata[place] : NULL;
  g_autoptr (GdkPaintable) picture = entry ? make_picture (self->answer->index, entry->row) : NULL;
  GtkListBoxRow *before = gtk_list_box_get_row_at_index (list, (int) MIN (place, entries->len));
  double largest = self->answer->largest;

  if (before != NULL)
    gtk_list_box_remove (list, GTK_WIDGET (before));
  if (entry != NULL)
    gtk_list_box_insert (list, assay_score_row_new (entry, picture, largest > 0 ? fabs (entry->score) / largest : 0), (int) place);
}

static gboolean
is_shown (const AssayScoreLists *self, GtkListBox *list, const GPtrArray *entries)
{
  return self->made >= entries->len && gtk_list_box_get_row_at_index (list, (int) entries->len) == NULL;
}

static gboolean
put_some (gpointer data)
{
  AssayScoreLists *self = data;

  for (guint end = self->made + ROWS_AT_A_TIME; self->made < end; self->made++)
    {
      put (self, self->raising, self->answer->raising, self->made);
      put (self, self->lowering, self->answer->lowering, self->made);
    }
  return !is_shown (self, self->raising, self->answer->raising) || !is_shown (self, self->lowering, self->answer->lowering);
}

void
assay_score_lists_show (AssayScoreLists *self, const AssayInfluenceAnswer *answer)
{
  assay_score_lists_stop (self);
  self->answer = answer;
  self->made = 0;
  if (put_some (self))
    assay_gradually_begin (&self->source, FALSE, put_some, self);
}
