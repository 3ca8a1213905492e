/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-isa.c: the choice of an instruction set. */
#include "base/isa.h"

#include "base/error.h"

#include <string.h>

static void
test_isa (void)
{
  const char *const *list = assay_isa_list ();
  const char *best = list[0], *last = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (assay_isa_get_name (), ==, best);
  for (; *list != NULL; list++)
    {
      g_assert_true (assay_isa_set (*list, NULL));
      g_assert_cmpstr (assay_isa_get_name (), ==, *list);
      last = *list;
    }
  g_assert_cmpstr (last, ==, "baseline");
  g_assert_cmpint (assay_isa_get (), ==, ASSAY_ISA_BASELINE);
  g_assert_false (assay_isa_set ("x86-64-v9", &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_DEVICE);
  g_assert_nonnull (strstr (error->message, best));
  g_assert_nonnull (strstr (error->message, "x86-64-v9"));
  g_assert_cmpint (assay_isa_get (), ==, ASSAY_ISA_BASELINE);
  g_assert_true (assay_isa_set (best, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/isa/any listed instruction set can be chosen, others are refused", test_isa);
  return g_test_run ();
}
