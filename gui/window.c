/* SPDX-License-Identifier: GPL-3.0-or-later */
/* window.c: the states of a window (start, opening, failed, a case), its pages, and what is remembered of it. */
#include "gui/window.h"

#include "base/error.h"
#include "base/text.h"
#include "gui/case_memory.h"
#include "gui/job_strip.h"
#include "gui/model_opening.h"
#include "gui/watchdog.h"
#include "gui/welcome.h"

#include <glib/gi18n.h>

#define REMEMBER_MSEC 400
#define FIRST_PAGE "overview"
#define WAY_BACK_SECONDS 15     /* long enough to be reached without a pointer */

struct _AssayWindow {
  AdwApplicationWindow parent_instance;
  GtkStack *states, *pages;
  AdwToastOverlay *toasts;
  AdwLeaflet *leaflet;
  GtkWidget *sidebar, *content;
  GtkListBox *perspectives;
  AdwWindowTitle *case_title, *page_title;
  AdwStatusPage *failed_page;
  GtkWidget *failed_other;
  GtkLabel *failed_text, *fault_text;
  GtkInfoBar *fault_bar;
  GtkSpinner *opening_spinner;
  AssayWelcome *welcome;
  AssayJobStrip *job_strip;
  AssayOpenCase *cas;
  AssaySession *session;
  AssayPage *front;
  guint remember;
};

G_DEFINE_FINAL_TYPE (AssayWindow, assay_window, ADW_TYPE_APPLICATION_WINDOW)

AssayApplication *
assay_window_get_application (AssayWindow *self)
{
  return ASSAY_APPLICATION (gtk_window_get_application (GTK_WINDOW (self)));
}

AssayOpenCase *
assay_window_get_case (AssayWindow *self)
{
  return self->cas;
}

AssaySession *
assay_window_get_session (AssayWindow *self)
{
  return self->session;
}

AssayPage *
assay_window_get_page (AssayWindow *self)
{
  return self->front;
}

AssayPage *
assay_window_find_page (AssayWindow *self, const char *name)
{
  return ASSAY_PAGE (gtk_stack_get_child_by_name (self->pages, name));
}

void
assay_window_tell (AssayWindow *self, const char *text, const char *button, const char *action)
{
  g_autofree char *visible = assay_text_escape (text, FALSE), *safe = g_markup_escape_text (visible, -1);       /* a toast's title is markup */
  AdwToast *toast = adw_toast_new (safe);

  if (action != NULL)
    {
      adw_toast_set_button_label (toast, button);
      adw_toast_set_detailed_action_name (toast, action);
      adw_toast_set_timeout (toast, WAY_BACK_SECONDS);
    }
  adw_toast_overlay_add_toast (self->toasts, toast);
}

void
assay_window_show_sidebar (AssayWindow *self)
{
  adw_leaflet_set_visible_child (self->leaflet, self->sidebar);
}

/* --- what is remembered -------------------------------------------------------------------------------------------- */

static const char *
memory_key (AssayWindow *self)
{
  AssayCaseContents *contents = self->cas ? assay_open_case_get_contents (self->cas) : NULL;

  return contents == NULL ? NULL : contents->uuid ? contents->uuid : contents->path;
}

static void
remember_now (AssayWindow *self)
{
  g_clear_handle_id (&self->remember, g_source_remove);
  if (memory_key (self) != NULL)
    assay_case_memory_save (memory_key (self), assay_session_get_place (self->session));
}

static gboolean
on_remember (gpointer data)
{
  AssayWindow *self = data;

  self->remember = 0;
  remember_now (self);
  return G_SOURCE_REMOVE;
}

static void
restore_place (AssayWindow *self)
{
  g_autoptr (AssayPlace) place = assay_case_memory_load (memory_key (self));

  if (place == NULL || assay_page_find (place->page) == NULL)
    {
      assay_place_free (place);
      place = assay_place_new (FIRST_PAGE);
    }
  assay_session_restart (self->session, place);
}

/* --- following the session ----------------------------------------------------------------------------------------- */

static void
select_perspective (AssayWindow *self, const char *name)
{
  for (int k = 0; assay_page_list ()[k] != NULL; k++)
    if (g_strcmp0 (assay_page_list ()[k]->name, name) == 0)
      gtk_list_box_select_row (self->perspectives, gtk_list_box_get_row_at_index (self->perspectives, k));
}

static void
on_session_changed (AssaySession *session, AssayWindow *self)
{
  const AssayPageInfo *info = assay_page_find (assay_session_get_page (session));
  AssayPage *page = info ? assay_window_find_page (self, info->name) : NULL;

  if (page == NULL)
    return;
  for (const AssayPageInfo *const *other = assay_page_list (); *other != NULL; other++)
    assay_page_place_changed (assay_window_find_page (self, (*other)->name));
  if (page != self->front)
    {
      if (self->front != NULL)
        assay_page_set_shown (self->front, FALSE);
      self->front = page;
      assay_watchdog_set_page (info->name);
      gtk_stack_set_visible_child (self->pages, GTK_WIDGET (page));
      adw_window_title_set_title (self->page_title, _(info->title));
      select_perspective (self, info->name);
      assay_page_set_shown (page, TRUE);
    }
  assay_window_update_actions (self);
  if (self->remember == 0)
    self->remember = g_timeout_add (REMEMBER_MSEC, on_remember, self);
}

static void
on_perspective_activated (GtkListBox *box, GtkListBoxRow *row, AssayWindow *self)
{
  (void) box;
  assay_session_go_to (self->session, assay_page_list ()[gtk_list_box_row_get_index (row)]->name);
  adw_leaflet_set_visible_child (self->leaflet, self->content);
}

/* --- following the case -------------------------------------------------------------------------------------------- */

static const char *
failure_title (const GError *fault)
{
  if (g_error_matches (fault, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND))
    return _("No Case There");
  if (g_error_matches (fault, ASSAY_ERROR, ASSAY_ERROR_VERSION))
    return _("Made by a Newer Assay");
  if (g_error_matches (fault, ASSAY_ERROR, ASSAY_ERROR_DAMAGED))
    return _("The Case Is Damaged");
  if (g_error_matches (fault, ASSAY_ERROR, ASSAY_ERROR_PERMISSION))
    return _("No Permission to Read the Case");
  return _("The Case Cannot Be Opened");
}

static void
show_failure (AssayWindow *self, const GError *fault)
{
  g_autofree char *visible = assay_text_escape (fault->message, FALSE);

  adw_status_page_set_title (self->failed_page, failure_title (fault));
  gtk_label_set_text (self->failed_text, visible);
  gtk_stack_set_visible_child_name (self->states, "failed");
  gtk_widget_grab_focus (self->failed_other);    /* the text can be selected, and would be wherever the focus goes of itself */
}

static void
show_case (AssayWindow *self, gboolean is_first)
{
  const GError *fault = assay_open_case_get_fault (self->cas);
  AssayCaseContents *contents = assay_open_case_get_contents (self->cas);
  g_autofree char *visible = fault ? assay_text_escape (fault->message, FALSE) : NULL, *title = NULL;

  gtk_label_set_text (self->fault_text, visible ? visible : "");
  gtk_info_bar_set_revealed (self->fault_bar, fault != NULL);
  adw_window_title_set_title (self->case_title, contents->name);
  adw_window_title_set_subtitle (self->page_title, contents->name);
  title = g_strdup_printf (_("%s – Assay Workbench"), contents->name);
  gtk_window_set_title (GTK_WINDOW (self), title);
  for (const AssayPageInfo *const *info = assay_page_list (); *info != NULL; info++)
    assay_page_set_case (assay_window_find_page (self, (*info)->name), self->cas);
  gtk_stack_set_visible_child_name (self->states, "case");
  if (!is_first)
    return;
  assay_settings_add_recent (assay_application_get_settings (assay_window_get_application (self)), contents->path);
  restore_place (self);
  adw_leaflet_set_visible_child (self->leaflet, self->content);
  assay_watchdog_case_shown (GTK_WIDGET (self));
}

static void
on_case_changed (AssayOpenCase *cas, AssayWindow *self)
{
  gboolean is_first = g_strcmp0 (gtk_stack_get_visible_child_name (self->states), "case") != 0;

  gtk_spinner_set_spinning (self->opening_spinner, FALSE);
  if (assay_open_case_get_state (cas) == ASSAY_CASE_OPEN)
    show_case (self, is_first);
  else if (assay_open_case_get_state (cas) == ASSAY_CASE_FAILED)
    show_failure (self, assay_open_case_get_fault (cas));
  assay_window_update_actions (self);
}

static void
forget_case (AssayWindow *self)
{
  if (self->cas == NULL)
    return;
  remember_now (self);
  g_signal_handlers_disconnect_by_data (self->cas, self);
  g_clear_object (&self->cas);
  if (self->front != NULL)
    assay_page_set_shown (self->front, FALSE);
  self->front = NULL;
  for (const AssayPageInfo *const *info = assay_page_list (); *info != NULL; info++)
    assay_page_set_case (assay_window_find_page (self, (*info)->name), NULL);
}

void
assay_window_open (AssayWindow *self, const char *path)
{
  g_autofree char *whole = assay_case_path_from (path);

  forget_case (self);
  gtk_spinner_set_spinning (self->opening_spinner, TRUE);
  gtk_stack_set_visible_child_name (self->states, "opening");
  self->cas = assay_open_case_new (whole);
  g_signal_connect (self->cas, "changed", G_CALLBACK (on_case_changed), self);
  assay_settings_set_last (assay_application_get_settings (assay_window_get_application (self)), whole);
  assay_job_strip_set_case (self->job_strip, whole);
  assay_window_update_actions (self);
}

void
assay_window_close_case (AssayWindow *self)
{
  forget_case (self);
  assay_settings_set_last (assay_application_get_settings (assay_window_get_application (self)), "");
  gtk_window_set_title (GTK_WINDOW (self), _("Assay Workbench"));
  gtk_stack_set_visible_child_name (self->states, "welcome");
  assay_window_update_actions (self);
}

/* --- the window itself --------------------------------------------------------------------------------------------- */

static gboolean
on_drop (GtkDropTarget *target, const GValue *value, double x, double y, AssayWindow *self)
{
  GSList *files = g_value_get_boxed (value);
  g_autofree char *path = files ? g_file_get_path (files->data) : NULL;

  (void) target;
  (void) x;
  (void) y;
  if (path == NULL)
    return FALSE;
  assay_model_opening_take (self, path);
  return TRUE;
}

static void
add_perspective (AssayWindow *self, const AssayPageInfo *info)
{
  GtkWidget *row = gtk_list_box_row_new (), *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12), *page = g_object_new (info->get_type (), NULL);

  gtk_box_append (GTK_BOX (box), gtk_image_new_from_icon_name (info->icon));
  gtk_box_append (GTK_BOX (box), gtk_label_new (_(info->title)));
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), box);
  gtk_widget_set_tooltip_text (row, _(info->purpose));
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, _(info->title), -1);
  gtk_list_box_append (self->perspectives, row);
  gtk_stack_add_named (self->pages, page, info->name);
}

static gboolean
on_close_request (GtkWindow *window, gpointer unused)
{
  AssayWindow *self = ASSAY_WINDOW (window);
  int width, height;

  (void) unused;
  gtk_window_get_default_size (window, &width, &height);
  assay_settings_set_window (assay_application_get_settings (assay_window_get_application (self)), width, height, gtk_window_is_maximized (window));
  remember_now (self);
  return GDK_EVENT_PROPAGATE;
}

static void
assay_window_dispose (GObject *object)
{
  AssayWindow *self = ASSAY_WINDOW (object);

  g_clear_handle_id (&self->remember, g_source_remove);
  if (self->session != NULL)
    g_signal_handlers_disconnect_by_data (self->session, self);
  if (self->cas != NULL)
    g_signal_handlers_disconnect_by_data (self->cas, self);
  g_clear_object (&self->cas);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (assay_window_parent_class)->dispose (object);
}

static void
assay_window_class_init (AssayWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = assay_window_dispose;
  g_type_ensure (ASSAY_TYPE_WELCOME);
  g_type_ensure (ASSAY_TYPE_JOB_STRIP);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/assay/Workbench/window.ui");
  gtk_widget_class_bind_template_child (widget_class, AssayWindow, states);
  gtk_widget_class_bind_template_child (widget_class, AssayWindow, pages);
  gtk_widget_class_bind_template_child (widget_class, AssayWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, AssayWindow, leaflet);
  gtk_widget_class_bind_template_child (widget_class, AssayWindow, sidebar);
  gtk_widget_class_bind_template_child (widget_class, AssayWindow, content);
  gtk_widget_class_bind_template_child (widget_class, AssayWindow, perspectives);
  gtk_widget_class_bind_template_child (widget_class, AssayWindow, case_title);
  gtk_widget_class_bind_template_child (widget_class, AssayWindow, page_title);
  gtk_widget_class_bind_template_child (widget_class, AssayWindow, failed_page);
  gtk_widget_class_bind_template_child (widget_class, AssayWindow, failed_text);
  gtk_widget_class_bind_template_child (widget_class, AssayWindow, failed_other);
  gtk_widget_class_bind_template_child (widget_class, AssayWindow, fault_text);
  gtk_widget_class_bind_template_child (widget_class, AssayWindow, fault_bar);
  gtk_widget_class_bind_template_child (widget_class, AssayWindow, opening_spinner);
  gtk_widget_class_bind_template_child (widget_class, AssayWindow, welcome);
  gtk_widget_class_bind_template_child (widget_class, AssayWindow, job_strip);
}

static void
assay_window_init (AssayWindow *self)
{
  GtkDropTarget *target = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);

  gtk_widget_init_template (GTK_WIDGET (self));
  assay_window_add_actions (self);
  self->session = assay_session_new (FIRST_PAGE);
  for (const AssayPageInfo *const *info = assay_page_list (); *info != NULL; info++)
    add_perspective (self, *info);
  g_signal_connect (self->session, "changed", G_CALLBACK (on_session_changed), self);
  g_signal_connect (self->perspectives, "row-activated", G_CALLBACK (on_perspective_activated), self);
  g_signal_connect (self, "close-request", G_CALLBACK (on_close_request), NULL);
  g_signal_connect (target, "drop", G_CALLBACK (on_drop), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (target));
}

AssayWindow *
assay_window_new (AssayApplication *application)
{
  AssayWindow *self = g_object_new (ASSAY_TYPE_WINDOW, "application", application, NULL);
  AssaySettings *settings = assay_application_get_settings (application);
  AssayJobList *jobs = assay_application_get_jobs (application);
  int width, height;
  gboolean is_maximized;

  assay_settings_get_window (settings, &width, &height, &is_maximized);
  gtk_window_set_default_size (GTK_WINDOW (self), width, height);
  if (is_maximized)
    gtk_window_maximize (GTK_WINDOW (self));
  for (const AssayPageInfo *const *info = assay_page_list (); *info != NULL; info++)
    assay_page_set_session (assay_window_find_page (self, (*info)->name), self->session, jobs);
  assay_welcome_set_services (self->welcome, settings, jobs);
  assay_job_strip_set_jobs (self->job_strip, jobs);
  assay_window_update_actions (self);
  return self;
}
