/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-figure.c: every mark is drawn whatever the data are; what is not drawn is said; hostile text stays text. */
#include "report/figure.h"

#include <locale.h>
#include <math.h>
#include <string.h>

#define HOSTILE "</text><script>alert(1)</script><b style=\"x\">&amp;\x1b[31m\xe2\x80\xae\xff"

static const AssayFigureLook look = { .theme = ASSAY_THEME_LIGHT, .scale = 1, .titled = TRUE };

/* One figure of each mark over the same numbers. */
enum { LINE, BAND, POINTS, INTERVALS, BARS, WATERFALL, HISTOGRAM, RULE, HEAT, TOKENS, STEPS, DUMBBELLS, N_MARKS };

static AssayFigure *
make (guint mark, gsize n, double first, double step, const char *text)
{
  AssayFigure *figure = assay_figure_new ("test/figure", text);
  g_autofree double *at = g_new (double, n + 1), *value = g_new (double, n + 1), *lo = g_new (double, n + 1), *hi = g_new (double, n + 1);
  g_autofree const char **texts = g_new0 (const char *, n + 1);

  for (gsize k = 0; k <= n; k++)
    {
      at[k] = (double) k;
      value[k] = first + step * (double) k;
      lo[k] = value[k] - fabs (step);
      hi[k] = value[k] + fabs (step);
      texts[k] = text;
    }
  assay_figure_set_axis (figure, ASSAY_AXIS_X, ASSAY_SCALE_LINEAR, text, text);
  assay_figure_set_axis (figure, ASSAY_AXIS_Y, ASSAY_SCALE_LINEAR, text, text);
  assay_figure_set_note (figure, text);
  switch (mark)
    {
    case LINE: assay_figure_add_line (figure, text, ASSAY_ROLE_MAIN, n, at, value); break;
    case BAND: assay_figure_add_band (figure, text, ASSAY_ROLE_SECOND, n, at, lo, hi); break;
    case POINTS: assay_figure_add_points (figure, text, ASSAY_ROLE_THIRD, n, at, value); break;
    case INTERVALS: assay_figure_add_intervals (figure, text, ASSAY_ROLE_FOURTH, n, at, value, lo, hi); break;
    case BARS: assay_figure_add_bars (figure, text, ASSAY_ROLE_NEGATIVE, n, at, value, lo, hi); break;
    case WATERFALL: assay_figure_add_waterfall (figure, text, text, n, value); break;
    case HISTOGRAM: assay_figure_add_histogram (figure, text, ASSAY_ROLE_CONTROL, n, at, value); break;
    case RULE: assay_figure_add_rule (figure, text, ASSAY_ROLE_REFERENCE, ASSAY_AXIS_Y, first); break;
    case HEAT: assay_figure_add_heat (figure, text, 1, n, value, &text, texts); break;
    case TOKENS: assay_figure_add_tokens (figure, text, n, texts, value); break;
    case STEPS: assay_figure_add_steps (figure, text, ASSAY_ROLE_POSITIVE, n, texts, value, lo, hi); break;
    case DUMBBELLS: assay_figure_add_dumbbells (figure, text, ASSAY_ROLE_MAIN, n, at, value, lo); break;
    }
  return figure;
}

static void
draw_all (AssayFigure *figure)
{
  static const double sizes[][2] = { { 440, 260 }, { 200, 120 }, { 40, 30 }, { 1, 1 } };

  for (guint s = 0; s < G_N_ELEMENTS (sizes); s++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) png = assay_figure_write_png (figure, sizes[s][0], sizes[s][1], &look, 1, &error);
      g_autoptr (GBytes) svg = assay_figure_write_svg (figure, sizes[s][0], sizes[s][1], &look);
      const char *text = g_bytes_get_data (svg, NULL);

      g_assert_no_error (error);
      g_assert_true (g_str_has_suffix (text, "</svg>\n"));
      g_assert_null (strstr (text, "nan"));
      g_assert_null (strstr (text, "inf"));
    }
}

static void
test_any_data (void)
{
  static const double firsts[] = { 0, 1, -1e300, 1e300, 1e-300, NAN, INFINITY, 123456789, -5 };
  static const double steps[] = { 0, 1, 1e298, 1e-310, NAN };

  for (guint mark = 0; mark < N_MARKS; mark++)
    for (guint f = 0; f < G_N_ELEMENTS (firsts); f++)
      for (guint s = 0; s < G_N_ELEMENTS (steps); s++)
        for (gsize n = 0; n < 4; n += n == 1 ? 2 : 1)
          {
            g_autoptr (AssayFigure) figure = make (mark, n, firsts[f], steps[s], "x");

            if (n == 0 || (f + s) % 3 == 0)
              draw_all (figure);
            else
              g_bytes_unref (assay_figure_write_svg (figure, 300, 200, &look));
          }
}

static void
test_log_axes (void)
{
  for (guint mark = 0; mark < N_MARKS; mark++)
    {
      g_autoptr (AssayFigure) figure = make (mark, 5, -1, 1, "x");

      assay_figure_set_axis (figure, ASSAY_AXIS_X, ASSAY_SCALE_LOG, "x", NULL);
      if (mark != STEPS)
        assay_figure_set_axis (figure, ASSAY_AXIS_Y, ASSAY_SCALE_LOG, "y", NULL);
      draw_all (figure);
    }
}

static void
test_many_data (void)
{
  for (guint mark = 0; mark < N_MARKS; mark++)
    {
      g_autoptr (AssayFigure) figure = make (mark, mark == STEPS || mark == TOKENS || mark == BARS || mark == WATERFALL ? 2000 : 50000, -3, 1e-3, "x");
      g_autoptr (GBytes) svg = assay_figure_write_svg (figure, 440, 260, &look);

      if (mark == LINE || mark == BAND || mark == POINTS || mark == HEAT)
        g_assert_cmpuint (g_bytes_get_size (svg), <, 1000000);
    }
}

static void
test_hostile (void)
{
  for (guint mark = 0; mark < N_MARKS; mark++)
    {
      g_autoptr (AssayFigure) figure = make (mark, 3, 1, 1, HOSTILE);
      g_autoptr (GBytes) svg = assay_figure_write_svg (figure, 900, 400, &look);
      const char *text = g_bytes_get_data (svg, NULL);

      g_assert_null (strstr (text, "<script"));
      g_assert_null (strstr (text, "style=\""));
      g_assert_null (strstr (text, " id="));
      g_assert_null (strstr (text, "\x1b"));
      g_assert_null (strstr (text, "\xe2\x80\xae"));
      g_assert_true (g_utf8_validate (text, (gssize) g_bytes_get_size (svg), NULL));
      g_assert_nonnull (strstr (text, "&lt;script&gt;alert(1)"));
      g_assert_nonnull (strstr (text, "\\x1b[31m\\u{202e}\\xff"));
    }
}

static gpointer
draw_in_thread (gpointer figure)
{
  return assay_figure_write_svg (figure, 440, 260, &look);
}

/* The same bytes again, in other locales, and in threads at once. */
static void
test_same_bytes (void)
{
  for (guint mark = 0; mark < N_MARKS; mark++)
    {
      g_autoptr (AssayFigure) figure = make (mark, 6, 0.5, 1.25, "naïve \xe6\x97\xa5 x");
      g_autoptr (GBytes) svg = assay_figure_write_svg (figure, 440, 260, &look);
      g_autoptr (GBytes) png = assay_figure_write_png (figure, 440, 260, &look, 2, NULL);
      static const char *const locales[] = { "C", "de_DE.UTF-8", "tr_TR.UTF-8", "fa_IR.UTF-8" };
      GThread *threads[4];

      for (guint k = 0; k < G_N_ELEMENTS (locales); k++)
        {
          g_autoptr (GBytes) svg_again = NULL, png_again = NULL;

          setlocale (LC_ALL, locales[k]);
          svg_again = assay_figure_write_svg (figure, 440, 260, &look);
          png_again = assay_figure_write_png (figure, 440, 260, &look, 2, NULL);
          g_assert_true (g_bytes_equal (svg, svg_again));
          g_assert_true (g_bytes_equal (png, png_again));
        }
      setlocale (LC_ALL, "C");
      for (guint k = 0; k < 4; k++)
        threads[k] = g_thread_new ("draw", draw_in_thread, figure);
      for (guint k = 0; k < 4; k++)
        {
          g_autoptr (GBytes) other = g_thread_join (threads[k]);

          g_assert_true (g_bytes_equal (svg, other));
        }
    }
}

static void
test_hit (void)
{
  for (guint mark = 0; mark < N_MARKS; mark++)
    {
      g_autoptr (AssayFigure) figure = make (mark, 5, 1, 1, "x");

      for (gsize k = 0; k < assay_figure_get_n_data (figure, 0); k++)
        {
          AssayFigureHit at, hit;

          g_assert_true (assay_figure_locate (figure, 440, 260, &look, 0, k, &at));
          g_assert_cmpfloat (at.x, >=, 0);
          g_assert_cmpfloat (at.x + at.width, <=, 440);
          g_assert_cmpfloat (at.y + at.height, <=, 260);
          g_assert_true (assay_figure_hit (figure, 440, 260, &look, at.x + at.width / 2, at.y + at.height / 2, &hit));
          g_assert_cmpuint (hit.datum, ==, k);
          g_assert_cmpstr (hit.text, ==, at.text);
          assay_figure_hit_clear (&at);
          assay_figure_hit_clear (&hit);
        }
      g_assert_false (assay_figure_hit (figure, 440, 260, &look, -500, -500, &(AssayFigureHit) { 0 }));
    }
}

static void
test_table (void)
{
  static const char *const names[] = { "first", "second" };
  const double at[2] = { 0, 1 }, value[2] = { 0.1, NAN }, lo[2] = { 0.05, NAN }, hi[2] = { 0.25, NAN };
  g_autoptr (AssayFigure) figure = assay_figure_new ("table", "Rates");
  gboolean is_number;
  g_autofree char *name = NULL, *cell = NULL, *missing = NULL;
  AssayFigureHit hit;

  assay_figure_set_categories (figure, ASSAY_AXIS_Y, 2, names);
  assay_figure_set_axis (figure, ASSAY_AXIS_X, ASSAY_SCALE_LINEAR, "rate", NULL);
  assay_figure_set_ticks (figure, ASSAY_AXIS_X, ASSAY_TICKS_PERCENT);
  assay_figure_add_intervals (figure, NULL, ASSAY_ROLE_MAIN, 2, at, value, lo, hi);
  g_assert_cmpuint (assay_figure_get_n_rows (figure), ==, 2);
  g_assert_cmpuint (assay_figure_get_n_columns (figure), ==, 4);
  g_assert_cmpstr (assay_figure_get_column (figure, 0, &is_number), ==, "position");
  g_assert_false (is_number);
  g_assert_cmpstr (assay_figure_get_column (figure, 1, &is_number), ==, "rate");
  g_assert_true (is_number);
  g_assert_cmpstr (name = assay_figure_dup_cell (figure, 1, 0), ==, "second");
  g_assert_cmpstr (cell = assay_figure_dup_cell (figure, 0, 1), ==, "0.1");
  g_assert_cmpstr (missing = assay_figure_dup_cell (figure, 1, 1), ==, "");
  g_assert_cmpfloat (assay_figure_get_number (figure, 0, 3), ==, 0.25);
  g_assert_true (assay_figure_locate (figure, 300, 200, &look, 0, 0, &hit));
  g_assert_cmpstr (hit.text, ==, "first, rate 10 %, from 5 % to 25 %");
  assay_figure_hit_clear (&hit);
  g_assert_false (assay_figure_locate (figure, 300, 200, &look, 0, 1, &hit));
  assay_figure_hit_clear (&hit);
}

static void
assert_says (AssayFigure *figure, const char *words)
{
  g_autoptr (GBytes) svg = assay_figure_write_svg (figure, 600, 300, &look);

  g_assert_nonnull (strstr (g_bytes_get_data (svg, NULL), words));
}

static void
test_unseen (void)
{
  const double at[4] = { 0, 1, 2, 3 }, value[4] = { 1, NAN, -2, 40 };
  g_autoptr (AssayFigure) figure = assay_figure_new ("unseen", "Unseen");

  assay_figure_add_points (figure, NULL, ASSAY_ROLE_MAIN, 4, at, value);
  assert_says (figure, "1 value is missing.");
  assay_figure_set_limits (figure, ASSAY_AXIS_Y, -5, 5);
  assert_says (figure, "1 value lies beyond the vertical axis.");
  assay_figure_set_axis (figure, ASSAY_AXIS_Y, ASSAY_SCALE_LOG, NULL, NULL);
  assert_says (figure, "1 value is zero or less, which a log axis cannot show.");
}

static void
test_reading (void)
{
  g_autoptr (AssayFigure) figure = make (LINE, 3, 1, 1, "loss");

  g_assert_cmpstr (assay_figure_get_reading (figure), ==, "loss: lines of loss against loss; loss.");
  assay_figure_set_reading (figure, "The loss rises from 1 to 3.");
  g_assert_cmpstr (assay_figure_get_reading (figure), ==, "The loss rises from 1 to 3.");
  assert_says (figure, "aria-label=\"The loss rises from 1 to 3.\"");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/figure/every mark draws nothing, one, huge, tiny, infinite and missing data", test_any_data);
  g_test_add_func ("/figure/every mark draws on log axes", test_log_axes);
  g_test_add_func ("/figure/many data make no large drawing", test_many_data);
  g_test_add_func ("/figure/hostile text stays text, without scripts, styles or identifiers", test_hostile);
  g_test_add_func ("/figure/the bytes are the same in any locale and thread", test_same_bytes);
  g_test_add_func ("/figure/what is located is hit", test_hit);
  g_test_add_func ("/figure/the table holds what is drawn", test_table);
  g_test_add_func ("/figure/what cannot be drawn is said", test_unseen);
  g_test_add_func ("/figure/a figure without a reading says what it shows", test_reading);
  return g_test_run ();
}
