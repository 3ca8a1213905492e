/* SPDX-License-Identifier: GPL-3.0-or-later */
/* verdict.h: what the verification of a bundle found: unaltered or not, signer known or not, time attested by whom.
 *
 * Ownership: the caller. Thread rule: one thread at a time while it is being made, then immutable.
 */
#pragma once

#include <glib.h>
#include <jansson.h>

typedef struct {
  const char *what;             /* a fixed word: "altered", "missing", "extra", "not-a-file", "sums", "signature", "time", "statement", "content",
                                 * "tree", "proof", "number", "report", "unreadable" */
  char       *file;             /* relative to the bundle */
  char       *path;             /* array or group of evidence/results.h5, or NULL */
  gint64      first_row, last_row;      /* of path; -1: not about rows */
  gint64      first_byte, last_byte;    /* of file, to the block; -1: not known */
  char       *number;           /* its id, or NULL */
  char       *text;             /* one sentence */
} AssayBundleFinding;

typedef struct {
  char    *fingerprint;
  gboolean is_known;            /* the key that was given */
  char    *time;                /* of its time stamp, or NULL */
  char    *authority;           /* who vouches for the time; NULL: nobody that was given */
} AssayBundleSigner;

typedef struct {
  char      *directory;
  guint64    n_files, n_bytes, n_numbers;       /* that were checked */
  GPtrArray *findings;          /* of AssayBundleFinding */
  guint      n_more;            /* findings beyond those */
  GPtrArray *signers;           /* of AssayBundleSigner */
  GPtrArray *notes;             /* strings */
  gboolean   is_rewritten;      /* evidence/results.h5 is another container with equal content */
  gboolean   key_was_given;
  char      *evidence_root, *report_id, *profile, *utc;  /* of the statement; NULL: it cannot be read */
  char      *number_id;         /* only this number was checked; NULL: everything */
  GPtrArray *displays;          /* strings: how that number is printed */
} AssayBundleVerdict;

AssayBundleVerdict *assay_bundle_verdict_new  (const char *directory);
void                assay_bundle_verdict_free (AssayBundleVerdict *self);

/* Beyond a hundred, findings are counted only. file NULL: the directory as a whole. Returns NULL then, else the finding, for more. */
AssayBundleFinding *assay_bundle_verdict_add  (AssayBundleVerdict *self, const char *what, const char *file, const char *format, ...) G_GNUC_PRINTF (4, 5);
void                assay_bundle_verdict_note (AssayBundleVerdict *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

gboolean            assay_bundle_verdict_is_unaltered (const AssayBundleVerdict *self);
gboolean            assay_bundle_verdict_is_known     (const AssayBundleVerdict *self);
/* The first signer with a time stamp that an authority vouches for, or NULL. */
const AssayBundleSigner *assay_bundle_verdict_get_stamped (const AssayBundleVerdict *self);
/* 0 unaltered and signed, by the key if one was given; 1 altered, or not signed by the key; 5 unaltered and unsigned. */
int                 assay_bundle_verdict_get_exit_status (const AssayBundleVerdict *self);
/* Why the exit status is not 0, in one line; NULL: it is. Owns: the caller. */
char               *assay_bundle_verdict_dup_reason (const AssayBundleVerdict *self);

/* The findings, the three verdicts, and what they do not show: sentences for people. Owns: the caller. */
GPtrArray          *assay_bundle_verdict_list_sentences (const AssayBundleVerdict *self);
/* The same for machines. New reference. */
json_t             *assay_bundle_verdict_to_json (const AssayBundleVerdict *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayBundleVerdict, assay_bundle_verdict_free)
