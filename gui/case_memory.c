/* SPDX-License-Identifier: GPL-3.0-or-later */
/* case_memory.c: one line of text a case. */
#include "gui/case_memory.h"

#define MAX_BYTES 65536

char *
assay_state_folder (const char *name)
{
  return g_build_filename (g_get_user_state_dir (), "assay", name, NULL);
}

static char *
file_for (const char *key)
{
  g_autofree char *folder = assay_state_folder ("places"), *digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, key, -1);

  digest[32] = '\0';
  return g_build_filename (folder, digest, NULL);
}

AssayPlace *
assay_case_memory_load (const char *key)
{
  g_autofree char *file = file_for (key), *text = NULL;
  gsize length;

  if (!g_file_get_contents (file, &text, &length, NULL) || length > MAX_BYTES || !g_utf8_validate (text, length, NULL))
    return NULL;
  return assay_place_from_text (g_strchomp (text), NULL);
}

void
assay_case_memory_save (const char *key, const AssayPlace *place)
{
  g_autofree char *file = file_for (key), *folder = g_path_get_dirname (file), *text = assay_place_to_text (place);
  g_autofree char *line = g_strconcat (text, "\n", NULL);

  if (g_mkdir_with_parents (folder, 0700) == 0)
    g_file_set_contents_full (file, line, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL);
}
