/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reader_uint16.c: token numbers of 2 bytes, little-endian, one behind the other. */
#include "dataset/token_numbers.h"

/* Such a file has nothing that tells it. */
static AssayRecognition
recognise (const AssaySource *source)
{
  return assay_source_has_extension (source, "uint16") ? ASSAY_RECOGNISE_NAME : ASSAY_RECOGNISE_NO;
}

static AssayTable *
read_uint16 (const GPtrArray *sources, const AssayValues *options, GError **error)
{
  return assay_token_numbers_read (sources, options, sizeof (guint16), error);
}

const AssayFormatReader assay_format_reader_uint16 = {
  .name = "uint16",
  .help = "token numbers of 2 bytes, little-endian, in windows, for language models",
  .recognise = recognise,
  .read = read_uint16,
};
