/* SPDX-License-Identifier: GPL-3.0-or-later */
/* settings.h: values that stand behind the command line: environment, the file of --config, assay.conf, in this order.
 *
 * Thread rule: the main thread.
 */
#pragma once

#include "job/command_line.h"

/* Fills in what the command line left open. Errors: USAGE and INPUT, naming file, group and entry. */
gboolean assay_settings_apply (AssayCommandLine *line, GError **error);
