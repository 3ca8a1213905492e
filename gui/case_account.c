/* SPDX-License-Identifier: GPL-3.0-or-later */
/* case_account.c: asks models, checks, files and journal in turn. */
#include "gui/case_account.h"

#include "gui/case_deeds.h"
#include "gui/provenance_walk.h"
#include "job/view.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>

static void
loss_free (gpointer data)
{
  AssayLoss *loss = data;

  g_free (loss->object);
  g_free (loss->text);
  g_free (loss->command);
  g_free (loss);
}

AssayCaseAccount *
assay_case_account_ref (AssayCaseAccount *self)
{
  g_atomic_ref_count_inc (&self->count);
  return self;
}

void
assay_case_account_unref (AssayCaseAccount *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->count))
    return;
  g_ptr_array_unref (self->models);
  g_ptr_array_unref (self->checks);
  g_ptr_array_unref (self->losses);
  g_clear_pointer (&self->deeds, g_ptr_array_unref);
  g_free (self->journal_fault);
  g_free (self);
}

/* --- models -------------------------------------------------------------------------------------------------------- */

static int
compare_newest_first (gconstpointer a, gconstpointer b)
{
  const AssayObject *x = *(const AssayObject *const *) a, *y = *(const AssayObject *const *) b;

  return x->sequence > y->sequence ? -1 : x->sequence < y->sequence;
}

static void
add_models (AssayCaseAccount *self, AssayCase *cas, const AssayCaseContents *contents)
{
  g_autoptr (GPtrArray) models = g_ptr_array_new ();

  for (guint k = 0; k < contents->objects->len; k++)
    if (strcmp (((AssayObject *) contents->objects->pdata[k])->kind, "model") == 0)
      g_ptr_array_add (models, contents->objects->pdata[k]);
  g_ptr_array_sort (models, compare_newest_first);
  for (guint k = 0; k < models->len; k++)
    g_ptr_array_add (self->models, assay_model_card_read (cas, contents, models->pdata[k]));
}

/* --- what is lost -------------------------------------------------------------------------------------------------- */

static const char *
consequence_of (const char *kind)
{
  static const struct { const char *kind, *words; } all[] = {
    { "data", N_("Examples cannot be shown, and nothing can be trained or ranked.") },
    { "model", N_("What is asked of this model cannot be answered.") },
    { "scores", N_("These rankings cannot be shown.") },
    { "activations", N_("What was made of it stays; it cannot be looked at again.") },
    { "summary", N_("What was made of it stays; it cannot be looked at again.") },
    { "validation", N_("The scores that it vouched for count as not validated.") },
    { "units", N_("These units cannot be shown.") },
    { "job", N_("What this job found cannot be recalled, and a report goes without it.") },
    { "metrics", N_("The curve of this training cannot be shown.") },
  };

  for (gsize k = 0; k < G_N_ELEMENTS (all); k++)
    if (strcmp (kind, all[k].kind) == 0)
      return _(all[k].words);
  return _("What rests on it cannot be shown; everything else stays usable.");
}

static void
add_loss (AssayCaseAccount *self, const AssayCaseContents *contents, const AssayObject *object, char *what)
{
  const AssayObject *job = assay_provenance_find_job (contents, object);
  AssayLoss *loss = g_new0 (AssayLoss, 1);

  loss->object = g_strconcat (object->kind, "/", object->name, NULL);
  loss->text = g_strdup_printf ("%s %s", what, consequence_of (object->kind));
  loss->command = job ? assay_provenance_dup_command (job, contents->path) : NULL;
  g_ptr_array_add (self->losses, loss);
  g_free (what);
}

/* By a look at the directory alone: that every byte is as it was says assay verify. */
static void
look_at_files (AssayCaseAccount *self, const AssayCaseContents *contents, const AssayObject *object)
{
  for (guint p = 0; p < object->n_parts; p++)
    {
      const AssayPart *part = object->parts[p];
      g_autofree char *path = g_build_filename (contents->path, part->file, NULL), *had = NULL, *has = NULL;
      GStatBuf status;

      if (g_stat (path, &status) != 0)
        add_loss (self, contents, object, g_strdup_printf (_("File %s is missing."), part->file));
      else if ((guint64) status.st_size != part->bytes)
        {
          had = assay_view_bytes ((double) part->bytes);
          has = assay_view_bytes ((double) status.st_size);
          add_loss (self, contents, object, g_strdup_printf (_("File %s had %s, and has %s now."), part->file, had, has));
        }
      else
        continue;
      return;
    }
}

/* --- all together -------------------------------------------------------------------------------------------------- */

gpointer
assay_case_account_read (AssayCase *cas, gconstpointer question, GCancellable *cancellable, GError **error)
{
  const AssayCaseContents *contents = question;
  g_autoptr (AssayCaseAccount) self = g_new0 (AssayCaseAccount, 1);
  g_autoptr (GError) fault = NULL;

  g_atomic_ref_count_init (&self->count);
  self->models = g_ptr_array_new_with_free_func ((GDestroyNotify) assay_model_card_free);
  self->losses = g_ptr_array_new_with_free_func (loss_free);
  add_models (self, cas, contents);
  for (guint k = 0; k < contents->objects->len; k++)
    look_at_files (self, contents, contents->objects->pdata[k]);
  self->checks = assay_self_checks_read (cas, contents, cancellable);
  self->deeds = assay_case_deeds_read (contents->path, &fault);
  self->journal_fault = fault ? g_strdup (fault->message) : NULL;
  return g_cancellable_set_error_if_cancelled (cancellable, error) ? NULL : g_steal_pointer (&self);
}
