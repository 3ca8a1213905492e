/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-settings.c: what was chosen is there again at the next start, without an installed schema. */
#include "gui/case_memory.h"
#include "gui/open_case.h"
#include "gui/settings.h"

static void
test_kept (void)
{
  g_autoptr (AssaySettings) first = assay_settings_new (), second = NULL;
  int width, height;
  gboolean is_maximized;

  g_assert_true (assay_settings_get_restore (first));
  g_assert_cmpint (assay_settings_get_threads (first), ==, 0);
  assay_settings_set_theme (first, ASSAY_APPEARANCE_DARK);
  assay_settings_set_threads (first, 3);
  assay_settings_set_restore (first, FALSE);
  assay_settings_set_window (first, 1000, 700, TRUE);
  assay_settings_set_last (first, "/tmp/a b.assay");
  second = assay_settings_new ();
  g_assert_cmpint (assay_settings_get_theme (second), ==, ASSAY_APPEARANCE_DARK);
  g_assert_cmpint (assay_settings_get_threads (second), ==, 3);
  g_assert_false (assay_settings_get_restore (second));
  assay_settings_get_window (second, &width, &height, &is_maximized);
  g_assert_cmpint (width, ==, 1000);
  g_assert_cmpint (height, ==, 700);
  g_assert_true (is_maximized);
  {
    g_autofree char *last = assay_settings_get_last (second);

    g_assert_cmpstr (last, ==, "/tmp/a b.assay");
  }
}

static void
test_recent (void)
{
  g_autoptr (AssaySettings) settings = assay_settings_new ();
  g_auto (GStrv) recent = NULL;

  for (int k = 0; k < 30; k++)
    {
      g_autofree char *path = g_strdup_printf ("/cases/%d;x.assay", k);

      assay_settings_add_recent (settings, path);
    }
  assay_settings_add_recent (settings, "/cases/25;x.assay");
  assay_settings_remove_recent (settings, "/cases/29;x.assay");
  recent = assay_settings_get_recent (settings);
  g_assert_cmpstr (recent[0], ==, "/cases/25;x.assay");
  g_assert_cmpstr (recent[1], ==, "/cases/28;x.assay");
  g_assert_cmpuint (g_strv_length (recent), ==, 11);
}

static void
test_memory (void)
{
  g_autoptr (AssayPlace) place = assay_place_new ("influence"), back = NULL;

  place->selected[ASSAY_SELECTED_EXAMPLE] = g_strdup ("train:17");
  g_assert_null (assay_case_memory_load ("some-uuid"));
  assay_case_memory_save ("some-uuid", place);
  back = assay_case_memory_load ("some-uuid");
  g_assert_true (assay_place_equal (place, back));
  g_assert_null (assay_case_memory_load ("another"));
}

static void
assert_path (const char *given, const char *expected)
{
  g_autofree char *found = assay_case_path_from (given);

  g_assert_cmpstr (found, ==, expected);
}

static void
test_path (void)
{
  assert_path ("/a/x.assay", "/a/x.assay");
  assert_path ("/a/x.assay/", "/a/x.assay");
  assert_path ("/a/x.assay/assay-case.json", "/a/x.assay");
  assert_path ("/a/x.assay/shards/00000001-ab.h5", "/a/x.assay");
  assert_path ("/a/other.h5", "/a/other.h5");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/settings/what was chosen is kept", test_kept);
  g_test_add_func ("/settings/the case opened last comes first, once", test_recent);
  g_test_add_func ("/memory/a case is found where it was left", test_memory);
  g_test_add_func ("/case/a marker and a shard lead to their case", test_path);
  return g_test_run ();
}
