/* SPDX-License-Identifier: GPL-3.0-or-later */
/* seal.c: what is added to a report's files to make them a bundle, in the order in which one holds the digests of the others. */
#include "report/seal.h"

#include <string.h>

#include "report/blocks.h"
#include "report/signature.h"
#include "report/sums.h"

/* Of shell, openssl and sha256sum, and nothing of ours: whoever checks need not trust the program that wrote it. */
static const char verify_text[] =
  "# How to check this bundle\n"
  "\n"
  "The commands need a POSIX shell, `sha256sum` and `openssl` (1.1 or later). Run them in this directory.\n"
  "\n"
  "## 1. Nothing was altered\n"
  "\n"
  "```sh\n"
  "sha256sum --check --quiet --strict SHA256SUMS\n"
  "```\n"
  "\n"
  "prints nothing when every file is as it was written. A file that SHA256SUMS does not list, other than SHA256SUMS itself and those\n"
  "below `signatures/`, is no part of the report. If `evidence/results.h5` alone fails because somebody repacked it, its values may still\n"
  "be the same: `assay verify` tells.\n"
  "\n"
  "## 2. Who vouches for it\n"
  "\n"
  "```sh\n"
  "for s in signatures/*/; do\n"
  "  openssl dgst -sha256 -verify \"$s/public.pem\" -signature \"$s/SHA256SUMS.sig\" SHA256SUMS\n"
  "  { printf 'DSSEv1 28 application/vnd.in-toto+json %d ' \"$(wc -c <statement.json)\"; cat statement.json; } |\n"
  "    openssl dgst -sha256 -verify \"$s/public.pem\" -signature \"$s/statement.sig\"\n"
  "  openssl pkey -pubin -in \"$s/public.pem\" -outform DER | sha256sum\n"
  "done\n"
  "```\n"
  "\n"
  "prints `Verified OK` twice for each signer and then the fingerprint of the key. *Compare the fingerprint with one that you have from the\n"
  "signer by another way*: a key that lies in the same directory shows only that one person made all of it. Without a directory\n"
  "`signatures` the bundle is unsigned: anybody can have written it.\n"
  "\n"
  "## 3. When\n"
  "\n"
  "The time in `statement.json` is what the operator's clock said. Where a signer's directory has a file `time-*.tsr`, an authority vouches for\n"
  "the time; with its certificate in TSA.pem:\n"
  "\n"
  "```\n"
  "openssl ts -verify -data signatures/KEYID/statement.dsse.json -in signatures/KEYID/time-DIGEST.tsr -CAfile TSA.pem\n"
  "```\n"
  "\n"
  "## 4. One number\n"
  "\n"
  "`proofs.jsonl` has a line for each number that the report prints. It leads from the printed digits over the stored value to the evidence root\n"
  "in `statement.json`, and can be checked with that file alone: `assay verify DIRECTORY --number ID`, or the Python program\n"
  "`assay_verify.py` that comes with Assay, or a program of your own (doc/evidence.md of Assay has all formats). No such program is in this\n"
  "directory: one that came with what it is to check could say anything.\n"
  "\n"
  "## What this does not show\n"
  "\n"
  "That the bundle is unaltered and signed does not show that its numbers are right. It shows who is answerable for them, and that these are\n"
  "the numbers that were answered for. To see whether they are right, run the commands that the report gives and compare.\n";

/* A line for each number, in the order given. */
static char *
proofs_of (const AssaySealInfo *info, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (gsize k = 0; k < info->n_numbers; k++)
    {
      g_autofree char *line = assay_evidence_prove (info->evidence, &info->numbers[k], error);

      if (line == NULL)
        return NULL;
      g_string_append (text, line);
      g_string_append_c (text, '\n');
    }
  return g_strdup (text->str);
}

static gboolean
add_evidence (AssayBundle *bundle, const AssaySealInfo *info, GError **error)
{
  g_autofree char *tree = assay_evidence_dup_tree (info->evidence), *proofs = proofs_of (info, error);

  return proofs != NULL && assay_bundle_add (bundle, ASSAY_EVIDENCE_FILE, assay_evidence_get_file (info->evidence), error)
         && assay_bundle_add_text (bundle, ASSAY_EVIDENCE_TREE, tree, error) && assay_bundle_add_text (bundle, ASSAY_PROOFS_FILE, proofs, error);
}

static gboolean
add_statement (AssayBundle *bundle, const AssaySealInfo *info, GError **error)
{
  AssayStatementFacts facts = { .report_id = info->report_id, .profile = info->profile, .utc = info->utc, .build = info->build, .inputs = info->inputs,
                                .n_inputs = info->n_inputs, .root = assay_evidence_get_root_digest (info->evidence), .n_numbers = info->n_numbers };
  g_autofree char *statement = assay_statement_write (bundle, &facts);

  return assay_bundle_add_text (bundle, ASSAY_STATEMENT_FILE, statement, error);
}

static gboolean
add_blocks (AssayBundle *bundle, GError **error)
{
  g_autofree char *blocks = assay_blocks_of_bundle (bundle);

  return assay_bundle_add_text (bundle, ASSAY_BLOCKS_FILE, blocks, error);
}

static gboolean
add_sums (AssayBundle *bundle, GError **error)
{
  g_autofree char *sums = assay_sums_of_bundle (bundle);

  return assay_bundle_add_text (bundle, ASSAY_BUNDLE_SUMS, sums, error);
}

gboolean
assay_bundle_sign (AssayBundle *bundle, const AssaySigningKey *key, GError **error)
{
  g_autoptr (AssayBundle) files = assay_bundle_new ();
  g_autofree char *directory = assay_signature_directory (key);

  if (!assay_signature_make (key, assay_bundle_get_bytes (bundle, ASSAY_BUNDLE_SUMS), assay_bundle_get_bytes (bundle, ASSAY_STATEMENT_FILE), files, error))
    return FALSE;
  for (guint k = 0; k < assay_bundle_get_n (files); k++)
    {
      const char *name = assay_bundle_get_path (files, k);
      g_autofree char *path = g_strconcat (directory, "/", name, NULL);

      if (!assay_bundle_add (bundle, path, assay_bundle_get_bytes (files, name), error))
        return FALSE;
    }
  return TRUE;
}

gboolean
assay_bundle_seal (AssayBundle *bundle, const AssaySealInfo *info, GError **error)
{
  return add_evidence (bundle, info, error) && add_statement (bundle, info, error) && assay_bundle_add_text (bundle, ASSAY_VERIFY_TEXT, verify_text, error)
         && add_blocks (bundle, error) && add_sums (bundle, error) && (info->key == NULL || assay_bundle_sign (bundle, info->key, error));
}
