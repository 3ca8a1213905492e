/* SPDX-License-Identifier: GPL-3.0-or-later */
/* job_start.c: form and command follow each other, and the program says what it thinks of them. */
#include "gui/job_start.h"

#include "base/text.h"
#include "gui/case_choices.h"
#include "gui/job_cost.h"
#include "gui/kind_chooser.h"
#include "gui/param_form.h"
#include "job/command.h"

#include <glib/gi18n.h>
#include <string.h>

#define SETTLE_MSEC 350

struct _AssayJobStart {
  AdwBin parent_instance;
  AssayKindChooser *chooser;
  GtkScrolledWindow *scrolled;
  AssayParamForm *form;
  GtkEditable *command;
  GtkActionable *copy;
  GtkImage *mark;
  GtkLabel *cost, *step_words;
  GtkWidget *steps, *start;
  AssayCaseContents *contents;
  AssaySession *session;
  GCancellable *asking;
  guint settle;
  gboolean is_following;        /* what changes now is changed by the other one */
};

G_DEFINE_FINAL_TYPE (AssayJobStart, assay_job_start, ADW_TYPE_BIN)

const char *
assay_job_start_get_command (AssayJobStart *self)
{
  return gtk_editable_get_text (self->command);
}

/* --- what it would take -------------------------------------------------------------------------------------------- */

static void
show_words (AssayJobStart *self, const char *icon, const char *style, const char *words)
{
  g_autofree char *visible = assay_text_escape (words, FALSE);

  gtk_widget_set_visible (GTK_WIDGET (self->mark), icon != NULL);
  gtk_image_set_from_icon_name (self->mark, icon);
  gtk_widget_set_css_classes (GTK_WIDGET (self->mark), (const char *[]) { style, NULL });
  gtk_label_set_text (self->cost, visible);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->cost), visible);
}

static void
refuse (AssayJobStart *self, const char *message)
{
  assay_param_form_say (self->form, message);
  show_words (self, "assay-failed-symbolic", "assay-bad", message);
}

static void
show_cost (AssayJobStart *self, const AssayJobCost *cost)
{
  show_words (self, cost->from_store ? "assay-passed-symbolic" : NULL, "assay-good", cost->words);
  gtk_label_set_text (self->step_words, cost->steps);
  gtk_widget_set_visible (self->steps, cost->steps[0] != '\0');
  gtk_widget_set_sensitive (self->start, TRUE);
}

static void
on_cost (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (AssayJobStart) self = data;
  g_autoptr (GError) fault = NULL;
  g_autoptr (AssayJobCost) cost = assay_job_cost_finish (result, &fault);

  (void) source;
  if (g_error_matches (fault, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (cost != NULL)
    show_cost (self, cost);
  else
    refuse (self, fault->message);
}

static void
stop_asking (AssayJobStart *self)
{
  g_clear_handle_id (&self->settle, g_source_remove);
  if (self->asking != NULL)
    g_cancellable_cancel (self->asking);
  g_clear_object (&self->asking);
}

static gboolean
on_settled (gpointer data)
{
  AssayJobStart *self = data;

  self->settle = 0;
  self->asking = g_cancellable_new ();
  assay_job_cost_ask (assay_job_start_get_command (self), self->asking, on_cost, g_object_ref (self));
  return G_SOURCE_REMOVE;
}

void
assay_job_start_ask (AssayJobStart *self)
{
  stop_asking (self);
  gtk_widget_set_sensitive (self->start, FALSE);
  gtk_widget_set_visible (self->steps, FALSE);
  if (assay_param_form_get (self->form) == NULL)
    return;
  assay_param_form_say (self->form, NULL);
  show_words (self, NULL, NULL, _("Asking what it takes…"));
  self->settle = g_timeout_add (SETTLE_MSEC, on_settled, self);
}

/* --- form and command ---------------------------------------------------------------------------------------------- */

static void
command_is_new (AssayJobStart *self)
{
  gtk_actionable_set_action_target (self->copy, "s", assay_job_start_get_command (self));
}

static void
show_form (AssayJobStart *self, AssayJobForm *form)
{
  assay_kind_chooser_set (self->chooser, assay_job_form_get_kind (form));
  assay_param_form_take (self->form, form);
}

/* A command that cannot be read leaves the form as it was. */
static void
on_command_changed (AssayJobStart *self)
{
  g_autoptr (GError) fault = NULL;
  AssayJobForm *form;

  command_is_new (self);
  if (self->is_following)
    return;
  form = assay_job_form_parse (assay_job_start_get_command (self), &fault);
  if (form != NULL)
    {
      show_form (self, form);
      assay_job_start_ask (self);
      return;
    }
  stop_asking (self);
  gtk_widget_set_sensitive (self->start, FALSE);
  gtk_widget_set_visible (self->steps, FALSE);
  refuse (self, fault->message);
}

static void
on_form_changed (AssayJobStart *self)
{
  g_autofree char *command = assay_job_form_make_command (assay_param_form_get (self->form));

  self->is_following = TRUE;
  gtk_editable_set_text (self->command, command);
  self->is_following = FALSE;
  assay_job_start_ask (self);
}

/* A kind that makes a case is not about the one that is open. */
static gboolean
is_about_case (const AssayJobKind *kind)
{
  return kind->access == ASSAY_JOB_NAMES_CASE || kind->access == ASSAY_JOB_READS_CASE || kind->access == ASSAY_JOB_WRITES_CASE;
}

/* What is needed and the case has: the first of it, which is what is selected where something is. */
static void
propose_needed (AssayJobStart *self, AssayJobForm *form)
{
  const AssayPlace *place = self->session ? assay_session_get_place (self->session) : NULL;

  for (const AssayParam *p = assay_job_form_get_kind (form)->params; p->name != NULL; p++)
    {
      g_autoptr (GPtrArray) choices = p->flags & ASSAY_PARAM_REQUIRED && p->names != NULL
                                      ? assay_case_choices_list (assay_job_form_get_kind (form), p, self->contents, place) : NULL;

      if (choices != NULL && choices->len > 0)
        assay_job_form_set_texts (form, p->name, (const char *[]) { ((const AssayChoice *) choices->pdata[0])->value, NULL });
    }
}

static void
begin (AssayJobStart *self, const char *name)
{
  const AssayJobKind *kind = assay_command_find (name, NULL);
  AssayJobForm *form;

  if (kind == NULL)
    return;
  form = assay_job_form_new (kind);
  if (is_about_case (kind) && self->contents != NULL)
    {
      assay_job_form_set_case (form, self->contents->path);
      propose_needed (self, form);
    }
  show_form (self, form);
  gtk_adjustment_set_value (gtk_scrolled_window_get_vadjustment (self->scrolled), 0);
  on_form_changed (self);
}

static void
on_chosen (AssayJobStart *self, const char *name)
{
  begin (self, name);
}

/* What the case needs next. */
static const char *
first_kind (const AssayCaseContents *contents)
{
  return assay_case_contents_count (contents, "data") == 0 ? "import" : assay_case_contents_count (contents, "model") == 0 ? "train" : "influence";
}

void
assay_job_start_propose (AssayJobStart *self, const char *command)
{
  gtk_editable_set_text (self->command, command);
  gtk_editable_set_position (self->command, 0);
  gtk_adjustment_set_value (gtk_scrolled_window_get_vadjustment (self->scrolled), 0);
}

void
assay_job_start_run (AssayJobStart *self)
{
  if (gtk_widget_get_sensitive (self->start))
    gtk_widget_activate_action (GTK_WIDGET (self), "win.run-quietly", "s", assay_job_start_get_command (self));
}

/* Of the rows' menus. */
static GPtrArray *
offer (const AssayParam *param, gpointer data)
{
  AssayJobStart *self = data;

  return assay_case_choices_list (assay_job_form_get_kind (assay_param_form_get (self->form)), param, self->contents,
                                  self->session ? assay_session_get_place (self->session) : NULL);
}

/* --- the object ---------------------------------------------------------------------------------------------------- */

void
assay_job_start_set_case (AssayJobStart *self, AssayCaseContents *contents, AssaySession *session)
{
  gboolean is_other = self->contents == NULL || strcmp (self->contents->path, contents->path) != 0;

  g_clear_pointer (&self->contents, assay_case_contents_unref);
  self->contents = assay_case_contents_ref (contents);
  g_set_object (&self->session, session);
  if (is_other)
    begin (self, first_kind (contents));
  else
    assay_job_start_ask (self);
}

static void
assay_job_start_dispose (GObject *object)
{
  AssayJobStart *self = ASSAY_JOB_START (object);

  stop_asking (self);
  g_clear_pointer (&self->contents, assay_case_contents_unref);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (assay_job_start_parent_class)->dispose (object);
}

static void
assay_job_start_class_init (AssayJobStartClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = assay_job_start_dispose;
  g_type_ensure (ASSAY_TYPE_KIND_CHOOSER);
  g_type_ensure (ASSAY_TYPE_PARAM_FORM);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/assay/Workbench/job_start.ui");
  gtk_widget_class_bind_template_child (widget_class, AssayJobStart, chooser);
  gtk_widget_class_bind_template_child (widget_class, AssayJobStart, scrolled);
  gtk_widget_class_bind_template_child (widget_class, AssayJobStart, form);
  gtk_widget_class_bind_template_child (widget_class, AssayJobStart, command);
  gtk_widget_class_bind_template_child (widget_class, AssayJobStart, copy);
  gtk_widget_class_bind_template_child (widget_class, AssayJobStart, mark);
  gtk_widget_class_bind_template_child (widget_class, AssayJobStart, cost);
  gtk_widget_class_bind_template_child (widget_class, AssayJobStart, steps);
  gtk_widget_class_bind_template_child (widget_class, AssayJobStart, step_words);
  gtk_widget_class_bind_template_child (widget_class, AssayJobStart, start);
  gtk_widget_class_bind_template_callback (widget_class, on_chosen);
  gtk_widget_class_bind_template_callback (widget_class, on_form_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_command_changed);
  gtk_widget_class_bind_template_callback (widget_class, assay_job_start_run);
}

static void
assay_job_start_init (AssayJobStart *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  assay_param_form_set_offer (self->form, offer, self);
}
