/* SPDX-License-Identifier: GPL-3.0-or-later */
/* checkpoint_path.c: which format a path holds. A format that keeps a model in one file is one line here. */
#include "model/checkpoint.h"

#include "base/error.h"
#include "model/checkpoint_gguf.h"
#include "model/checkpoint_huggingface.h"
#include "model/checkpoint_llama2c.h"
#include "model/checkpoint_rwkvcpp.h"
#include "store/file.h"

#include <string.h>
#include <unistd.h>

typedef struct {
  gboolean    (*recognise) (const char *path);
  AssayModel *(*load)      (const char *path, const AssayCheckpointOptions *options, GError **error);
} Format;

static const Format formats[] = {
  { assay_checkpoint_gguf_recognise, assay_checkpoint_gguf_load },
  { assay_checkpoint_rwkvcpp_recognise, assay_checkpoint_rwkvcpp_load },
  { assay_llama2c_recognise, assay_llama2c_load },
};

/* A pickle, bare or in a zip archive, as torch.save writes it. */
static gboolean
is_pickle (const char *path)
{
  guint8 begin[4] = { 0 };
  int fd = assay_file_open_regular (path, NULL, NULL);
  gboolean is;

  if (fd < 0)
    return FALSE;
  is = pread (fd, begin, sizeof begin, 0) == (ssize_t) sizeof begin && (memcmp (begin, "PK\3\4", 4) == 0 || (begin[0] == 0x80 && begin[1] >= 2 && begin[1] <= 5));
  close (fd);
  return is;
}

AssayModel *
assay_checkpoint_load_path (const char *path, const AssayCheckpointOptions *options, GError **error)
{
  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    return assay_checkpoint_load_directory (path, options, error);
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "%s: a model's directory or file expected, nothing is there", path);
      return NULL;
    }
  for (gsize k = 0; k < G_N_ELEMENTS (formats); k++)
    if (formats[k].recognise (path))
      return formats[k].load (path, options, error);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, is_pickle (path)
               ? "%s: safetensors expected, a pickle found: reading one can run any program that is hidden in it; convert it to safetensors where you trust it"
               : "%s: a directory with config.json and model.safetensors, a GGUF file, or weights of llama2.c or rwkv.cpp expected", path);
  return NULL;
}

char **
assay_checkpoint_list_files (const char *path, GError **error)
{
  gboolean is_directory = g_file_test (path, G_FILE_TEST_IS_DIR);
  g_auto (GStrv) weights = is_directory ? assay_huggingface_list_weights (path, error) : NULL;
  GPtrArray *files;

  if (is_directory && weights == NULL)
    return NULL;
  files = g_ptr_array_new ();
  g_ptr_array_add (files, is_directory ? g_build_filename (path, "config.json", NULL) : g_strdup (path));
  for (gsize k = 0; is_directory && weights[k] != NULL; k++)
    g_ptr_array_add (files, g_build_filename (path, weights[k], NULL));
  g_ptr_array_add (files, NULL);
  return (char **) g_ptr_array_free (files, FALSE);
}
