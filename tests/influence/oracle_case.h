/* SPDX-License-Identifier: GPL-3.0-or-later */
/* oracle_case.h: writes tiny reference cases whose numbers owe nothing to the rules under test.
 *
 * First derivatives are complex steps through the forward pass alone; second ones through gradients; Gauss-Newton is J'HJ with J by
 * complex steps; systems are solved by elimination in long double; eigenvalues are Jacobi's; retraining is Newton's method on these.
 */
#pragma once

#include <glib.h>
#include <jansson.h>

typedef struct {
  const char *kind;             /* logistic, mlp, cnn, transformer_gpt2, transformer_llama */
  const char *architecture;     /* JSON: "architecture" of case.json */
  const char *token_reduction;  /* NULL: none */
  gint64 N, Q;
} OracleSpec;

extern const OracleSpec oracle_specs[];   /* ends with kind NULL */

/* Writes the case into directory, which exists. */
void oracle_case_write (const OracleSpec *spec, const char *directory);
