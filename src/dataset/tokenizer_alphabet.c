/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_alphabet.c: documents of the two simplest tokenizers: a token for every byte, or for every character of an alphabet. Byte-pair encoding
 * without pairs is both.
 */
#include "dataset/tokenizer.h"

#include <string.h>

/* The character that stands for a byte in vocabularies of bytes: itself where that prints, else one of those from U+0100 on, in order. */
static gunichar
spell_byte (guint byte)
{
  guint before = 0;

  if ((byte > ' ' && byte < 0x7f) || (byte > 0xa0 && byte != 0xad))
    return byte;
  for (guint b = 0; b < byte; b++)
    before += !((b > ' ' && b < 0x7f) || (b > 0xa0 && b != 0xad));
  return 0x100 + before;
}

json_t *
assay_tokenizer_describe_bytes (void)
{
  json_t *vocabulary = json_object ();

  for (guint byte = 0; byte < 256; byte++)
    {
      char spelling[7] = { 0 };

      g_unichar_to_utf8 (spell_byte (byte), spelling);
      json_object_set_new (vocabulary, spelling, json_integer (byte));
    }
  return json_pack ("{s:{s:s, s:b, s:b}, s:{s:s}, s:{s:s, s:o, s:[]}}", "pre_tokenizer", "type", "ByteLevel", "add_prefix_space", 0, "use_regex", 0, "decoder", "type", "ByteLevel",
                    "model", "type", "BPE", "vocab", vocabulary, "merges");
}

json_t *
assay_tokenizer_describe_characters (const GPtrArray *characters)
{
  json_t *vocabulary = json_object ();

  for (guint k = 0; k < characters->len; k++)
    json_object_set_new (vocabulary, characters->pdata[k], json_integer (k));
  return json_pack ("{s:{s:s}, s:{s:s, s:o, s:[]}}", "decoder", "type", "Fuse", "model", "type", "BPE", "vocab", vocabulary, "merges");
}
