/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz.h: a reader fed with damaged inputs for a while: it must refuse each in one line, or read it, and never fall over.
 *
 * A target is one file fuzz-NAME.c that defines `fuzz_target`. The programs are built with the address and undefined-behaviour sanitizers where the compiler has
 * them. ASSAY_FUZZ_SECONDS says for how long (5 without it), ASSAY_FUZZ_SEED from which seed (a fresh one, which is printed). An input that brings the program
 * down is left in NAME.crash; `fuzz-NAME FILE...` runs such files again. Every target also has LLVMFuzzerTestOneInput, for a build with libFuzzer.
 * Thread rule: one thread.
 */
#pragma once

#include "base/rng.h"

#include <glib.h>

typedef struct {
  const char *name;
  const char *const *words;     /* that mean something in this format, NULL-terminated */
  /* Appends inputs that are sound (GByteArray). */
  void (*add_seeds) (GPtrArray *seeds);
  /* NULL, or: makes what a mutation has broken beside the point whole again, a length for one. */
  void (*mend) (GByteArray *input, AssayRng *rng);
  /* Reads the bytes and frees what came of it; error: that of the reader. */
  void (*run) (const guint8 *bytes, gsize n, GError **error);
} FuzzTarget;

extern const FuzzTarget fuzz_target;

/* Appends a string, and a seed of it. */
void fuzz_add_text (GPtrArray *seeds, const char *text);
