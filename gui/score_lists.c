/* SPDX-License-Identifier: GPL-3.0-or-later */
/* score_lists.c: rows of a ranking, some at a time. */
#include "gui/score_lists.h"

#include "gui/gradually.h"
#include "gui/grey_image.h"
#include "gui/score_row.h"

#include <math.h>

#define ROWS_AT_A_TIME 8

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

static void
clear (GtkListBox *list)
{
  GtkListBoxRow *row;

  while ((row = gtk_list_box_get_row_at_index (list, 0)) != NULL)
    gtk_list_box_remove (list, GTK_WIDGET (row));
}

/* NULL: it is none. */
static GdkPaintable *
make_picture (const AssayExampleIndex *index, gint64 row)
{
  const AssayColumn *column = row >= 0 ? assay_table_first_of (index->table, ASSAY_COLUMN_IMAGE) : NULL;

  return column ? GDK_PAINTABLE (assay_grey_image_new (column->pixel + row * column->height * column->width, column->height, column->width, 1)) : NULL;
}

static void
append (AssayScoreLists *self, GtkListBox *list, const GPtrArray *entries, guint place)
{
  const AssayInfluenceEntry *entry = place < entries->len ? entries->pdata[place] : NULL;
  g_autoptr (GdkPaintable) picture = entry ? make_picture (self->answer->index, entry->row) : NULL;
  double largest = self->answer->largest;

  if (entry != NULL)
    gtk_list_box_append (list, assay_score_row_new (entry->reference, entry->text, picture, entry->score, entry->lo, entry->hi,
                                                    largest > 0 ? fabs (entry->score) / largest : 0));
}

static gboolean
append_some (gpointer data)
{
  AssayScoreLists *self = data;

  for (guint end = self->made + ROWS_AT_A_TIME; self->made < end; self->made++)
    {
      append (self, self->raising, self->answer->raising, self->made);
      append (self, self->lowering, self->answer->lowering, self->made);
    }
  return self->made < MAX (self->answer->raising->len, self->answer->lowering->len);
}

void
assay_score_lists_show (AssayScoreLists *self, const AssayInfluenceAnswer *answer)
{
  assay_score_lists_stop (self);
  clear (self->raising);
  clear (self->lowering);
  self->answer = answer;
  self->made = 0;
  if (append_some (self))
    assay_gradually_begin (&self->source, FALSE, append_some, self);
}
