/* SPDX-License-Identifier: GPL-3.0-or-later */
/* provenance.h: which program, on which machine, made a result.
 *
 * Thread rule: any thread.
 */
#pragma once

#include "tensor/backend.h"

#include <glib.h>
#include <jansson.h>

/* Version, compiler, flags, libraries, licence: constant for a binary. New reference. */
json_t *assay_provenance_build (void);

/* What this process runs on: kind and number of processors, memory, operating system; no name of the machine. New reference. */
json_t *assay_provenance_machine (void);

/* When a run began. */
typedef struct { gint64 real, monotonic; double cpu_seconds; } AssayProvenanceStart;

AssayProvenanceStart assay_provenance_start (void);

/* The run that began then and ends now: build, machine, instruction set, BLAS kernel family, device, threads, command line, times, and what the job itself
 * measured (an object, borrowed; NULL: nothing). New reference. */
json_t *assay_provenance_run   (const AssayProvenanceStart *start, const AssayBackend *backend, const char *command_line, const json_t *measured);
