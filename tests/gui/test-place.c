/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-place.c: a place as text is the same place again, whatever is selected. */
#include "base/error.h"
#include "gui/place.h"

static void
assert_round (const AssayPlace *place)
{
  g_autofree char *text = assay_place_to_text (place);
  g_autoptr (GError) error = NULL;
  g_autoptr (AssayPlace) back = assay_place_from_text (text, &error);

  g_assert_no_error (error);
  g_assert_true (assay_place_equal (place, back));
  for (const char *p = text; *p != '\0'; p++)
    g_assert_true (*p > ' ' && *p < 127);               /* one word that can be mailed */
}

static void
test_form (void)
{
  g_autoptr (AssayPlace) place = assay_place_new ("influence");
  g_autofree char *text = NULL;

  place->selected[ASSAY_SELECTED_EXAMPLE] = g_strdup ("train:17");
  place->selected[ASSAY_SELECTED_QUERY] = g_strdup ("cg/edited-0#0");
  text = assay_place_to_text (place);
  g_assert_cmpstr (text, ==, "assay-view:1?page=influence&example=train:17&query=cg/edited-0%230");
  assert_round (place);
}

static void
test_hostile (void)
{
  static const char *const strings[] = { "", "&page=x", "a=b&c", "%00", "\u202eabc", "日本 \t\n", "<b>&amp;</b>", "'\"\\", NULL };

  for (int k = 0; strings[k] != NULL; k++)
    for (int what = 0; what < ASSAY_SELECTED_N; what++)
      {
        g_autoptr (AssayPlace) place = assay_place_new ("overview");

        place->selected[what] = g_strdup (strings[k]);
        assert_round (place);
      }
}

static void
test_random (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (11);

  for (int trial = 0; trial < 500; trial++)
    {
      g_autoptr (AssayPlace) place = assay_place_new ("units");

      for (int what = 0; what < ASSAY_SELECTED_N; what++)
        {
          g_autoptr (GString) text = g_string_new (NULL);

          for (int n = g_rand_int_range (rand, 0, 12); n > 0; n--)
            g_string_append_unichar (text, (gunichar) g_rand_int_range (rand, 1, 0xd800));
          place->selected[what] = g_rand_boolean (rand) ? g_string_free (g_steal_pointer (&text), FALSE) : NULL;
        }
      assert_round (place);
    }
}

static void
test_refused (void)
{
  static const char *const texts[] = { "", "influence", "assay-view:2?page=a", "assay-view:1?where=a", "assay-view:1?page", "assay-view:1?page=a&page=b",
                                       "assay-view:1?example=%ff", "assay-view:1?example=%zz", NULL };

  for (int k = 0; texts[k] != NULL; k++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (assay_place_from_text (texts[k], &error));
      g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/place/a place is one readable line", test_form);
  g_test_add_func ("/place/hostile references survive the text", test_hostile);
  g_test_add_func ("/place/any references survive the text", test_random);
  g_test_add_func ("/place/what is no place is refused", test_refused);
  return g_test_run ();
}
