/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-kinds.c: what every kind of job must declare, whatever it does. */
#include "job/spec.h"

#include <string.h>

static const AssayJobSection *
sections_of (const AssayJobKind *kind)
{
  static const AssayJobSection none[] = { { .params = NULL } };

  return kind->get_sections ? kind->get_sections () : none;
}

static void
assert_entry (const AssayJobKind *kind, const AssayParam *p)
{
  gsize n = strlen (p->help);

  g_test_message ("%s %s", kind->name, p->name);
  g_assert_cmpuint (strspn (p->name, "abcdefghijklmnopqrstuvwxyz0123456789-"), ==, strlen (p->name));
  g_assert_false (g_str_has_prefix (p->name, "no-"));             /* --no-NAME is a flag's other form */
  g_assert_cmpuint (n, >, 0);
  g_assert_false (g_str_has_suffix (p->help, "."));
  g_assert_null (strchr (p->help, '\n'));
  if (p->type == ASSAY_PARAM_CHOICE)
    g_assert_nonnull (p->choices);
  if (p->type == ASSAY_PARAM_CHOICE && p->def.s != NULL)
    g_assert_true (g_strv_contains (p->choices, p->def.s));
}

static void
test_entries (void)
{
  for (const AssayJobKind *const *kind = assay_job_kind_list (); *kind != NULL; kind++)
    {
      for (const AssayParam *p = (*kind)->params; p->name != NULL; p++)
        assert_entry (*kind, p);
      for (const AssayJobSection *s = sections_of (*kind); s->params != NULL; s++)
        for (const AssayParam *p = s->params; p->name != NULL; p++)
          assert_entry (*kind, p);
    }
}

/* Two sections meet when both are always there, or hang on different values at once; not when they are alternatives. */
static gboolean
can_meet (const AssayJobSection *a, const AssayJobSection *b)
{
  return a->chooser == NULL || b->chooser == NULL || strcmp (a->chooser, b->chooser) != 0;
}

static void
add_names (GHashTable *names, const AssayJobKind *kind, const AssayParam *table)
{
  for (; table->name != NULL; table++)
    if (!assay_job_hides (kind, table))
      {
        g_test_message ("%s %s", kind->name, table->name);
        g_assert_true (g_hash_table_add (names, (gpointer) table->name));
      }
}

static void
test_no_collision (void)
{
  for (const AssayJobKind *const *kind = assay_job_kind_list (); *kind != NULL; kind++)
    for (const AssayJobSection *a = sections_of (*kind);; a++)
      {
        g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);

        add_names (names, *kind, (*kind)->params);
        if (a->params == NULL)
          break;
        add_names (names, *kind, a->params);
        for (const AssayJobSection *b = sections_of (*kind); b->params != NULL; b++)
          if (a != b && b->chooser == NULL && can_meet (a, b))
            add_names (names, *kind, b->params);
      }
}

static void
test_choosers (void)
{
  for (const AssayJobKind *const *kind = assay_job_kind_list (); *kind != NULL; kind++)
    for (const AssayJobSection *s = sections_of (*kind); s->params != NULL; s++)
      {
        const AssayParam *chooser = (*kind)->params;

        g_assert_nonnull (s->help);
        while (s->chooser != NULL && chooser->name != NULL && strcmp (chooser->name, s->chooser) != 0)
          chooser++;
        if (s->chooser == NULL)
          continue;
        g_assert_nonnull (chooser->name);
        g_assert_true (chooser->type == ASSAY_PARAM_STRING || chooser->type == ASSAY_PARAM_CHOICE);
      }
}

static void
test_texts (void)
{
  for (const AssayJobKind *const *kind = assay_job_kind_list (); *kind != NULL; kind++)
    {
      g_autofree char *command = g_strdup_printf ("assay %s", (*kind)->name);

      g_test_message ("%s", (*kind)->name);
      g_assert_nonnull ((*kind)->run);
      g_assert_nonnull ((*kind)->view);
      g_assert_cmpuint (strlen ((*kind)->description), >, 0);
      g_assert_nonnull ((*kind)->examples);
      g_assert_nonnull ((*kind)->examples[0].command);
      for (const AssayJobExample *e = (*kind)->examples; e->command != NULL; e++)
        g_assert_true (g_str_has_prefix (e->command, command));
    }
}

static void
test_find (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (assay_job_kind_find ("train", NULL)->name, ==, "train");
  g_assert_null (assay_job_kind_find ("trian", &error));
  g_assert_nonnull (strstr (error->message, "did you mean \"train\"?"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/kinds/every parameter has a name to type, one line of help and a default among its choices", test_entries);
  g_test_add_func ("/kinds/no name means two things at once", test_no_collision);
  g_test_add_func ("/kinds/sections hang on a parameter of their kind", test_choosers);
  g_test_add_func ("/kinds/every kind runs, can be shown, and has a description and examples of itself", test_texts);
  g_test_add_func ("/kinds/a mistyped kind is answered with the nearest", test_find);
  return g_test_run ();
}
