/* SPDX-License-Identifier: GPL-3.0-or-later */
/* main.c: starts the application. */
#include "config.h"
#include "gui/application.h"
#include "gui/watchdog.h"

#include <glib/gi18n.h>
#include <locale.h>

static int
print_version (GApplication *application, GVariantDict *options, gpointer unused)
{
  (void) application;
  (void) unused;
  if (!g_variant_dict_contains (options, "version"))
    return -1;
  g_print ("assay-workbench (" PACKAGE_NAME ") " PACKAGE_VERSION "\n"
           "License GPL-3.0-or-later, with an additional permission to link the CUDA libraries (COPYING.CUDA).\n");
  return 0;
}

int
main (int argc, char **argv)
{
  g_autoptr (AssayApplication) application = NULL;
  g_autoptr (GError) fault = NULL;
  int status;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, ASSAY_LOCALE_DIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  g_set_application_name (_("Assay Workbench"));
  gtk_window_set_default_icon_name (ASSAY_APPLICATION_ID);
  application = assay_application_new ();
  g_signal_connect (application, "handle-local-options", G_CALLBACK (print_version), NULL);
  assay_watchdog_start ();
  status = g_application_run (G_APPLICATION (application), argc, argv);
  if (!assay_watchdog_stop (&fault))
    g_printerr ("assay-workbench: %s\n", fault->message);
  return status;
}
