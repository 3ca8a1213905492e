/* SPDX-License-Identifier: GPL-3.0-or-later */
/* proposal.c: from a kind to a command line. */
#include "gui/proposal.h"

#include "job/spec.h"

char *
assay_proposal_for (const char *kind, const AssayCaseContents *contents)
{
  g_autofree char *quoted = assay_job_quote_word (contents->path);

  return assay_job_kind_find (kind, NULL) != NULL ? g_strdup_printf ("assay %s %s", kind, quoted) : NULL;
}
