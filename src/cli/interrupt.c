/* SPDX-License-Identifier: GPL-3.0-or-later */
/* interrupt.c: from signals to cancellation. */
#include "cli/interrupt.h"

#include "base/error.h"

#include <signal.h>
#include <unistd.h>

static AssayProgress *target;
static volatile sig_atomic_t interrupts;

static void
on_signal (int number)
{
  /* Committed shards stay valid whatever happens now. */
  if (number == SIGINT && interrupts++ > 0)
    _exit (130);
  assay_progress_cancel (target, number == SIGINT ? ASSAY_ERROR_INTERRUPTED : ASSAY_ERROR_TERMINATED);
}

void
assay_interrupt_install (AssayProgress *progress)
{
  struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

  target = progress;
  sigemptyset (&action.sa_mask);
  sigaction (SIGINT, &action, NULL);
  sigaction (SIGTERM, &action, NULL);
  sigaction (SIGUSR1, &action, NULL);
}
