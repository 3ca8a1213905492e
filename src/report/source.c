/* SPDX-License-Identifier: GPL-3.0-or-later */
/* source.c: answers and pins, kept in order. */
#include "report/source.h"

#include <string.h>

static void
answer_free (gpointer data)
{
  AssayReportAnswer *answer = data;

  g_free (answer->kind);
  g_free (answer->object);
  g_free (answer->content_root);
  g_free (answer->command);
  g_free (answer->utc);
  json_decref (answer->meta);
  json_decref (answer->document);
  g_free (answer->stale);
  g_free (answer);
}

static void
pin_free (gpointer data)
{
  AssayReportPin *pin = data;

  g_free (pin->claim);
  g_free (pin->note);
  g_free (pin->display);
  g_free (pin->author);
  g_free (pin->utc);
  g_free (pin);
}

AssayReportSource *
assay_report_source_new (AssayCase *cas)
{
  AssayReportSource *source = g_new0 (AssayReportSource, 1);

  source->cas = cas;
  source->answers = g_ptr_array_new_with_free_func (answer_free);
  source->pins = g_ptr_array_new_with_free_func (pin_free);
  return source;
}

void
assay_report_source_free (AssayReportSource *source)
{
  if (source == NULL)
    return;
  g_ptr_array_unref (source->answers);
  g_ptr_array_unref (source->pins);
  g_free (source);
}

AssayReportAnswer *
assay_report_source_add_answer (AssayReportSource *source, const char *kind, const char *object, json_t *meta, json_t *document)
{
  AssayReportAnswer *answer = g_new0 (AssayReportAnswer, 1);

  answer->kind = g_strdup (kind);
  answer->object = g_strdup (object);
  answer->meta = json_incref (meta);
  answer->document = json_incref (document);
  g_ptr_array_add (source->answers, answer);
  return answer;
}

GPtrArray *
assay_report_source_list (const AssayReportSource *source, const char *kind)
{
  GPtrArray *found = g_ptr_array_new ();

  for (guint k = 0; k < source->answers->len; k++)
    {
      AssayReportAnswer *answer = source->answers->pdata[k];

      if (answer->document != NULL && answer->stale == NULL && strcmp (answer->kind, kind) == 0)
        g_ptr_array_add (found, answer);
    }
  return found;
}

const AssayReportAnswer *
assay_report_source_find_newest (const AssayReportSource *source, const char *kind)
{
  g_autoptr (GPtrArray) found = assay_report_source_list (source, kind);

  return found->len > 0 ? found->pdata[found->len - 1] : NULL;
}
