/* SPDX-License-Identifier: GPL-3.0-or-later */
/* schedule.h: the learning rate of each step. Thread rule: pure functions. */
#pragma once

#include <glib.h>

typedef enum { ASSAY_SCHEDULE_CONSTANT, ASSAY_SCHEDULE_LINEAR, ASSAY_SCHEDULE_COSINE } AssayScheduleKind;

typedef struct {
  AssayScheduleKind kind;
  double peak;                  /* the rate after the warm-up */
  double final_fraction;        /* of the peak, at the end of LINEAR and COSINE */
  gint64 warmup;                /* steps of a linear rise: step s < warmup has peak (s + 1) / warmup */
  gint64 steps;                 /* of the whole run */
} AssaySchedule;

extern const char *const assay_schedule_names[];                  /* NULL-terminated, in the order of the kinds */

/* The rate of step s, from 0. LINEAR and COSINE reach final_fraction of the peak where step `steps` would be. */
double assay_schedule_get_rate (const AssaySchedule *schedule, gint64 s);
