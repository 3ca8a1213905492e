/* SPDX-License-Identifier: GPL-3.0-or-later */
/* page.c: what all pages have in common, and the list of them. */
#include "gui/page.h"

#include <string.h>

typedef struct {
  AssaySession *session;
  AssayJobList *jobs;
  AssayOpenCase *cas;
  gboolean is_shown, case_is_new, place_is_new;
} AssayPagePrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (AssayPage, assay_page, ADW_TYPE_BIN)

#define ASSAY_REGISTER(name) extern const AssayPageInfo assay_page_info_##name;
#include "gui/pages.def"
#undef ASSAY_REGISTER

#define ASSAY_REGISTER(name) &assay_page_info_##name,
static const AssayPageInfo *const pages[] = {
#include "gui/pages.def"
  NULL
};
#undef ASSAY_REGISTER

const AssayPageInfo *const *
assay_page_list (void)
{
  return pages;
}

const AssayPageInfo *
assay_page_find (const char *name)
{
  for (const AssayPageInfo *const *page = pages; name != NULL && *page != NULL; page++)
    if (strcmp ((*page)->name, name) == 0)
      return *page;
  return NULL;
}

const AssayPageInfo *
assay_page_find_result (const char *kind)
{
  for (const AssayPageInfo *const *page = pages; *page != NULL; page++)
    if ((*page)->results_of != NULL && g_strv_contains ((*page)->results_of, kind))
      return *page;
  return NULL;
}

static AssayPagePrivate *
private (AssayPage *self)
{
  return assay_page_get_instance_private (self);
}

static void
assay_page_dispose (GObject *object)
{
  AssayPagePrivate *p = private (ASSAY_PAGE (object));

  g_clear_object (&p->session);
  g_clear_object (&p->jobs);
  g_clear_object (&p->cas);
  G_OBJECT_CLASS (assay_page_parent_class)->dispose (object);
}

static void
assay_page_class_init (AssayPageClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = assay_page_dispose;
}

static void
assay_page_init (AssayPage *self)
{
  gtk_widget_set_hexpand (GTK_WIDGET (self), TRUE);
  gtk_widget_set_vexpand (GTK_WIDGET (self), TRUE);
}

static void
catch_up (AssayPage *self)
{
  AssayPagePrivate *p = private (self);
  AssayPageClass *klass = ASSAY_PAGE_GET_CLASS (self);

  if (!p->is_shown || p->cas == NULL || assay_open_case_get_contents (p->cas) == NULL)
    return;
  if (p->case_is_new)
    {
      p->case_is_new = FALSE;
      if (klass->show_case != NULL)
        klass->show_case (self);
    }
  if (p->place_is_new)
    {
      p->place_is_new = FALSE;
      if (klass->follow != NULL)
        klass->follow (self);
    }
}

void
assay_page_set_session (AssayPage *self, AssaySession *session, AssayJobList *jobs)
{
  g_set_object (&private (self)->session, session);
  g_set_object (&private (self)->jobs, jobs);
}

void
assay_page_set_case (AssayPage *self, AssayOpenCase *cas)
{
  AssayPagePrivate *p = private (self);

  g_set_object (&p->cas, cas);
  p->case_is_new = p->place_is_new = TRUE;
  catch_up (self);
}

void
assay_page_place_changed (AssayPage *self)
{
  private (self)->place_is_new = TRUE;
  catch_up (self);
}

void
assay_page_set_shown (AssayPage *self, gboolean is_shown)
{
  private (self)->is_shown = is_shown;
  catch_up (self);
}

char *
assay_page_dup_command (AssayPage *self)
{
  AssayPageClass *klass = ASSAY_PAGE_GET_CLASS (self);

  return klass->dup_command ? klass->dup_command (self) : NULL;
}

gboolean
assay_page_has_objects (AssayPage *self)
{
  return ASSAY_PAGE_GET_CLASS (self)->dup_object != NULL;
}

char *
assay_page_dup_object (AssayPage *self)
{
  AssayPageClass *klass = ASSAY_PAGE_GET_CLASS (self);

  return klass->dup_object ? klass->dup_object (self) : NULL;
}

json_t *
assay_page_make_table (AssayPage *self)
{
  AssayPageClass *klass = ASSAY_PAGE_GET_CLASS (self);

  return klass->make_table ? klass->make_table (self) : NULL;
}

AssaySession *
assay_page_get_session (AssayPage *self)
{
  return private (self)->session;
}

AssayJobList *
assay_page_get_jobs (AssayPage *self)
{
  return private (self)->jobs;
}

AssayCaseReader *
assay_page_get_reader (AssayPage *self)
{
  AssayPagePrivate *p = private (self);

  return p->cas ? assay_open_case_get_reader (p->cas) : NULL;
}

AssayCaseExamples *
assay_page_get_examples (AssayPage *self)
{
  AssayPagePrivate *p = private (self);

  return p->cas ? assay_open_case_get_examples (p->cas) : NULL;
}

AssayCaseContents *
assay_page_get_contents (AssayPage *self)
{
  AssayPagePrivate *p = private (self);

  return p->cas ? assay_open_case_get_contents (p->cas) : NULL;
}

GCancellable *
assay_page_renew (GCancellable **cancellable)
{
  if (*cancellable != NULL)
    g_cancellable_cancel (*cancellable);
  g_clear_object (cancellable);
  return *cancellable = g_cancellable_new ();
}

void
assay_page_tell (AssayPage *self, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  gtk_widget_activate_action (GTK_WIDGET (self), "win.tell", "s", text);
}
