/* SPDX-License-Identifier: GPL-3.0-or-later */
/* facts.c: names above values. */
#include "gui/facts.h"

#include "base/text.h"
#include "gui/wrap_box.h"

#include <glib/gi18n.h>

struct _AssayFacts {
  AdwBin parent_instance;
};

G_DEFINE_FINAL_TYPE (AssayFacts, assay_facts, ADW_TYPE_BIN)

static const struct { const char *icon, *style, *word; } marks[] = {
  [ASSAY_MARK_PASSED] = { "assay-passed-symbolic", "assay-good", N_("passed") },
  [ASSAY_MARK_FAILED] = { "assay-failed-symbolic", "assay-bad", N_("failed") },
  [ASSAY_MARK_UNKNOWN] = { "assay-unknown-symbolic", "assay-warn", N_("not checked") },
};

GtkWidget *
assay_mark_new (AssayMark mark)
{
  GtkWidget *image = gtk_image_new_from_icon_name (marks[mark].icon);

  gtk_widget_add_css_class (image, marks[mark].style);
  gtk_accessible_update_property (GTK_ACCESSIBLE (image), GTK_ACCESSIBLE_PROPERTY_LABEL, _(marks[mark].word), -1);
  return image;
}

void
assay_facts_clear (AssayFacts *self)
{
  AssayWrapBox *box = assay_wrap_box_new (28);

  adw_bin_set_child (ADW_BIN (self), GTK_WIDGET (box));
}

void
assay_facts_add (AssayFacts *self, const char *name, const char *value, AssayMark mark, const char *why)
{
  g_autofree char *visible = assay_text_escape (value, FALSE), *explained = why ? assay_text_escape (why, TRUE) : NULL;
  GtkWidget *fact = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2), *line = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *head = gtk_label_new (name), *body = gtk_label_new (visible);

  gtk_label_set_xalign (GTK_LABEL (head), 0);
  gtk_widget_add_css_class (head, "caption");
  gtk_widget_add_css_class (head, "dim-label");
  gtk_label_set_xalign (GTK_LABEL (body), 0);
  gtk_label_set_ellipsize (GTK_LABEL (body), PANGO_ELLIPSIZE_END);
  gtk_label_set_selectable (GTK_LABEL (body), TRUE);
  gtk_widget_add_css_class (body, "numeric");
  gtk_accessible_update_property (GTK_ACCESSIBLE (body), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  if (mark != ASSAY_MARK_NONE)
    gtk_box_append (GTK_BOX (line), assay_mark_new (mark));
  gtk_box_append (GTK_BOX (line), body);
  gtk_box_append (GTK_BOX (fact), head);
  gtk_box_append (GTK_BOX (fact), line);
  gtk_widget_set_tooltip_text (fact, explained);
  assay_wrap_box_append (ASSAY_WRAP_BOX (adw_bin_get_child (ADW_BIN (self))), fact);
}

static void
assay_facts_class_init (AssayFactsClass *klass)
{
  (void) klass;
}

static void
assay_facts_init (AssayFacts *self)
{
  assay_facts_clear (self);
}
