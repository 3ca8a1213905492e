/* SPDX-License-Identifier: GPL-3.0-or-later */
/* interrupt.h: signals ask the running job to stop after a checkpoint; a second SIGINT ends the program at once.
 *
 * Thread rule: the main thread installs; handlers only set a flag.
 */
#pragma once

#include "base/progress.h"

/* From now on SIGINT, SIGTERM and SIGUSR1 cancel this progress, which must live as long as the program. */
void assay_interrupt_install (AssayProgress *progress);
