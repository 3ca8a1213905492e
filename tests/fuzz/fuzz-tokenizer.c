/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz-tokenizer.c: a tokenizer.json and a text for it, with a zero byte between them. */
#include "fuzz.h"

#include "dataset/tokenizer.h"

#include <string.h>

static const char *const words[] = { "\"type\":", "\"BPE\"", "\"Unigram\"", "\"WordPiece\"", "\"Sequence\"", "\"ByteLevel\"", "\"Metaspace\"", "\"Split\"", "\"Regex\":", "\"vocab\":", "\"merges\":",
                                     "\"added_tokens\":", "\"id\":", "\"byte_fallback\":true", "\"unk_token\":\"a\"", "null", "{}", "[]", "\"NFKC\"", "\"Replace\"", "\xe2\x96\x81", "(a+)+$", "\\\\p{L}", NULL };

static void
add_pair (GPtrArray *seeds, const char *document, const char *text)
{
  GByteArray *seed = g_byte_array_new ();

  g_byte_array_append (seed, (const guint8 *) document, (guint) strlen (document) + 1);
  g_byte_array_append (seed, (const guint8 *) text, (guint) strlen (text));
  g_ptr_array_add (seeds, seed);
}

static void
add_seeds (GPtrArray *seeds)
{
  add_pair (seeds, "{\"added_tokens\":[{\"id\":5,\"content\":\"<s>\",\"lstrip\":true,\"normalized\":false}],\"normalizer\":{\"type\":\"NFC\"},\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":true},"
            "\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{\"id\":\"<s>\"}},{\"Sequence\":{\"id\":\"A\"}}],\"special_tokens\":{\"<s>\":{\"ids\":[5]}}},"
            "\"decoder\":{\"type\":\"ByteLevel\"},\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"ab\":2,\"\xc4\xa0\":3,\"\xc4\xa0" "ab\":4},\"merges\":[\"a b\",\"\xc4\xa0 ab\"]}}", "ab ab<s> \xc3\xa9");
  add_pair (seeds, "{\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Prepend\",\"prepend\":\"\xe2\x96\x81\"},{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"\xe2\x96\x81\"}]},"
            "\"decoder\":{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Replace\",\"pattern\":{\"String\":\"\xe2\x96\x81\"},\"content\":\" \"},{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"},"
            "{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":0}]},\"model\":{\"type\":\"BPE\",\"unk_token\":\"<unk>\",\"fuse_unk\":true,\"byte_fallback\":true,\"vocab\":{\"<unk>\":0,\"\xe2\x96\x81\":1,"
            "\"x\":2,\"\xe2\x96\x81x\":3,\"<0xC3>\":4},\"merges\":[[\"\xe2\x96\x81\",\"x\"]]}}", "x x \xc3\xa9");
  add_pair (seeds, "{\"normalizer\":{\"type\":\"BertNormalizer\",\"lowercase\":true},\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},\"decoder\":{\"type\":\"WordPiece\"},"
            "\"model\":{\"type\":\"WordPiece\",\"unk_token\":\"[UNK]\",\"vocab\":{\"[UNK]\":0,\"un\":1,\"##able\":2,\"!\":3}}}", "Unable! \xe4\xb8\x80");
  add_pair (seeds, "{\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\",\"pattern\":{\"Regex\":\"\\\\p{N}{1,3}| ?\\\\p{L}+\"},\"behavior\":\"Isolated\"},{\"type\":\"Digits\",\"individual_digits\":true}]},"
            "\"model\":{\"type\":\"Unigram\",\"unk_id\":0,\"vocab\":[[\"<unk>\",0],[\"a\",-1.5],[\"aa\",-2],[\"1\",-3]]}}", "aaa 12 aa");
}

static void
run (const guint8 *bytes, gsize n, GError **error)
{
  const guint8 *end = memchr (bytes, 0, n);
  gsize length = end ? (gsize) (end - bytes) : n, decoded;
  json_auto_t *document = json_loadb ((const char *) bytes, length, JSON_REJECT_DUPLICATES, NULL);
  g_autoptr (AssayTokenizer) tokenizer = json_is_object (document) ? assay_tokenizer_new (document, "input", error) : NULL;
  g_autoptr (GArray) tokens = g_array_new (FALSE, FALSE, sizeof (AssayToken));
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint32));

  if (tokenizer == NULL || end == NULL || !assay_tokenizer_encode (tokenizer, (const char *) end + 1, n - length - 1, TRUE, tokens, error))
    return;
  for (guint k = 0; k < tokens->len; k++)
    g_array_append_val (ids, g_array_index (tokens, AssayToken, k).id);
  g_free (assay_tokenizer_decode (tokenizer, (const gint32 *) (void *) ids->data, ids->len, &decoded));
}

const FuzzTarget fuzz_target = { .name = "tokenizer", .words = words, .add_seeds = add_seeds, .run = run };
