/* SPDX-License-Identifier: GPL-3.0-or-later */
/* many_devices.h: one command on several CUDA devices of this machine: a process for each, with its part (job/shard.h), and then the answer.
 *
 * The parts are those of --shard, so the answer has the same bits as from one device, a process that dies loses only what it had not committed, and the
 * same command goes on. Thread rule: before any other thread is started.
 */
#pragma once

#include "job/command_line.h"

/* The devices that "cuda:A,B,..." names, NULL-terminated, each as "cuda:N"; NULL where the text is none of that form. Owns: the caller. */
char   **assay_many_devices_parse (const char *text);

/* Runs the parts of the line, whose words are quoted, and waits for them. 0 when all are done, else the exit status of the first that failed, which has said
 * why; -1 with an error: USAGE for a command that has no parts. */
int      assay_many_devices_run   (const AssayCommandLine *line, const char *quoted, const char *const *devices, GError **error);
