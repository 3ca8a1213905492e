/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bundle_verify_evidence.c: evidence/results.h5 against the evidence root, down to the rows that differ, and the proofs of the numbers. */
#include "report/bundle_verify_private.h"

#include <string.h>

#include "base/error.h"
#include "report/evidence.h"
#include "report/number_proof.h"
#include "report/seal.h"
#include "store/isolated.h"

/* --- the leaf hashes ------------------------------------------------------------------------------------------------- */

/* The tree as it was written; NULL, with a finding, when its text does not lead to the root. */
static AssayContentNode *
read_tree (AssayBundleVerification *self)
{
  g_autoptr (GBytes) text = NULL;
  g_autoptr (AssayContentNode) tree = NULL;
  g_autoptr (GError) error = NULL;

  if (assay_bundle_directory_find (self->directory, ASSAY_EVIDENCE_TREE) == NULL)
    return NULL;                        /* SHA256SUMS misses it */
  text = assay_verify_read (self, ASSAY_EVIDENCE_TREE);
  if (text == NULL)
    return NULL;
  tree = assay_content_tree_parse (g_bytes_get_data (text, NULL), g_bytes_get_size (text), ASSAY_EVIDENCE_TREE, &error);
  if (tree != NULL && assay_digest_equal (&tree->digest, &self->statement->root))
    return g_steal_pointer (&tree);
  assay_bundle_verdict_add (self->verdict, "tree", ASSAY_EVIDENCE_TREE, "%s", tree == NULL ? error->message
                            : ASSAY_EVIDENCE_TREE ": its leaf hashes do not lead to the evidence root of " ASSAY_STATEMENT_FILE);
  return NULL;
}

/* --- the file -------------------------------------------------------------------------------------------------------- */

static void
name_differences (AssayBundleVerification *self, const AssayContentNode *expected, const AssayContentNode *found)
{
  g_autoptr (GPtrArray) differences = expected != NULL ? assay_content_tree_compare (expected, found) : NULL;

  for (guint k = 0; differences != NULL && k < differences->len; k++)
    {
      const AssayContentDifference *d = differences->pdata[k];
      AssayBundleFinding *finding = assay_bundle_verdict_add (self->verdict, "content", ASSAY_EVIDENCE_FILE, ASSAY_EVIDENCE_FILE " %s: %s", d->path, d->text);

      if (finding == NULL)
        continue;
      finding->path = g_strdup (d->path);
      finding->first_row = d->first_row;
      finding->last_row = d->last_row;
    }
  if (differences == NULL || differences->len == 0)
    assay_bundle_verdict_add (self->verdict, "content", ASSAY_EVIDENCE_FILE, ASSAY_EVIDENCE_FILE ": its values are not those of the evidence root");
}

/* Of a file whose bytes are others: where, when they are the same file still. */
static void
name_bytes (AssayBundleVerification *self, const AssayBlockDifference *d, const char *what)
{
  AssayBundleFinding *finding = assay_bundle_verdict_add (self->verdict, "altered", ASSAY_EVIDENCE_FILE, ASSAY_EVIDENCE_FILE ": bytes %" G_GUINT64_FORMAT " to %"
                                                          G_GUINT64_FORMAT " are altered%s", d->first, d->last, what);

  if (finding == NULL)
    return;
  finding->first_byte = (gint64) d->first;
  finding->last_byte = (gint64) d->last;
}

/* The file is not, byte for byte, the one that was written. */
static void
judge_container (AssayBundleVerification *self, const AssayContentNode *expected, const AssayContentNode *found, const char *unreadable)
{
  const AssaySum *sum = self->sums != NULL ? assay_sums_find (self->sums, ASSAY_EVIDENCE_FILE) : NULL;
  gboolean same_content = found != NULL && assay_digest_equal (&found->digest, &self->statement->root), located;
  AssayBlockDifference d;

  if (same_content && self->check->by_content)
    {
      self->verdict->is_rewritten = TRUE;
      assay_bundle_verdict_note (self->verdict, ASSAY_EVIDENCE_FILE ": container changed, content equal: its SHA-256 is another, every value and attribute is as it was");
      return;
    }
  located = self->blocks != NULL && assay_blocks_compare (self->blocks, self->directory, ASSAY_EVIDENCE_FILE, &d, NULL);
  if (located && d.n_altered == 0 && sum == NULL)
    ;                                   /* as it was written; that no line lists it is named already */
  else if (located && d.n_altered == 0)
    assay_bundle_verdict_add (self->verdict, "altered", ASSAY_BUNDLE_SUMS, ASSAY_BUNDLE_SUMS ": line %u does not fit " ASSAY_EVIDENCE_FILE ", every block of which "
                              "is as it was written", sum->line);
  else if (located && d.is_rewritten && same_content)
    {
      self->verdict->is_rewritten = TRUE;
      assay_bundle_verdict_note (self->verdict, ASSAY_EVIDENCE_FILE ": container rewritten, content equal (h5repack or the like); its SHA-256 is another, every value "
                                 "and attribute is as it was");
      return;
    }
  else if (located && !d.is_rewritten)
    name_bytes (self, &d, same_content ? ", outside of its values" : "");
  else if (same_content)
    assay_bundle_verdict_add (self->verdict, "altered", ASSAY_EVIDENCE_FILE, ASSAY_EVIDENCE_FILE ": its SHA-256 is another; its values are as they were, and without " ASSAY_BLOCKS_FILE
                              " nobody can say whether it was rewritten or altered");
  if (unreadable != NULL)
    assay_bundle_verdict_add (self->verdict, "unreadable", ASSAY_EVIDENCE_FILE, "%s", unreadable);
  else if (!same_content)
    name_differences (self, expected, found);
}

gboolean
assay_verify_evidence (AssayBundleVerification *self, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (AssayContentNode) expected = NULL, found = NULL;
  g_autoptr (GError) fault = NULL;

  if (self->statement == NULL)
    return TRUE;
  if (assay_progress_is_cancelled (self->check->progress, error))
    return FALSE;
  assay_progress_report (self->check->progress, "evidence", 0, 1, "files", ASSAY_EVIDENCE_FILE);
  expected = read_tree (self);
  if (assay_bundle_directory_find (self->directory, ASSAY_EVIDENCE_FILE) == NULL)
    return TRUE;                        /* SHA256SUMS misses it, or the statement does */
  bytes = assay_verify_read (self, ASSAY_EVIDENCE_FILE);
  if (bytes == NULL)
    return TRUE;
  found = assay_content_tree_read_isolated (bytes, ASSAY_EVIDENCE_FILE, &fault);
  if (fault != NULL && fault->code != ASSAY_ERROR_DAMAGED && fault->code != ASSAY_ERROR_INPUT)
    {
      g_propagate_error (error, g_steal_pointer (&fault));      /* no child could be made: the file is not to blame */
      return FALSE;
    }
  if (!assay_verify_is_intact (self, ASSAY_EVIDENCE_FILE))
    judge_container (self, expected, found, fault != NULL ? fault->message : NULL);
  else if (found == NULL)
    assay_bundle_verdict_add (self->verdict, "unreadable", ASSAY_EVIDENCE_FILE, "%s", fault->message);
  else if (!assay_digest_equal (&found->digest, &self->statement->root))
    name_differences (self, expected, found);
  return TRUE;
}

/* --- proofs ---------------------------------------------------------------------------------------------------------- */

static void
refuse_line (AssayBundleVerification *self, guint line, const char *number, const char *why)
{
  AssayBundleFinding *finding = assay_bundle_verdict_add (self->verdict, "proof", ASSAY_PROOFS_FILE, ASSAY_PROOFS_FILE " line %u: %s", line, why);

  if (finding != NULL)
    finding->number = g_strdup (number);
}

/* Takes the proof. */
static void
keep_proof (AssayBundleVerification *self, AssayNumberProof *proof)
{
  GPtrArray *list = g_hash_table_lookup (self->proved, proof->number_id);

  if (list == NULL)
    {
      list = g_ptr_array_new_with_free_func ((GDestroyNotify) assay_number_proof_free);
      g_hash_table_insert (self->proved, g_strdup (proof->number_id), list);
    }
  g_ptr_array_add (list, proof);
}

/* Whether a line that cannot be read speaks of the number that is asked for. */
static gboolean
is_wanted (const AssayBundleVerification *self, const char *line, gsize n)
{
  g_autofree char *mark = self->check->number != NULL ? g_strconcat ("\"number_id\":\"", self->check->number, "\"", NULL) : NULL;

  return mark == NULL || g_strstr_len (line, (gssize) n, mark) != NULL;
}

static void
check_line (AssayBundleVerification *self, const char *text, gsize n, guint line)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (AssayNumberProof) proof = NULL;

  if (!is_wanted (self, text, n))
    return;
  proof = assay_number_proof_parse (text, n, "it", &error);
  self->verdict->n_numbers++;
  if (proof == NULL || !assay_number_proof_check (proof, &self->statement->root, &error))
    refuse_line (self, line, proof != NULL ? proof->number_id : self->check->number, error->message);
  else
    keep_proof (self, g_steal_pointer (&proof));
}

static gboolean
check_lines (AssayBundleVerification *self, GBytes *text, GError **error)
{
  gsize n;
  const char *at = g_bytes_get_data (text, &n), *end = at + n;
  guint line = 0;

  for (; at < end; at++)
    {
      const char *stop = memchr (at, '\n', (gsize) (end - at));

      line++;
      if (line % 256 == 0 && assay_progress_is_cancelled (self->check->progress, error))
        return FALSE;
      if (line % 256 == 0)
        assay_progress_report (self->check->progress, "numbers", line, (guint64) self->statement->n_numbers, "numbers", NULL);
      if (stop == NULL)
        {
          refuse_line (self, line, NULL, "is cut off");
          break;
        }
      check_line (self, at, (gsize) (stop - at), line);
      at = stop;
    }
  if (self->check->number == NULL && line != (guint64) self->statement->n_numbers)
    assay_bundle_verdict_add (self->verdict, "proof", ASSAY_PROOFS_FILE, ASSAY_PROOFS_FILE ": has %u lines, the statement says %" G_GINT64_FORMAT, line,
                              self->statement->n_numbers);
  return TRUE;
}

/* Tells the number that was asked for. */
static gboolean
show_number (AssayBundleVerification *self, GError **error)
{
  const GPtrArray *proofs = g_hash_table_lookup (self->proved, self->check->number);

  for (guint k = 0; proofs != NULL && k < proofs->len; k++)
    g_ptr_array_add (self->verdict->displays, g_strdup (((const AssayNumberProof *) proofs->pdata[k])->display));
  if (self->verdict->n_numbers > 0 || !assay_bundle_verdict_is_unaltered (self->verdict))
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "%s/" ASSAY_PROOFS_FILE ": has no number %s; ids look like subgroups/race/false_positives[3]",
               self->verdict->directory, self->check->number);
  return FALSE;
}

gboolean
assay_verify_proofs (AssayBundleVerification *self, GError **error)
{
  g_autoptr (GBytes) text = NULL;

  if (self->statement == NULL)
    return TRUE;
  if (assay_bundle_directory_find (self->directory, ASSAY_PROOFS_FILE) == NULL)
    {
      assay_bundle_verdict_add (self->verdict, "missing", ASSAY_PROOFS_FILE, ASSAY_PROOFS_FILE ": is missing: no number can be followed to the evidence");
      return TRUE;
    }
  text = assay_verify_read (self, ASSAY_PROOFS_FILE);
  if (text == NULL)
    return TRUE;
  self->proved = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
  return check_lines (self, text, error) && (self->check->number == NULL || show_number (self, error));
}
