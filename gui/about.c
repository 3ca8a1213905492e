/* SPDX-License-Identifier: GPL-3.0-or-later */
/* about.c: the about window. */
#include "gui/about.h"

#include "config.h"
#include "job/provenance.h"

#include <glib/gi18n.h>

static char *
describe_build (void)
{
  json_t *build = assay_provenance_build (), *value;
  GString *text = g_string_new (NULL);
  const char *key;

  json_object_foreach (build, key, value)
    {
      char *dumped = json_is_string (value) ? NULL : json_dumps (value, JSON_ENCODE_ANY);

      g_string_append_printf (text, "%-17s %s\n", key, dumped ? dumped : json_string_value (value));
      free (dumped);
    }
  json_decref (build);
  return g_string_free (text, FALSE);
}

void
assay_about_show (GtkWindow *parent)
{
  g_autofree char *build = describe_build ();
  AdwAboutWindow *about = ADW_ABOUT_WINDOW (adw_about_window_new ());

  g_object_set (about, "application-name", _("Assay Workbench"), "application-icon", "org.assay.Workbench", "version", PACKAGE_VERSION, "comments",
                _("Assay opens a model, records what happens inside it, and says which training examples caused a behaviour, and how sure that is."),
                "license-type", GTK_LICENSE_GPL_3_0, "debug-info", build, "debug-info-filename", "assay-build.txt", "transient-for", parent, "modal", TRUE, NULL);
  adw_about_window_add_legal_section (about, _("CUDA Libraries"), NULL, GTK_LICENSE_CUSTOM,
                                      _("The authors give an additional permission under section 7 of the GNU GPL version 3 to link with and convey "
                                        "the NVIDIA CUDA libraries; see COPYING.CUDA."));
  gtk_window_present (GTK_WINDOW (about));
}
