/* SPDX-License-Identifier: GPL-3.0-or-later */
/* provenance.h: which program, on which machine, made a result.
 *
 * Thread rule: any thread.
 */
#pragma once

#include <glib.h>
#include <jansson.h>

/* Version, compiler, flags, libraries, licence: constant for a binary. New reference. */
json_t *assay_provenance_build (void);

/* The run: build, instruction set, BLAS kernel family, threads, command line, start and duration. New reference.
 * started: g_get_real_time; seconds: wall time. */
json_t *assay_provenance_run   (guint threads, const char *command_line, gint64 started, double seconds);
