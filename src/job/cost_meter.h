/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cost_meter.h: what a piece of work took: time, processor time, memory.
 *
 * Times are of this run on this machine; they are kept beside results and are no part of them.
 * Thread rule: one meter at a time: the memory is the process's.
 */
#pragma once

#include <jansson.h>
#include <glib.h>

typedef struct { gint64 monotonic; double cpu_seconds; } AssayCostMeter;

AssayCostMeter assay_cost_meter_start (void);
/* {"seconds", "cpu_seconds", "peak_bytes"}: peak_bytes is the most memory that the process had in RAM since the start, or null where the system does
 * not tell. New reference. */
json_t        *assay_cost_meter_stop  (const AssayCostMeter *meter);
