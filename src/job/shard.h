/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shard.h: one job done by several processes, on one machine or on many, in one case: who does what, and what is still missing.
 *
 * --shard I/N names the I-th of N equal runs of the work's items (examples, queries, retrainings), I from 1. Where it is not given it comes from a Slurm
 * array: SLURM_ARRAY_TASK_ID counted from SLURM_ARRAY_TASK_MIN in steps of SLURM_ARRAY_TASK_STEP, of SLURM_ARRAY_TASK_COUNT. Neither is part of what a job
 * is: the result has the same bits for any N, and processes with different N may work on one job.
 *
 * Ownership: a share owns its list. Thread rule: one thread at a time.
 */
#pragma once

#include "base/param.h"
#include "store/case.h"

#define ASSAY_SHARD_OPTION "shard"
/* An entry for a kind's own table. */
#define ASSAY_SHARD_PARAM                                                                                               \
  { ASSAY_SHARD_OPTION, ASSAY_PARAM_STRING, .metavar = "I/N",                                                           \
    .help = "do the I-th of N parts, beside other processes; the last completes the job (default: the task of a Slurm array)" }

typedef struct { gint64 index, count; } AssayShard;     /* index from 0; count 0 or 1: all of it */

/* Errors: USAGE for anything but I/N with I from 1 to N. */
gboolean assay_shard_parse  (const char *text, AssayShard *shard, GError **error);
/* Of the environment's Slurm array; a count of 0 where there is none. Errors: USAGE for numbers that do not fit together. */
gboolean assay_shard_from_environment (AssayShard *shard, GError **error);
/* values: of a table with ASSAY_SHARD_PARAM. */
gboolean assay_shard_of     (const AssayValues *values, AssayShard *shard, GError **error);

/* The items first .. end - 1 of n that are the shard's; cuts are at multiples of unit. */
void     assay_shard_slice  (const AssayShard *shard, gint64 n, gint64 unit, gint64 *first, gint64 *end);

/* What a process did, and what the job still lacks. */
typedef struct {
  AssayShard shard;
  gboolean *missing;            /* (shard.count) */
  gboolean is_last;             /* nothing is missing, and this process completes the job */
  const char *next_stage;       /* NULL, or what the same command does next, once all of this stage is there */
} AssayShare;

AssayShare *assay_share_new  (const AssayShard *shard);
void        assay_share_free (AssayShare *share);
/* Items first .. end - 1. */
typedef struct { gint64 first, end; } AssayShareRun;
/* What is missing of n items that are cut at multiples of unit. is_last: nothing, and this process may complete the job.
 * Where a job has several such lists, all of n items, every process goes through them in one order: a list that is whole says so of those before it, and the
 * last one decides who completes the job. */
void        assay_share_add  (AssayShare *share, const AssayShareRun *missing, guint n_missing, gint64 n, gint64 unit, gboolean is_last);
/* The same for a recording that all work on: n items, before each of which there are offset[i] rows, offset (n+1); NULL: one row each. object NULL: nobody has a row yet. is_last: it is whole, and by this process or
 * since before it began. */
void        assay_share_add_recording (AssayShare *share, const AssayObject *object, gint64 n, const gint64 *offset, gboolean is_last);
gint64      assay_share_count_missing (const AssayShare *share);
/* One line for people, the first thing to do included. Owns: the caller. */
char       *assay_share_describe (const AssayShare *share);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayShare, assay_share_free)
