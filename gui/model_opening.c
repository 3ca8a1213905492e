/* SPDX-License-Identifier: GPL-3.0-or-later */
/* model_opening.c: a question, a job that makes a case, and the form of the import. */
#include "gui/model_opening.h"

#include "base/text.h"
#include "gui/model_path.h"
#include "gui/welcome.h"
#include "job/spec.h"

#include <glib/gi18n.h>

#define KEY "assay-model-opening"

#define ASSAY_TYPE_MODEL_OPENING (assay_model_opening_get_type ())
G_DECLARE_FINAL_TYPE (AssayModelOpening, assay_model_opening, ASSAY, MODEL_OPENING, GObject)

/* From the question to the form. Its window owns it, and drops it at the end. */
struct _AssayModelOpening {
  GObject parent_instance;
  AssayWindow *window;
  char *model, *cas;
  AssayJobProcess *making;      /* the job that makes the case, while it runs */
};

G_DEFINE_FINAL_TYPE (AssayModelOpening, assay_model_opening, G_TYPE_OBJECT)

static void
assay_model_opening_finalize (GObject *object)
{
  AssayModelOpening *self = ASSAY_MODEL_OPENING (object);

  g_clear_object (&self->making);
  g_free (self->model);
  g_free (self->cas);
  G_OBJECT_CLASS (assay_model_opening_parent_class)->finalize (object);
}

static void
assay_model_opening_class_init (AssayModelOpeningClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = assay_model_opening_finalize;
}

static void
assay_model_opening_init (AssayModelOpening *self)
{
  (void) self;
}

static void
drop (AssayModelOpening *self)
{
  g_object_set_data (G_OBJECT (self->window), KEY, NULL);
}

static void
propose (AssayWindow *window, const char *model)
{
  AssayOpenCase *cas = assay_window_get_case (window);
  g_autofree char *command = assay_model_path_command (model, assay_open_case_get_path (cas), assay_open_case_get_contents (cas));

  gtk_widget_activate_action (GTK_WIDGET (window), "win.propose", "s", command);
}

/* --- a case for it ------------------------------------------------------------------------------------------------------- */

/* The window has looked at it first, and takes a proposal now. */
static void
on_case_changed (AssayOpenCase *cas, AssayModelOpening *self)
{
  AssayCaseState state = assay_open_case_get_state (cas);

  if (state == ASSAY_CASE_OPENING)
    return;
  if (state == ASSAY_CASE_OPEN && assay_window_get_case (self->window) == cas)
    propose (self->window, self->model);
  drop (self);
}

static void
case_made (AssayModelOpening *self)
{
  if (assay_window_get_case (self->window) != NULL)               /* somebody has opened another one meanwhile */
    {
      g_autoptr (GVariant) target = g_variant_ref_sink (g_variant_new_string (self->cas));
      g_autofree char *action = g_action_print_detailed_name ("win.open-path", target);

      assay_window_tell (self->window, _("The case for the model is made"), _("_Open"), action);
      drop (self);
      return;
    }
  assay_window_open (self->window, self->cas);
  g_signal_connect_object (assay_window_get_case (self->window), "changed", G_CALLBACK (on_case_changed), self, 0);
}

static void
on_job_ended (AssayJobList *jobs, AssayJobProcess *process, AssayModelOpening *self)
{
  (void) jobs;
  if (process != self->making)
    return;
  if (assay_job_process_get_state (process) == ASSAY_JOB_DONE)
    {
      g_clear_object (&self->making);
      case_made (self);
      return;
    }
  assay_window_tell (self->window, assay_job_process_get_words (process), NULL, NULL);
  drop (self);
}

static void
make_case (AssayModelOpening *self)
{
  AssayApplication *application = assay_window_get_application (self->window);
  AssayJobList *jobs = assay_application_get_jobs (application);
  g_autofree char *folder = g_path_get_dirname (self->cas), *quoted = assay_job_quote_word (self->cas), *command = g_strdup_printf ("assay new %s", quoted);
  g_autoptr (GError) fault = NULL;

  g_mkdir_with_parents (folder, 0755);
  g_set_object (&self->making, assay_job_list_start (jobs, command, (guint) assay_settings_get_threads (assay_application_get_settings (application)), &fault));
  if (self->making != NULL)
    {
      g_signal_connect_object (jobs, "ended", G_CALLBACK (on_job_ended), self, 0);
      return;
    }
  assay_window_tell (self->window, fault->message, NULL, NULL);
  drop (self);
}

static void
on_response (AdwMessageDialog *dialog, const char *response, AssayModelOpening *self)
{
  (void) dialog;
  if (g_strcmp0 (response, "make") == 0)
    make_case (self);
  else
    drop (self);
}

/* Takes the model's path. */
static void
ask_for_case (AssayWindow *window, char *model)
{
  AssayModelOpening *self = g_object_new (ASSAY_TYPE_MODEL_OPENING, NULL);
  g_autofree char *demonstration = assay_welcome_demonstration_path (), *folder = g_path_get_dirname (demonstration), *body = NULL, *shown = NULL;
  GtkWidget *dialog;

  self->window = window;
  self->model = model;
  self->cas = assay_model_path_new_case (model, folder);
  g_object_set_data_full (G_OBJECT (window), KEY, self, g_object_unref);
  shown = assay_text_escape (self->cas, FALSE);
  body = g_strdup_printf (_("A case keeps a model, its data and every answer about it. It will be made here:\n%s\n\nThe model is imported when you start the job whose form comes next."), shown);
  dialog = adw_message_dialog_new (GTK_WINDOW (window), _("Make a Case for This Model?"), body);
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _("_Cancel"), "make", _("_Make Case"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "make", ADW_RESPONSE_SUGGESTED);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "make");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_response), self, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

/* --- what was dropped ---------------------------------------------------------------------------------------------------- */

static void
take_model (AssayWindow *window, char *model)
{
  AssayOpenCase *cas = assay_window_get_case (window);
  g_autofree char *mine = model;

  if (cas != NULL && assay_open_case_get_state (cas) == ASSAY_CASE_OPEN)
    propose (window, mine);
  else
    ask_for_case (window, g_steal_pointer (&mine));
}

void
assay_model_opening_take (AssayWindow *window, const char *path)
{
  g_autofree char *of = NULL, *base = NULL, *words = NULL;

  switch (assay_model_path_look (path, &of))
    {
    case ASSAY_PATH_CASE:
      assay_window_open (window, of);
      break;
    case ASSAY_PATH_MODEL:
      take_model (window, g_steal_pointer (&of));
      break;
    default:
      base = g_path_get_basename (path);
      words = g_strdup_printf (_("%s is neither a case nor a model"), base);
      assay_window_tell (window, words, NULL, NULL);
    }
}

static void
on_folder_chosen (GtkNativeDialog *dialog, int response, AssayWindow *window)
{
  g_autoptr (GFile) file = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog)) : NULL;
  g_autofree char *path = file ? g_file_get_path (file) : NULL;

  if (path != NULL)
    assay_model_opening_take (window, path);
  g_object_unref (dialog);
}

void
assay_model_opening_choose (AssayWindow *window)
{
  GtkFileChooserNative *dialog = gtk_file_chooser_native_new (_("Open a Model"), GTK_WINDOW (window), GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, _("_Open"), NULL);

  g_signal_connect (dialog, "response", G_CALLBACK (on_folder_chosen), window);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}
