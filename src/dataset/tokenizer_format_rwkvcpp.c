/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_format_rwkvcpp.c: models of rwkv.cpp, whose files hold no tokenizer: a vocabulary of 256 is that of bytes, any other is elsewhere. */
#include "dataset/tokenizer_format.h"

#include "base/error.h"
#include "dataset/tokenizer.h"
#include "store/file.h"
#include "store/rwkvcpp.h"

#include <string.h>
#include <unistd.h>

#define VOCABULARY_AT 8         /* byte of the header */
#define BYTES 256

static gboolean
load_size (const char *path, guint32 *size, GError **error)
{
  int fd = assay_file_open_regular (path, NULL, error);
  gboolean ok = fd >= 0 && assay_file_read_at (fd, path, VOCABULARY_AT, size, sizeof *size, error);

  if (fd >= 0)
    close (fd);
  *size = GUINT32_FROM_LE (*size);
  return ok;
}

static json_t *
load (const char *path, GError **error)
{
  guint32 size = 0;

  if (!load_size (path, &size, error))
    return NULL;
  if (size == BYTES)
    return assay_tokenizer_describe_bytes ();
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "%s: a file of rwkv.cpp holds no tokenizer, and only a vocabulary of %d tokens can be read as bytes; %u found", path, BYTES, size);
  return NULL;
}

ASSAY_TOKEN_FORMAT_DEFINE (rwkvcpp) = { .knows = assay_rwkvcpp_knows, .load = load };
