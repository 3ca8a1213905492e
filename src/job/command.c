/* SPDX-License-Identifier: GPL-3.0-or-later */
/* command.c: the list of subcommands and what they have in common. */
#include "job/command.h"

#include "base/error.h"
#include "job/ranks.h"

#include <string.h>

const AssayParam assay_command_globals[] = {
  { "json", ASSAY_PARAM_BOOL, .flags = ASSAY_PARAM_TERMINAL, .help = "print one JSON document, also when the command fails" },
  { "jsonl", ASSAY_PARAM_BOOL, .flags = ASSAY_PARAM_TERMINAL, .help = "print JSON records, one a line: progress while the command runs, then that document" },
  { "quiet", ASSAY_PARAM_BOOL, .flags = ASSAY_PARAM_TERMINAL, .short_name = 'q', .help = "no progress and no notes on standard error" },
  { "verbose", ASSAY_PARAM_BOOL, .flags = ASSAY_PARAM_TERMINAL, .short_name = 'v', .help = "say more on standard error" },
  { "dry-run", ASSAY_PARAM_BOOL, .flags = ASSAY_PARAM_TERMINAL, .help = "print the job, its steps, bytes, operations and time; do nothing" },
  { "yes", ASSAY_PARAM_BOOL, .short_name = 'y', .help = "replace existing output files without asking" },
  { "force", ASSAY_PARAM_BOOL, .help = "run again although the case has the answer" },
  { "threads", ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1024, .metavar = "N",
    .help = "compute threads (0: one for each processor); results do not depend on it" },
  { "isa", ASSAY_PARAM_STRING, .metavar = "NAME", .help = "instruction set of the kernels: x86-64-v4, x86-64-v3 or baseline (default: the best here)" },
  { "device", ASSAY_PARAM_STRING, .metavar = "DEVICE",
    .help = "what walks of the model are computed on: cpu, cuda, cuda:N, or several as cuda:0,1, each with a part as --shard has it (default: cpu); results agree to rounding" },
  ASSAY_RANKS_PARAM,
  { "cuda-module", ASSAY_PARAM_STRING, .metavar = "FILE", .flags = ASSAY_PARAM_FILE | ASSAY_PARAM_ADVANCED, .help = "the module of CUDA kernels to load in place of the program's own" },
  { "config", ASSAY_PARAM_STRING, .metavar = "FILE", .flags = ASSAY_PARAM_FILE, .help = "settings file read after assay.conf" },
  { "help", ASSAY_PARAM_BOOL, .flags = ASSAY_PARAM_TERMINAL, .short_name = 'h', .help = "print help, for a command when one is named" },
  { "version", ASSAY_PARAM_BOOL, .flags = ASSAY_PARAM_TERMINAL, .help = "print the version; with --verbose how it was built" },
  { .name = NULL }
};

const AssayExitStatus assay_command_exit_statuses[] = {
  { 0, "done, nothing found wrong" },
  { 1, "something was found: damage, a failed check, a solve that did not converge, a difference" },
  { 2, "usage: the command line or job file asks for what cannot be asked" },
  { 3, "bad input: missing, malformed, refused" },
  { 4, "environment: no space, no memory, no permission, no such device, the case is busy" },
  { 5, "incomplete: stopped by SIGTERM or SIGUSR1 after a checkpoint, and the same command goes on; or a report that is unaltered but unsigned" },
  { 130, "stopped by SIGINT after a checkpoint: the same command goes on; a second SIGINT ends at once" },
  { 0, NULL }
};

/* --- run ----------------------------------------------------------------------------------------------------------- */

static const AssayParam run_params[] = {
  { "spec", ASSAY_PARAM_STRING, .metavar = "SPEC.json", .flags = ASSAY_PARAM_POSITIONAL | ASSAY_PARAM_REQUIRED | ASSAY_PARAM_FILE,
    .help = "job file, or the output of --dry-run --json" },
  { .name = NULL }
};

static const AssayJobExample run_examples[] = {
  { "keep a job for later", "assay influence people.assay --query train:0 --method exact --dry-run --json > job.json" },
  { "run it", "assay run job.json" },
  { NULL, NULL }
};

const AssayJobKind assay_command_run = {
  .name = "run", .group = ASSAY_JOB_GROUP_CHECK, .help = "run a job file",
  .description = "Every command only builds a job: a kind, its parameters, a case. With --dry-run --json it prints the job instead of "
                 "running it, and this command runs such a file. When the file pins inputs by their digests, it runs on these and no others.",
  .examples = run_examples, .access = ASSAY_JOB_NO_CASE, .params = run_params,
};

/* --- the list ------------------------------------------------------------------------------------------------------ */

static const char *const order[] = { "demo", "new", "import", "examples", "train", "record", "tokenizer", "tokenize", "generate", "logits", "loss", "lens", "influence", "validate", "retrain", "mislabel", "units", "certify", "cot",
                                     "audit", "explain", "pin", "coverage", "report", "keygen", "sign", "verify", "export", "run", "info", "check", NULL };

/* The order above; kinds that it does not know follow. */
static int
compare_commands (gconstpointer a, gconstpointer b)
{
  const AssayJobKind *const *x = a, *const *y = b;
  int i = 0, j = 0;

  while (order[i] != NULL && strcmp (order[i], (*x)->name) != 0)
    i++;
  while (order[j] != NULL && strcmp (order[j], (*y)->name) != 0)
    j++;
  return i != j ? i - j : strcmp ((*x)->name, (*y)->name);
}

static gpointer
make_list (gpointer unused)
{
  GPtrArray *list = g_ptr_array_new ();

  (void) unused;
  for (const AssayJobKind *const *kind = assay_job_kind_list (); *kind != NULL; kind++)
    g_ptr_array_add (list, (gpointer) *kind);
  g_ptr_array_add (list, (gpointer) &assay_command_run);
  g_ptr_array_sort (list, compare_commands);
  g_ptr_array_add (list, NULL);
  return g_ptr_array_free (list, FALSE);
}

const AssayJobKind *const *
assay_command_list (void)
{
  static GOnce once = G_ONCE_INIT;

  return g_once (&once, make_list, NULL);
}

const AssayJobKind *
assay_command_find (const char *name, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  const char *near;

  for (const AssayJobKind *const *kind = assay_command_list (); *kind != NULL; kind++)
    {
      if (strcmp ((*kind)->name, name) == 0)
        return *kind;
      g_ptr_array_add (names, (gpointer) (*kind)->name);
    }
  g_ptr_array_add (names, NULL);
  near = assay_param_nearest (name, (const char *const *) names->pdata);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, near ? "there is no command \"%s\"; did you mean \"%s\"?"
               : "there is no command \"%s\"; assay --help lists them", name, near);
  return NULL;
}
