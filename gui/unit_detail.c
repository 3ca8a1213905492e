/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unit_detail.c: from the document of one unit to widgets. */
#include "gui/unit_detail.h"

#include "base/json.h"
#include "base/text.h"
#include "gui/figure_area.h"
#include "job/units_view.h"
#include "job/view.h"

#include <glib/gi18n.h>
#include <string.h>

#define FIGURE_WIDTH 620
#define MAX_SIDE 12             /* tokens or columns of a side that are listed */
#define BEFORE 24               /* characters before the token of an example */

struct _AssayUnitDetail {
  GtkBox parent_instance;
};

G_DEFINE_FINAL_TYPE (AssayUnitDetail, assay_unit_detail, GTK_TYPE_BOX)

/* --- parts ----------------------------------------------------------------------------------------------------------- */

static GtkWidget *
make_label (const char *text, const char *css_class)
{
  g_autofree char *visible = assay_text_escape (text, FALSE);
  GtkWidget *label = gtk_label_new (visible);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_selectable (GTK_LABEL (label), TRUE);
  if (css_class != NULL)
    gtk_widget_add_css_class (label, css_class);
  return label;
}

static void
add (AssayUnitDetail *self, GtkWidget *widget)
{
  gtk_box_append (GTK_BOX (self), widget);
}

static void
add_heading (AssayUnitDetail *self, const char *words)
{
  GtkWidget *label = make_label (words, "title-4");

  gtk_widget_set_margin_top (label, 12);
  add (self, label);
}

static void
add_fact (GtkGrid *grid, int *row, const char *name, const char *value, const char *why)
{
  GtkWidget *what = make_label (name, "dim-label"), *text = make_label (value, NULL);

  gtk_label_set_yalign (GTK_LABEL (what), 0);
  gtk_widget_set_hexpand (text, TRUE);
  if (why != NULL)
    gtk_widget_set_tooltip_text (text, why);
  gtk_grid_attach (grid, what, 0, *row, 1, 1);
  gtk_grid_attach (grid, text, 1, (*row)++, 1, 1);
}

static GtkWidget *
make_grid (void)
{
  GtkWidget *grid = gtk_grid_new ();

  gtk_grid_set_column_spacing (GTK_GRID (grid), 14);
  gtk_grid_set_row_spacing (GTK_GRID (grid), 4);
  return grid;
}

static char *
number (const json_t *object, const char *key, guint digits)
{
  return assay_view_number (assay_json_get_number (object, key), digits);
}

/* "+0.81 (0.435 to 1.18)" of {"value", "lo", "hi"}. */
static char *
estimate (const json_t *object)
{
  g_autofree char *value = number (object, "value", 3), *lo = number (object, "lo", 3), *hi = number (object, "hi", 3);

  return g_strdup_printf (_("%s%s (%s to %s)"), assay_json_get_number (object, "value") > 0 ? "+" : "", value, lo, hi);
}

/* --- facts ----------------------------------------------------------------------------------------------------------- */

static void
add_statistics (AssayUnitDetail *self, const json_t *page)
{
  g_autofree char *density = assay_view_number (100 * assay_json_get_number (page, "density"), 3), *mean = number (page, "mean", 3);
  g_autofree char *deviation = number (page, "standard_deviation", 3);
  g_autofree char *least = number (page, "min", 3), *most = number (page, "max", 3);
  g_autofree char *rows = assay_view_count (json_integer_value (json_object_get (page, "rows")));
  g_autofree char *active = g_strdup_printf (_("at %s %% of %s rows"), density, rows);
  g_autofree char *values = g_strdup_printf (_("mean %s, standard deviation %s, from %s to %s"), mean, deviation, least, most);
  GtkWidget *grid = make_grid ();
  int row = 0;

  add_fact (GTK_GRID (grid), &row, _("active"), active, _("Rows of the recording with an activation other than 0"));
  add_fact (GTK_GRID (grid), &row, _("activation"), values, NULL);
  if (json_is_true (json_object_get (page, "dead")))
    add_fact (GTK_GRID (grid), &row, _("dead"), _("never anything but 0 in this recording"), NULL);
  if (json_is_true (json_object_get (page, "constant")))
    add_fact (GTK_GRID (grid), &row, _("constant"), _("the same at every row of this recording"), NULL);
  if (json_is_integer (json_object_get (page, "duplicate_of")))
    {
      g_autofree char *twin = g_strdup_printf (_("the same activations as unit %" G_GINT64_FORMAT), (gint64) json_integer_value (json_object_get (page, "duplicate_of")));

      add_fact (GTK_GRID (grid), &row, _("duplicate"), twin, NULL);
    }
  add (self, grid);
}

/* "2, 0, ANS" of [{"name"}]. */
static char *
list_names (const json_t *items)
{
  GString *names = g_string_new (NULL);
  gsize k;
  json_t *item;

  json_array_foreach (items, k, item)
    if (k < MAX_SIDE)
      {
        g_autofree char *name = assay_units_view_dup_line (item, "name");

        g_string_append_printf (names, "%s%s", k > 0 ? ", " : "", name);
      }
  return g_string_free (names, FALSE);
}

static void
add_side (GtkGrid *grid, int *row, const char *what, const json_t *side)
{
  const char *reason = assay_json_get_text (side, "reason"), *through = assay_json_get_text (side, "through");
  g_autofree char *up = list_names (json_object_get (side, "positive")), *down = list_names (json_object_get (side, "negative")), *text = NULL, *why = NULL;

  if (!json_is_object (side))
    return;
  why = g_strdup_printf (_("By the weights %s, the strongest first"), through);
  text = reason[0] != '\0' ? g_strdup_printf (_("not available: %s"), reason) : g_strdup_printf (_("up: %s; down: %s"), up, down);
  add_fact (grid, row, what, text, why);
}

static void
add_directions (AssayUnitDetail *self, const json_t *page)
{
  const json_t *reads = json_object_get (page, "reads");
  GtkWidget *grid;
  int row = 0;
  gsize k;
  json_t *side;

  if (json_array_size (reads) == 0 && !json_is_object (json_object_get (page, "writes")))
    return;
  grid = make_grid ();
  json_array_foreach (reads, k, side)
    add_side (GTK_GRID (grid), &row, _("reads"), side);
  add_side (GTK_GRID (grid), &row, _("writes"), json_object_get (page, "writes"));
  add_heading (self, _("What It Reads and Writes"));
  add (self, grid);
}

static void
add_ablation (AssayUnitDetail *self, const json_t *page)
{
  const json_t *ablation = json_object_get (page, "ablation"), *control = json_object_get (ablation, "control");
  g_autofree char *loss = NULL, *logit = NULL, *right = NULL, *others = NULL, *beside = NULL, *least = NULL, *most = NULL, *p = NULL;
  GtkWidget *grid = make_grid ();
  int row = 0;

  add_heading (self, _("Without It"));
  if (!json_is_object (ablation))
    {
      add (self, make_label (_("A description only: the unit was not ablated, so nothing here says what it does for the model."), "dim-label"));
      g_object_ref_sink (grid);
      g_object_unref (grid);
      return;
    }
  loss = estimate (json_object_get (ablation, "loss_change"));
  logit = estimate (json_object_get (ablation, "logit_change"));
  right = estimate (json_object_get (ablation, "accuracy_change"));
  others = estimate (json_object_get (control, "loss_change"));
  least = number (control, "least", 3);
  most = number (control, "most", 3);
  p = number (control, "p", 2);
  beside = g_strdup_printf (_("%s nats in the mean of %d random other units, one at a time, from %s to %s; %d of them by as much (p %s)"), others,
                            (int) json_integer_value (json_object_get (control, "n")), least, most, (int) json_integer_value (json_object_get (control, "at_least_as_much")), p);
  add_fact (GTK_GRID (grid), &row, _("loss"), loss, _("Change of the mean loss in nats when the activation is replaced by its mean; 95 % interval"));
  add_fact (GTK_GRID (grid), &row, _("target's logit"), logit, NULL);
  add_fact (GTK_GRID (grid), &row, _("right answers"), right, _("Change of the share of right answers"));
  add_fact (GTK_GRID (grid), &row, _("control"), beside, _("The same done to other units tells what is special about this one"));
  add (self, grid);
}

/* --- histogram ------------------------------------------------------------------------------------------------------- */

/* Bins are quarters of octaves: near zero far narrower than a pixel. Neighbours are put together until each step is this share of the range wide, and the
 * height is rows for each unit of activation, so that equal areas are equally many rows. */
#define NARROWEST (1.0 / 60)

/* n counts between n + 1 edges, in place. Returns how many steps are left. */
static gsize
make_densities (gsize n, double *edges, double *count)
{
  double width = NARROWEST * (edges[n] - edges[0]), rows = 0;
  gsize made = 0;

  for (gsize k = 0; k < n; k++)
    {
      rows += count[k];
      if (edges[k + 1] - edges[made] < width)
        {
          if (k + 1 < n || made == 0)
            continue;
          made--;                                       /* what is left at the upper end joins the last step */
          rows += count[made] * (edges[made + 1] - edges[made]);
        }
      count[made] = rows / (edges[k + 1] - edges[made]);
      edges[++made] = edges[k + 1];
      rows = 0;
    }
  return made;
}

static void
add_histogram (AssayUnitDetail *self, const json_t *answer)
{
  const json_t *counts = json_object_get (json_object_get (answer, "page"), "histogram"), *all = json_object_get (answer, "histogram_edges");
  gsize n = json_array_size (counts), first = 0, last = n;
  g_autofree double *edges = NULL, *count = NULL;
  AssayFigure *figure;

  /* The outermost bins are open. */
  while (first < n && json_integer_value (json_array_get (counts, first)) == 0)
    first++;
  while (last > first && json_integer_value (json_array_get (counts, last - 1)) == 0)
    last--;
  if (last <= first || !json_is_number (json_array_get (all, first)) || !json_is_number (json_array_get (all, last))
      || json_number_value (json_array_get (all, last)) <= json_number_value (json_array_get (all, first)))
    return;
  edges = g_new (double, last - first + 1);
  count = g_new (double, last - first);
  for (gsize k = first; k <= last; k++)
    {
      edges[k - first] = json_number_value (json_array_get (all, k));
      if (k < last)
        count[k - first] = json_number_value (json_array_get (counts, k));
    }
  n = make_densities (last - first, edges, count);
  figure = assay_figure_new ("unit-histogram", _("Histogram of its activations"));
  assay_figure_set_axis (figure, ASSAY_AXIS_X, ASSAY_SCALE_LINEAR, _("activation"), NULL);
  assay_figure_set_axis (figure, ASSAY_AXIS_Y, ASSAY_SCALE_LINEAR, _("rows per unit of activation"), NULL);
  assay_figure_add_histogram (figure, NULL, ASSAY_ROLE_MAIN, n, edges, count);
  assay_figure_set_reading (figure, _("How many rows have which activation: equal areas are equally many rows."));
  add_heading (self, _("Activations"));
  add (self, assay_figure_area_new (figure, FIGURE_WIDTH));
  assay_figure_unref (figure);
}

/* --- examples -------------------------------------------------------------------------------------------------------- */

/* Text as one line: ends of lines are shown. */
static char *
dup_line (const json_t *context, const char *key)
{
  g_autofree char *line = assay_units_view_dup_line (context, key);

  return assay_text_escape (line, FALSE);
}

static GtkWidget *
make_text (const char *text, double align, PangoEllipsizeMode ellipsize)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), (float) align);
  gtk_label_set_ellipsize (GTK_LABEL (label), ellipsize);
  gtk_widget_add_css_class (label, "monospace");
  return label;
}

/* Bold, on a ground of its own, and between brackets: not by colour alone. */
static GtkWidget *
make_mark (const char *token)
{
  g_autofree char *text = g_strconcat ("[", token, "]", NULL);
  GtkWidget *label = make_text (text, 0, PANGO_ELLIPSIZE_NONE);
  PangoAttrList *attributes = pango_attr_list_new ();

  pango_attr_list_insert (attributes, pango_attr_weight_new (PANGO_WEIGHT_BOLD));
  pango_attr_list_insert (attributes, pango_attr_background_new (0xff00, 0xc400, 0x4d00));
  pango_attr_list_insert (attributes, pango_attr_background_alpha_new (0x6000));
  gtk_label_set_attributes (GTK_LABEL (label), attributes);
  pango_attr_list_unref (attributes);
  return label;
}

/* "...the tiger was [n]ot mean": tokens that a value stands at are under each other, and never out of sight. */
static GtkWidget *
make_strip (const json_t *example)
{
  const json_t *context = json_object_get (example, "context");
  g_autofree char *before = dup_line (context, "before"), *middle = dup_line (context, "token"), *after = dup_line (context, "after");
  g_autofree char *left = g_strconcat (json_is_true (json_object_get (context, "begins_earlier")) ? "…" : "", before,
                                       json_is_true (json_object_get (context, "space_before")) ? " " : "", NULL);
  g_autofree char *right = g_strconcat (json_is_true (json_object_get (context, "space_after")) ? " " : "", after,
                                        json_is_true (json_object_get (context, "goes_on")) ? "…" : "", NULL);
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 0), *first = make_text (left, 1, PANGO_ELLIPSIZE_START), *last = make_text (right, 0, PANGO_ELLIPSIZE_END);

  gtk_widget_set_hexpand (box, TRUE);
  gtk_label_set_width_chars (GTK_LABEL (first), BEFORE);
  gtk_label_set_max_width_chars (GTK_LABEL (first), BEFORE);
  gtk_widget_set_hexpand (last, TRUE);
  gtk_box_append (GTK_BOX (box), first);
  gtk_box_append (GTK_BOX (box), make_mark (middle));
  gtk_box_append (GTK_BOX (box), last);
  return box;
}

/* An example without tokens. */
static GtkWidget *
make_words (const json_t *example)
{
  g_autofree char *text = assay_text_escape (assay_json_get_text (example, "text"), FALSE);
  GtkWidget *label = make_text (text, 0, PANGO_ELLIPSIZE_END);

  gtk_widget_set_hexpand (label, TRUE);
  return label;
}

static GtkWidget *
make_example (const json_t *example)
{
  g_autofree char *value = number (example, "value", 3);
  g_autofree char *place = g_strdup_printf ("%s:%" G_GINT64_FORMAT, assay_json_get_text (example, "split"), (gint64) json_integer_value (json_object_get (example, "index")));
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12), *shown = gtk_label_new (value), *button = gtk_button_new_with_label (place);

  gtk_label_set_width_chars (GTK_LABEL (shown), 9);
  gtk_label_set_xalign (GTK_LABEL (shown), 1);
  gtk_widget_add_css_class (shown, "numeric");
  gtk_widget_add_css_class (button, "flat");
  gtk_widget_set_tooltip_text (button, _("Show this example"));
  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), "win.follow");
  gtk_actionable_set_action_target (GTK_ACTIONABLE (button), "(sss)", "examples", "example", place);
  gtk_box_append (GTK_BOX (box), shown);
  gtk_box_append (GTK_BOX (box), json_is_object (json_object_get (example, "context")) ? make_strip (example) : make_words (example));
  gtk_box_append (GTK_BOX (box), button);
  return box;
}

static void
add_examples (AssayUnitDetail *self, const char *heading, const json_t *examples)
{
  gsize k;
  json_t *example;

  if (json_array_size (examples) == 0)
    return;
  add_heading (self, heading);
  json_array_foreach (examples, k, example)
    add (self, make_example (example));
}

static void
add_bands (AssayUnitDetail *self, const json_t *bands)
{
  gsize k, i;
  json_t *band, *example;

  if (json_array_size (bands) == 0)
    return;
  add_heading (self, _("Drawn from Each Fifth of Its Activations"));
  json_array_foreach (bands, k, band)
    {
      g_autofree char *lo = number (band, "lo", 3), *hi = number (band, "hi", 3), *rows = assay_view_count (json_integer_value (json_object_get (band, "count")));
      g_autofree char *words = g_strdup_printf (_("%s to %s, %s rows"), lo, hi, rows);

      add (self, make_label (words, "dim-label"));
      json_array_foreach (json_object_get (band, "examples"), i, example)
        add (self, make_example (example));
    }
}

/* --- the whole ------------------------------------------------------------------------------------------------------- */

void
assay_unit_detail_show (AssayUnitDetail *self, const json_t *answer)
{
  const json_t *page = json_object_get (answer, "page");
  GtkWidget *child;
  g_autofree char *title = NULL;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_box_remove (GTK_BOX (self), child);
  if (!json_is_object (page))
    return;
  title = g_strdup_printf (_("Unit %" G_GINT64_FORMAT " of %s"), (gint64) json_integer_value (json_object_get (page, "unit")), assay_json_get_text (page, "tap"));
  add (self, make_label (title, "title-2"));
  add_statistics (self, page);
  add_ablation (self, page);
  add_directions (self, page);
  add_histogram (self, answer);
  add_examples (self, _("Largest Activations"), json_object_get (page, "top"));
  add_examples (self, _("Smallest Activations"), json_object_get (page, "bottom"));
  add_bands (self, json_object_get (page, "bands"));
}

static void
assay_unit_detail_class_init (AssayUnitDetailClass *klass)
{
  (void) klass;
}

static void
assay_unit_detail_init (AssayUnitDetail *self)
{
  gtk_orientable_set_orientation (GTK_ORIENTABLE (self), GTK_ORIENTATION_VERTICAL);
  gtk_box_set_spacing (GTK_BOX (self), 6);
}
