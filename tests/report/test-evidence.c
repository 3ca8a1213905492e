/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-evidence.c: results as evidence: the same bytes every time, and a proof for each number that no edit survives. */
#include "report/evidence.h"

#include <stdlib.h>

#include "report/number_proof.h"
#include "sealed.h"

static AssayEvidence *
make_evidence (SmallReport *report)
{
  GError *error = NULL;
  AssayEvidence *evidence;

  small_report_init (report);
  evidence = assay_evidence_new (report->results, "2026-01-02T03:04:05Z", &error);
  g_assert_no_error (error);
  return evidence;
}

static void
test_same_bytes (void)
{
  SmallReport one, two;
  g_autoptr (AssayEvidence) a = make_evidence (&one), b = make_evidence (&two);

  g_assert_true (g_bytes_equal (assay_evidence_get_file (a), assay_evidence_get_file (b)));
  g_assert_cmpstr (assay_evidence_get_root (a), ==, assay_evidence_get_root (b));
  assay_results_free (one.results);
  assay_results_free (two.results);
}

static void
test_proofs (void)
{
  SmallReport report;
  g_autoptr (AssayEvidence) evidence = make_evidence (&report);
  const AssayDigest *root = assay_evidence_get_root_digest (evidence);
  GError *error = NULL;

  for (gsize k = 0; k < G_N_ELEMENTS (report.numbers); k++)
    {
      g_autofree char *line = assay_evidence_prove (evidence, &report.numbers[k], &error), *id = assay_number_dup_id (&report.numbers[k]);
      g_autoptr (AssayNumberProof) proof = NULL;

      g_assert_no_error (error);
      proof = assay_number_proof_parse (line, strlen (line), "line", &error);
      g_assert_no_error (error);
      g_assert_true (assay_number_proof_check (proof, root, &error));
      g_assert_cmpstr (proof->number_id, ==, id);
      g_assert_cmpuint (strlen (line), <, 4096);
    }
  assay_results_free (report.results);
}

/* Every bit of a line. */
static void
test_flipped_bits (void)
{
  SmallReport report;
  g_autoptr (AssayEvidence) evidence = make_evidence (&report);
  g_autofree char *line = assay_evidence_prove (evidence, &report.numbers[7], NULL);
  gsize n = strlen (line);

  for (gsize i = 0; i < n; i++)
    for (int bit = 0; bit < 8; bit++)
      {
        g_autoptr (AssayNumberProof) proof = NULL;

        line[i] ^= (char) (1 << bit);
        proof = assay_number_proof_parse (line, n, "line", NULL);
        g_assert_false (proof != NULL && assay_number_proof_check (proof, assay_evidence_get_root_digest (evidence), NULL));
        line[i] ^= (char) (1 << bit);
      }
  assay_results_free (report.results);
}

static void
expect_refusal (AssayNumberProof *proof, const AssayDigest *root, const char *words)
{
  GError *error = NULL;

  g_assert_false (assay_number_proof_check (proof, root, &error));
  expect_error (&error, ASSAY_ERROR_CHECK_FAILED, words, NULL);
}

/* What somebody would edit on purpose, keeping the line well-formed. */
static void
test_edits (void)
{
  SmallReport report;
  g_autoptr (AssayEvidence) evidence = make_evidence (&report);
  g_autofree char *line = assay_evidence_prove (evidence, &report.numbers[3], NULL);
  g_autoptr (AssayNumberProof) proof = assay_number_proof_parse (line, strlen (line), "line", NULL);
  AssayDigest root = *assay_evidence_get_root_digest (evidence), other = root;
  g_autofree char *display = g_strdup (proof->display);
  g_autoptr (GBytes) leaf = g_bytes_ref (proof->proof->leaf);
  guint8 forged[32];

  g_assert_cmpstr (display, ==, "44.8 %");
  g_free (proof->display);
  proof->display = g_strdup ("44.9 %");
  expect_refusal (proof, &root, "rounds to 44.8 %");
  g_free (proof->display);
  proof->display = g_strdup (display);
  proof->digits = 2;
  expect_refusal (proof, &root, "rounds to 44.85 %");
  proof->digits = 1;
  proof->bits ^= 1;
  expect_refusal (proof, &root, "value_bits");
  proof->bits ^= 1;
  proof->proof->index = 1;
  expect_refusal (proof, &root, "subgroups/race/rate[1]");
  proof->proof->index = 0;
  memcpy (forged, g_bytes_get_data (leaf, NULL), 32);
  forged[0] ^= 1;
  g_bytes_unref (proof->proof->leaf);
  proof->proof->leaf = g_bytes_new (forged, 32);
  expect_refusal (proof, &root, "do not lead");
  g_bytes_unref (proof->proof->leaf);
  proof->proof->leaf = g_bytes_ref (leaf);
  proof->proof->path[strlen (proof->proof->path) - 1] = 'f';
  expect_refusal (proof, &root, "chain");
  proof->proof->path[strlen (proof->proof->path) - 1] = 'e';
  other.bytes[31] ^= 1;
  expect_refusal (proof, &other, "another evidence root");
  g_assert_true (assay_number_proof_check (proof, &root, NULL));
  assay_results_free (report.results);
}

static void
test_bad_lines (void)
{
  SmallReport report;
  g_autoptr (AssayEvidence) evidence = make_evidence (&report);
  g_autofree char *line = assay_evidence_prove (evidence, &report.numbers[0], NULL), *spaced = g_strconcat (line, " ", NULL);
  GError *error = NULL;

  g_assert_null (assay_number_proof_parse (spaced, strlen (spaced), "proofs.jsonl line 1", &error));
  expect_error (&error, ASSAY_ERROR_INPUT, "proofs.jsonl line 1", "spelled");
  for (gsize n = 0; n < strlen (line); n += 7)
    {
      g_assert_null (assay_number_proof_parse (line, n, "line", &error));
      g_clear_error (&error);
    }
  assay_results_free (report.results);
}

/* No numbers, no tables, and a table without rows are reports too. */
static void
test_empty (void)
{
  g_autoptr (AssayResults) none = assay_results_new (), empty = assay_results_new ();
  AssayResultTable *table = assay_results_add_table (empty, "nothing", "Nothing", 0, NULL);
  g_autoptr (AssayEvidence) of_none = NULL, of_empty = NULL;
  double value = 0;
  GError *error = NULL;

  assay_result_table_add_numbers (table, &(AssayResultColumn) { .name = "x" }, &value);
  of_none = assay_evidence_new (none, "2026-01-02T03:04:05Z", &error);
  g_assert_no_error (error);
  of_empty = assay_evidence_new (empty, "2026-01-02T03:04:05Z", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (assay_evidence_get_root (of_none), !=, assay_evidence_get_root (of_empty));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/evidence/the same results give the same bytes and root", test_same_bytes);
  g_test_add_func ("/evidence/every cited number has a proof that holds", test_proofs);
  g_test_add_func ("/evidence/a proof with any bit flipped does not hold", test_flipped_bits);
  g_test_add_func ("/evidence/an edit of display, digits, bits, index, leaf or path is named", test_edits);
  g_test_add_func ("/evidence/a line that is cut or spelled otherwise is refused", test_bad_lines);
  g_test_add_func ("/evidence/results may be empty", test_empty);
  return g_test_run ();
}
