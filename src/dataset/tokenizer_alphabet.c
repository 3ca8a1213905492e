/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_alphabet.c: documents of the two simplest tokenizers: a token for every byte, or for every character of an alphabet. Byte-pair encoding
 * without pairs is both.
 */
#include "dataset/tokenizer.h"

#include "dataset/vocabulary.h"

json_t *
assay_tokenizer_describe_bytes (void)
{
  json_t *vocabulary = json_object ();

  for (guint byte = 0; byte < 256; byte++)
    {
      char spelling[7] = { 0 };

      g_unichar_to_utf8 (assay_vocabulary_spell_byte ((guchar) byte), spelling);
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
