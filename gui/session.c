/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session.c: a list of places and a position in it. */
#include "gui/session.h"

#define MAX_PLACES 200

struct _AssaySession {
  GObject parent_instance;
  GPtrArray *places;            /* AssayPlace, oldest first */
  guint position;
};

G_DEFINE_FINAL_TYPE (AssaySession, assay_session, G_TYPE_OBJECT)

enum { CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

static void
assay_session_finalize (GObject *object)
{
  g_ptr_array_unref (ASSAY_SESSION (object)->places);
  G_OBJECT_CLASS (assay_session_parent_class)->finalize (object);
}

static void
assay_session_class_init (AssaySessionClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = assay_session_finalize;
  signals[CHANGED] = g_signal_new ("changed", ASSAY_TYPE_SESSION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
assay_session_init (AssaySession *self)
{
  self->places = g_ptr_array_new_with_free_func ((GDestroyNotify) assay_place_free);
}

AssaySession *
assay_session_new (const char *page)
{
  AssaySession *self = g_object_new (ASSAY_TYPE_SESSION, NULL);

  g_ptr_array_add (self->places, assay_place_new (page));
  return self;
}

static AssayPlace *
here (AssaySession *self)
{
  return self->places->pdata[self->position];
}

const AssayPlace *
assay_session_get_place (AssaySession *self)
{
  return here (self);
}

const char *
assay_session_get_page (AssaySession *self)
{
  return here (self)->page;
}

const char *
assay_session_get (AssaySession *self, AssaySelected what)
{
  return here (self)->selected[what];
}

/* Takes the place. What was ahead is forgotten, and at some length the oldest as well. */
static void
step_to (AssaySession *self, AssayPlace *place)
{
  if (assay_place_equal (place, here (self)))
    {
      assay_place_free (place);
      return;
    }
  if (self->position + 1 < self->places->len)
    g_ptr_array_remove_range (self->places, self->position + 1, self->places->len - self->position - 1);
  g_ptr_array_add (self->places, place);
  if (self->places->len > MAX_PLACES)
    g_ptr_array_remove_index (self->places, 0);
  self->position = self->places->len - 1;
  g_signal_emit (self, signals[CHANGED], 0);
}

/* Whether the place was another one. */
static gboolean
put (AssayPlace *place, AssaySelected what, const char *reference)
{
  if (g_strcmp0 (place->selected[what], reference) == 0)
    return FALSE;
  g_free (place->selected[what]);
  place->selected[what] = g_strdup (reference);
  if (what == ASSAY_SELECTED_EXAMPLE)
    g_clear_pointer (&place->selected[ASSAY_SELECTED_TOKEN], g_free);
  return TRUE;
}

void
assay_session_select (AssaySession *self, AssaySelected what, const char *reference)
{
  if (put (here (self), what, reference))
    g_signal_emit (self, signals[CHANGED], 0);
}

void
assay_session_clear (AssaySession *self)
{
  gboolean changed = FALSE;

  for (int what = 0; what < ASSAY_SELECTED_N; what++)
    changed |= put (here (self), what, NULL);
  if (changed)
    g_signal_emit (self, signals[CHANGED], 0);
}

void
assay_session_go_to (AssaySession *self, const char *page)
{
  AssayPlace *place = assay_place_copy (here (self));

  g_free (place->page);
  place->page = g_strdup (page);
  step_to (self, place);
}

void
assay_session_follow (AssaySession *self, const char *page, AssaySelected what, const char *reference)
{
  AssayPlace *place = assay_place_copy (here (self));

  g_free (place->page);
  place->page = g_strdup (page);
  put (place, what, reference);
  step_to (self, place);
}

gboolean
assay_session_can_go_back (AssaySession *self)
{
  return self->position > 0;
}

gboolean
assay_session_can_go_forward (AssaySession *self)
{
  return self->position + 1 < self->places->len;
}

void
assay_session_go_back (AssaySession *self)
{
  if (!assay_session_can_go_back (self))
    return;
  self->position--;
  g_signal_emit (self, signals[CHANGED], 0);
}

void
assay_session_go_forward (AssaySession *self)
{
  if (!assay_session_can_go_forward (self))
    return;
  self->position++;
  g_signal_emit (self, signals[CHANGED], 0);
}

void
assay_session_set_place (AssaySession *self, const AssayPlace *place)
{
  step_to (self, assay_place_copy (place));
}

void
assay_session_restart (AssaySession *self, const AssayPlace *place)
{
  AssayPlace *first = assay_place_copy (place);

  g_ptr_array_set_size (self->places, 0);
  g_ptr_array_add (self->places, first);
  self->position = 0;
  g_signal_emit (self, signals[CHANGED], 0);
}
