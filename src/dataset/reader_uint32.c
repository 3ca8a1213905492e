/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reader_uint32.c: token numbers of 4 bytes, little-endian, one behind the other. */
#include "dataset/token_numbers.h"

/* Such a file has nothing that tells it. */
static AssayRecognition
recognise (const AssaySource *source)
{
  return assay_source_has_extension (source, "uint32") ? ASSAY_RECOGNISE_NAME : ASSAY_RECOGNISE_NO;
}

static AssayTable *
read_uint32 (const GPtrArray *sources, const AssayValues *options, GError **error)
{
  return assay_token_numbers_read (sources, options, sizeof (guint32), error);
}

const AssayFormatReader assay_format_reader_uint32 = {
  .name = "uint32",
  .help = "token numbers of 4 bytes, little-endian, in windows, for language models",
  .recognise = recognise,
  .read = read_uint32,
};
