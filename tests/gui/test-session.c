/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-session.c: one selection, and the way back through the places one has been. */
#include "gui/session.h"

static void
count (AssaySession *session, guint *n)
{
  (void) session;
  ++*n;
}

static void
test_selection (void)
{
  g_autoptr (AssaySession) session = assay_session_new ("overview");
  guint n = 0;

  g_signal_connect (session, "changed", G_CALLBACK (count), &n);
  assay_session_select (session, ASSAY_SELECTED_EXAMPLE, "train:1");
  assay_session_select (session, ASSAY_SELECTED_TOKEN, "4");
  assay_session_select (session, ASSAY_SELECTED_EXAMPLE, "train:1");
  g_assert_cmpuint (n, ==, 2);                                  /* the same again is no change */
  g_assert_cmpstr (assay_session_get (session, ASSAY_SELECTED_TOKEN), ==, "4");
  assay_session_select (session, ASSAY_SELECTED_EXAMPLE, "train:2");
  g_assert_null (assay_session_get (session, ASSAY_SELECTED_TOKEN));    /* a position of another example */
  g_assert_false (assay_session_can_go_back (session));         /* selecting is no step */
  assay_session_clear (session);
  g_assert_null (assay_session_get (session, ASSAY_SELECTED_EXAMPLE));
  g_assert_cmpuint (n, ==, 4);
  assay_session_clear (session);
  g_assert_cmpuint (n, ==, 4);
}

static void
test_steps (void)
{
  g_autoptr (AssaySession) session = assay_session_new ("overview");

  assay_session_go_to (session, "examples");
  assay_session_select (session, ASSAY_SELECTED_EXAMPLE, "train:1");
  assay_session_follow (session, "influence", ASSAY_SELECTED_EXAMPLE, "train:9");
  g_assert_cmpstr (assay_session_get (session, ASSAY_SELECTED_EXAMPLE), ==, "train:9");
  assay_session_go_back (session);
  g_assert_cmpstr (assay_session_get_page (session), ==, "examples");
  g_assert_cmpstr (assay_session_get (session, ASSAY_SELECTED_EXAMPLE), ==, "train:1");         /* as it was left */
  assay_session_go_back (session);
  g_assert_cmpstr (assay_session_get_page (session), ==, "overview");
  g_assert_false (assay_session_can_go_back (session));
  assay_session_go_back (session);
  assay_session_go_forward (session);
  assay_session_go_forward (session);
  g_assert_cmpstr (assay_session_get_page (session), ==, "influence");
  g_assert_false (assay_session_can_go_forward (session));
  assay_session_go_back (session);
  assay_session_go_to (session, "units");                       /* what was ahead is gone */
  g_assert_false (assay_session_can_go_forward (session));
}

static void
test_long (void)
{
  g_autoptr (AssaySession) session = assay_session_new ("0");
  guint steps = 0;

  for (guint k = 1; k <= 1000; k++)
    {
      g_autofree char *page = g_strdup_printf ("%u", k);

      assay_session_go_to (session, page);
    }
  for (; assay_session_can_go_back (session); steps++)
    assay_session_go_back (session);
  g_assert_cmpuint (steps, ==, 199);
  g_assert_cmpstr (assay_session_get_page (session), ==, "801");
}

static void
test_restart (void)
{
  g_autoptr (AssaySession) session = assay_session_new ("overview");
  g_autoptr (AssayPlace) place = assay_place_new ("jobs");

  assay_session_go_to (session, "units");
  place->selected[ASSAY_SELECTED_UNIT] = g_strdup ("h.0/3");
  assay_session_restart (session, place);
  g_assert_false (assay_session_can_go_back (session));
  g_assert_true (assay_place_equal (assay_session_get_place (session), place));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/session/selecting changes the place and is no step", test_selection);
  g_test_add_func ("/session/back and forward find each place as it was left", test_steps);
  g_test_add_func ("/session/a long way forgets its beginning only", test_long);
  g_test_add_func ("/session/a restored session has no way back", test_restart);
  return g_test_run ();
}
