/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-mem.c: counted memory and its hostile modes; checked size arithmetic. */
#include "base/error.h"
#include "base/mem.h"
#include "base/num.h"

#include <string.h>

/* The address sanitizer asks this; without it its allocator would stop the program where the system's says no. */
const char *__asan_default_options (void);

const char *
__asan_default_options (void)
{
  return "allocator_may_return_null=1";
}

static void
test_buffers (void)
{
  gsize live = assay_mem_get_live ();
  guint64 count = assay_mem_get_count ();
  static const gsize sizes[] = { 0, 1, 63, 64, 65, 4097, 1 << 20 };

  for (gsize k = 0; k < G_N_ELEMENTS (sizes); k++)
    {
      g_autoptr (GError) error = NULL;
      char *buffer = assay_mem_alloc (sizes[k], &error);

      g_assert_no_error (error);
      g_assert_cmpuint ((guintptr) buffer % 64, ==, 0);
      for (gsize i = 0; i < sizes[k]; i++)
        g_assert_cmpint (buffer[i], ==, 0);
      memset (buffer, 0xa5, sizes[k]);
      g_assert_cmpuint (assay_mem_get_live (), ==, live + sizes[k]);
      g_assert_cmpuint (assay_mem_get_count (), ==, count + k + 1);
      assay_mem_free (buffer);
      g_assert_cmpuint (assay_mem_get_live (), ==, live);
    }
  assay_mem_free (NULL);
}

static void
test_peak (void)
{
  gsize live = assay_mem_get_live ();
  gpointer a, b;

  assay_mem_reset_peak ();
  g_assert_cmpuint (assay_mem_get_peak (), ==, live);
  a = assay_mem_alloc (1000, NULL);
  b = assay_mem_alloc (500, NULL);
  assay_mem_free (a);
  a = assay_mem_alloc (100, NULL);
  g_assert_cmpuint (assay_mem_get_peak (), ==, live + 1500);
  assay_mem_free (a);
  assay_mem_free (b);
  g_assert_cmpuint (assay_mem_get_peak (), ==, live + 1500);
}

static void
test_fail_at (void)
{
  assay_mem_fail_at (3);
  for (guint n = 1; n <= 5; n++)
    {
      g_autoptr (GError) error = NULL;
      gpointer buffer = assay_mem_alloc (128, &error);

      if (n == 3)
        {
          g_assert_null (buffer);
          g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY);
          g_assert_nonnull (strstr (error->message, "128"));
        }
      else
        g_assert_nonnull (buffer);
      assay_mem_free (buffer);
    }
  assay_mem_fail_at (1);
  assay_mem_fail_at (0);
  {
    g_autoptr (AssayBuffer) buffer = assay_mem_alloc (1, NULL);

    g_assert_nonnull (buffer);
  }
}

static void
test_forbid (void)
{
  guint64 count = assay_mem_get_count ();
  gpointer buffer;

  assay_mem_forbid (TRUE);
  for (guint n = 0; n < 3; n++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (assay_mem_new (double, 4, &error));
      g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY);
    }
  assay_mem_forbid (FALSE);
  g_assert_cmpuint (assay_mem_get_count (), ==, count);
  buffer = assay_mem_new (double, 4, NULL);
  g_assert_nonnull (buffer);
  assay_mem_free (buffer);
}

static void
test_too_large (void)
{
  g_autoptr (GError) product = NULL, header = NULL, machine = NULL;

  g_assert_null (assay_mem_alloc_array (G_MAXUINT64 / 8 + 1, 8, &product));
  g_assert_error (product, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY);
  g_assert_null (assay_mem_alloc (G_MAXSIZE - 8, &header));
  g_assert_error (header, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY);
  g_assert_null (assay_mem_alloc ((gsize) 1 << 62, &machine));
  g_assert_error (machine, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY);
}

static void
test_sizes (void)
{
  guint64 out = 7;

  g_assert_true (assay_size_add (G_MAXUINT64 - 1, 1, &out) && out == G_MAXUINT64);
  g_assert_true (assay_size_mul (G_GUINT64_CONSTANT (1) << 32, G_GUINT64_CONSTANT (1) << 31, &out) && out == G_GUINT64_CONSTANT (1) << 63);
  g_assert_true (assay_size_align (0, 64, &out) && out == 0);
  g_assert_true (assay_size_align (1, 64, &out) && out == 64);
  g_assert_true (assay_size_align (64, 64, &out) && out == 64);
  out = 7;
  g_assert_false (assay_size_add (G_MAXUINT64, 1, &out));
  g_assert_false (assay_size_mul (G_GUINT64_CONSTANT (1) << 32, G_GUINT64_CONSTANT (1) << 32, &out));
  g_assert_false (assay_size_align (G_MAXUINT64 - 3, 64, &out));
  g_assert_cmpuint (out, ==, 7);
}

static void
test_give_back (void)
{
  const gsize n = 20 << 20;
  g_autoptr (AssayBuffer) buffer = assay_mem_alloc (n, NULL);
  char *bytes = buffer;

  memset (bytes, 1, n);
  assay_mem_give_back (bytes + 100, n / 2);
  g_assert_cmpint (bytes[99], ==, 1);
  g_assert_cmpint (bytes[100 + n / 2], ==, 1);
#ifdef __linux__
  g_assert_cmpint (bytes[n / 4], ==, 0);
#endif
  bytes[n / 4] = 2;
  g_assert_cmpint (bytes[n / 4], ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mem/buffers are aligned, zeroed and counted", test_buffers);
  g_test_add_func ("/mem/the peak is the most held at one time", test_peak);
  g_test_add_func ("/mem/the n-th allocation from now fails, once", test_fail_at);
  g_test_add_func ("/mem/while it is forbidden every allocation fails", test_forbid);
  g_test_add_func ("/mem/pages that are given back are zero and can be written again", test_give_back);
  g_test_add_func ("/mem/a size beyond 64 bits or the machine is refused", test_too_large);
  g_test_add_func ("/num/sums and products that leave 64 bits are refused and write nothing", test_sizes);
  return g_test_run ();
}
