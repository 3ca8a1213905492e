/* SPDX-License-Identifier: GPL-3.0-or-later */
/* prompt_commands.h: the command lines behind the page Prompt: a model of a case goes on with a text, is measured on one, is asked what made it write one.
 *
 * Texts are quoted for the shell. What is returned is the caller's. Thread rule: pure functions.
 */
#pragma once

#include <glib.h>

typedef struct { const char *path, *model, *prompt; } AssayPromptAsked;

/* What a drawing hangs on; top_k 0 and top_p 1 leave all tokens in. */
typedef struct {
  gint64 most;
  double temperature;
  gint64 seed, top_k;
  double top_p;
} AssayPromptDrawing;

char *assay_prompt_command_generate  (const AssayPromptAsked *asked, const AssayPromptDrawing *drawing);
char *assay_prompt_command_measure   (const AssayPromptAsked *asked, const char *completion);
char *assay_prompt_command_influence (const AssayPromptAsked *asked, const char *completion);
