/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reference_config.h: what case.json says about the model, in the words of our architectures.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include <glib.h>
#include <jansson.h>

/* The architecture's name and configuration for assay_model_new; *config is a new reference. file appears in messages.
 * Errors: INPUT for a kind, a key or a value that is missing, of the wrong type or unknown. */
gboolean assay_reference_config_read (const json_t *document, const char *file, const char **architecture, json_t **config,
                                      GError **error);

/* The member section.key. Errors: INPUT: "FILE: section.key: a positive whole number expected, null found". */
gboolean assay_reference_config_get_int (const json_t *document, const char *file, const char *section, const char *key,
                                         gint64 *value, GError **error);

/* Sets an INPUT error about one member; found NULL: nothing is there. Returns FALSE. */
gboolean assay_reference_config_refuse (const char *file, const char *key, const char *expected, const json_t *found,
                                        GError **error);
