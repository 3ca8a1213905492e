/* SPDX-License-Identifier: GPL-3.0-or-later */
/* score_row.c: a line of a ranking. */
#include "gui/score_row.h"

#include "base/text.h"
#include "job/view.h"

#include <glib/gi18n.h>
#include <math.h>

#define THUMBNAIL 44

struct _AssayScoreRow {
  GtkListBoxRow parent_instance;
  char *reference;
};

G_DEFINE_FINAL_TYPE (AssayScoreRow, assay_score_row, GTK_TYPE_LIST_BOX_ROW)

const char *
assay_score_row_get_reference (AssayScoreRow *self)
{
  return self->reference;
}

static void
assay_score_row_finalize (GObject *object)
{
  g_free (ASSAY_SCORE_ROW (object)->reference);
  G_OBJECT_CLASS (assay_score_row_parent_class)->finalize (object);
}

static void
assay_score_row_class_init (AssayScoreRowClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = assay_score_row_finalize;
}

static void
assay_score_row_init (AssayScoreRow *self)
{
  (void) self;
}

/* "-0.00483 ± 6e-07": half the interval's width beside the score; "-0.0051 to -0.0044" where it is an interval. */
static char *
describe_score (const AssayInfluenceEntry *entry)
{
  const double score = entry->score, lo = entry->lo, hi = entry->hi;
  g_autofree char *value = assay_view_number (score, 4), *half = assay_view_number ((hi - lo) / 2, 2);
  g_autofree char *from = assay_view_number (lo, 3), *to = assay_view_number (hi, 3);
  const char *sign = score > 0 ? "+" : "";

  if (entry->is_interval)
    return g_strdup_printf (_("%s%s to %s%s"), lo > 0 ? "+" : "", from, hi > 0 ? "+" : "", to);
  return isfinite (lo) && isfinite (hi) ? g_strdup_printf ("%s%s ± %s", sign, value, half) : g_strdup_printf ("%s%s", sign, value);
}

/* "▲ 3" and the same in words; NULL where it stands where it stood. */
static char *
describe_move (const AssayInfluenceEntry *entry, char **spoken)
{
  const gint64 up = entry->before - entry->place;

  if (!entry->is_interval || up == 0)
    return NULL;
  if (entry->before <= 0)
    {
      *spoken = g_strdup (_("from the other list"));
      return g_strdup (_("⇄ from the other list"));
    }
  *spoken = up > 0 ? g_strdup_printf (g_dngettext (NULL, "%d place up", "%d places up", (gulong) up), (int) up)
                   : g_strdup_printf (g_dngettext (NULL, "%d place down", "%d places down", (gulong) -up), (int) -up);
  return g_strdup_printf (up > 0 ? "▲ %d" : "▼ %d", (int) ABS (up));
}

static GtkWidget *
put_beside (GdkPaintable *picture, GtkWidget *words)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12), *image = gtk_image_new_from_paintable (picture);

  gtk_image_set_pixel_size (GTK_IMAGE (image), THUMBNAIL);
  gtk_accessible_update_property (GTK_ACCESSIBLE (image), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Picture of the example"), -1);
  gtk_widget_set_hexpand (words, TRUE);
  gtk_box_append (GTK_BOX (box), image);
  gtk_box_append (GTK_BOX (box), words);
  return box;
}

static GtkWidget *
make_mark (const char *moved, gboolean is_up)
{
  GtkWidget *mark = gtk_label_new (moved);

  gtk_widget_add_css_class (mark, "caption");
  gtk_widget_add_css_class (mark, "numeric");
  gtk_widget_add_css_class (mark, is_up ? "accent" : "dim-label");
  return mark;
}

GtkWidget *
assay_score_row_new (const AssayInfluenceEntry *entry, GdkPaintable *picture, double share)
{
  AssayScoreRow *self = g_object_new (ASSAY_TYPE_SCORE_ROW, NULL);
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 3), *line = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12), *bar = gtk_level_bar_new ();
  g_autofree char *visible = assay_text_escape (entry->text, FALSE), *number = describe_score (entry), *name = assay_text_escape (entry->reference, FALSE);
  g_autofree char *said = NULL, *moved = describe_move (entry, &said);
  g_autofree char *spoken = g_strdup_printf (_("%s, influence %s, %s%s%s"), name, number, visible, said ? ", " : "", said ? said : "");
  GtkWidget *left = gtk_label_new (name), *right = gtk_label_new (number), *below = gtk_label_new (visible);

  self->reference = g_strdup (entry->reference);
  gtk_label_set_xalign (GTK_LABEL (left), 0);
  gtk_label_set_ellipsize (GTK_LABEL (left), PANGO_ELLIPSIZE_END);
  gtk_widget_set_hexpand (left, TRUE);
  gtk_widget_add_css_class (left, "numeric");
  gtk_widget_add_css_class (right, "numeric");
  gtk_label_set_xalign (GTK_LABEL (below), 0);
  gtk_label_set_ellipsize (GTK_LABEL (below), PANGO_ELLIPSIZE_END);
  gtk_widget_add_css_class (below, "caption");
  gtk_widget_add_css_class (below, "dim-label");
  gtk_level_bar_set_value (GTK_LEVEL_BAR (bar), CLAMP (share, 0, 1));
  gtk_widget_add_css_class (bar, entry->score > 0 ? "assay-raising" : "assay-lowering");
  gtk_accessible_update_property (GTK_ACCESSIBLE (bar), GTK_ACCESSIBLE_PROPERTY_LABEL, number, -1);
  gtk_box_append (GTK_BOX (line), left);
  if (moved != NULL)
    gtk_box_append (GTK_BOX (line), make_mark (moved, entry->before > entry->place));
  gtk_box_append (GTK_BOX (line), right);
  gtk_box_append (GTK_BOX (box), line);
  if (visible[0] != '\0')
    gtk_box_append (GTK_BOX (box), below);
  gtk_box_append (GTK_BOX (box), bar);
  gtk_widget_add_css_class (GTK_WIDGET (self), "assay-score");
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (self), picture ? put_beside (picture, box) : box);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
  return GTK_WIDGET (self);
}
