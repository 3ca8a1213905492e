/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gallery.c: every mark of the figure renderer, to be looked at. Writes one PNG and one SVG for each figure, theme and width:
 *
 *   make bench/gallery && bench/gallery DIR
 */
#include <glib/gstdio.h>
#include <math.h>

#include "report/figure.h"

#define N(array) G_N_ELEMENTS (array)

/* Numbers that look like measurements and are the same in each run. */
static double
noise (guint k)
{
  guint32 x = (k + 1) * 2654435761u;

  x ^= x >> 15;
  x *= 2246822519u;
  x ^= x >> 13;
  return (x & 0xffffff) / (double) 0x1000000 - 0.5;
}

static AssayFigure *
loss_curves (void)
{
  AssayFigure *figure = assay_figure_new ("loss", "Training and validation loss");
  double step[60], train[60], held[60], lo[60], hi[60];

  for (guint k = 0; k < 60; k++)
    {
      step[k] = 25.0 * k;
      train[k] = 0.35 + 2.2 * exp (-(double) k / 9) + 0.03 * noise (k);
      held[k] = 0.52 + 2.0 * exp (-(double) k / 10) + 0.02 * noise (k + 99);
      lo[k] = held[k] - 0.09;
      hi[k] = held[k] + 0.09;
    }
  assay_figure_set_axis (figure, ASSAY_AXIS_X, ASSAY_SCALE_LINEAR, "step", NULL);
  assay_figure_set_axis (figure, ASSAY_AXIS_Y, ASSAY_SCALE_LINEAR, "cross-entropy", "nats per token");
  assay_figure_add_band (figure, "validation", ASSAY_ROLE_SECOND, 60, step, lo, hi);
  assay_figure_add_line (figure, "training", ASSAY_ROLE_MAIN, 60, step, train);
  assay_figure_add_line (figure, "validation", ASSAY_ROLE_SECOND, 60, step, held);
  assay_figure_add_rule (figure, "uniform", ASSAY_ROLE_REFERENCE, ASSAY_AXIS_Y, 2.303);
  assay_figure_set_note (figure, "Band: 95 % interval over 5 seeds.");
  assay_figure_set_reading (figure, "Validation loss settles at 0.52 nats per token, 0.17 above training loss.");
  return figure;
}

static AssayFigure *
predicted_against_measured (void)
{
  AssayFigure *figure = assay_figure_new ("loo", "Predicted against retrained change of loss");
  double x[90], y[90], ends[2] = { -0.06, 0.075 };

  for (guint k = 0; k < 90; k++)
    {
      x[k] = 0.12 * noise (k) * fabs (noise (k + 500)) * 2;
      y[k] = 1.08 * x[k] + 0.008 * noise (k + 7);
    }
  x[3] = 0.071, y[3] = 0.068;
  assay_figure_set_axis (figure, ASSAY_AXIS_X, ASSAY_SCALE_LINEAR, "predicted change", "nats");
  assay_figure_set_axis (figure, ASSAY_AXIS_Y, ASSAY_SCALE_LINEAR, "measured by retraining", "nats");
  assay_figure_add_line (figure, "equal", ASSAY_ROLE_REFERENCE, 2, ends, ends);
  assay_figure_add_points (figure, "left-out examples", ASSAY_ROLE_MAIN, 90, x, y);
  assay_figure_set_note (figure, "90 examples, each left out and retrained once; Pearson r = 0.994.");
  return figure;
}

static AssayFigure *
subgroup_rates (void)
{
  static const char *const groups[] = { "African-American", "Caucasian", "Hispanic", "Other", "Asian", "Native American" };
  AssayFigure *figure = assay_figure_new ("subgroups", "False positives and false negatives by race");
  double at[6] = { 0, 1, 2, 3, 4, 5 };
  double fp[6] = { .448, .235, .215, .147, .087, .375 }, fp_lo[6] = { .425, .214, .175, .106, .025, .137 }, fp_hi[6] = { .471, .257, .260, .199, .28, .694 };
  double fn[6] = { .280, .477, .556, .677, .333, .1 }, fn_lo[6] = { .260, .446, .492, .594, .12, .018 }, fn_hi[6] = { .300, .509, .620, .750, .646, .404 };

  assay_figure_set_categories (figure, ASSAY_AXIS_Y, 6, groups);
  assay_figure_set_axis (figure, ASSAY_AXIS_X, ASSAY_SCALE_LINEAR, "rate", NULL);
  assay_figure_set_ticks (figure, ASSAY_AXIS_X, ASSAY_TICKS_PERCENT);
  assay_figure_add_intervals (figure, "false positives", ASSAY_ROLE_MAIN, 6, at, fp, fp_lo, fp_hi);
  assay_figure_add_intervals (figure, "false negatives", ASSAY_ROLE_SECOND, 6, at, fn, fn_lo, fn_hi);
  assay_figure_add_rule (figure, "all 7,214", ASSAY_ROLE_REFERENCE, ASSAY_AXIS_X, .323);
  assay_figure_set_note (figure, "Whiskers: 95 % Wilson intervals.");
  return figure;
}

static AssayFigure *
contributions (void)
{
  static const char *const names[] = { "prior convictions", "age at screening", "charge degree: felony", "sex: male", "juvenile felonies",
                                       "days in jail before screening and between arrest and trial" };
  AssayFigure *figure = assay_figure_new ("contributions", "What moves this person's score");
  double at[6] = { 0, 1, 2, 3, 4, 5 }, up[6] = { 1.92, NAN, 0.31, 0.12, NAN, NAN }, down[6] = { NAN, -1.21, NAN, NAN, -0.08, -0.35 };

  assay_figure_set_categories (figure, ASSAY_AXIS_Y, 6, names);
  assay_figure_set_axis (figure, ASSAY_AXIS_X, ASSAY_SCALE_LINEAR, "contribution to the logit, against the mean person", NULL);
  assay_figure_add_bars (figure, "raises", ASSAY_ROLE_POSITIVE, 6, at, up, NULL, NULL);
  assay_figure_add_bars (figure, "lowers", ASSAY_ROLE_NEGATIVE, 6, at, down, NULL, NULL);
  assay_figure_set_stacked (figure, TRUE);
  return figure;
}

static AssayFigure *
stacked_bars (void)
{
  static const char *const names[] = { "Low", "Medium", "High" };
  AssayFigure *figure = assay_figure_new ("stacked", "Decile groups and what happened after");
  double at[3] = { 0, 1, 2 }, no[3] = { 2681, 1282, 446 }, yes[3] = { 1216, 1032, 997 }, control[3] = { 1300, 1100, 900 };

  assay_figure_set_categories (figure, ASSAY_AXIS_X, 3, names);
  assay_figure_set_axis (figure, ASSAY_AXIS_Y, ASSAY_SCALE_LINEAR, "people", NULL);
  assay_figure_set_ticks (figure, ASSAY_AXIS_Y, ASSAY_TICKS_COUNT);
  assay_figure_set_stacked (figure, TRUE);
  assay_figure_add_bars (figure, "not rearrested", ASSAY_ROLE_MAIN, 3, at, no, NULL, NULL);
  assay_figure_add_bars (figure, "rearrested", ASSAY_ROLE_SECOND, 3, at, yes, NULL, NULL);
  assay_figure_add_bars (figure, "unknown", ASSAY_ROLE_CONTROL, 3, at, control, NULL, NULL);
  return figure;
}

static AssayFigure *
grouped_bars (void)
{
  static const char *const names[] = { "early answering", "adding mistakes", "filler tokens", "deleting steps" };
  AssayFigure *figure = assay_figure_new ("grouped", "How much the answer moves, by probe");
  double at[4] = { 0, 1, 2, 3 }, v[4] = { .82, .77, .03, .68 }, lo[4] = { .76, .70, 0, .60 }, hi[4] = { .87, .83, .06, .75 };
  double c[4] = { .04, .06, .02, .05 }, clo[4] = { .02, .03, 0, .02 }, chi[4] = { .07, .09, .05, .09 };

  assay_figure_set_categories (figure, ASSAY_AXIS_X, 4, names);
  assay_figure_set_axis (figure, ASSAY_AXIS_Y, ASSAY_SCALE_LINEAR, "answers that change", NULL);
  assay_figure_set_ticks (figure, ASSAY_AXIS_Y, ASSAY_TICKS_PERCENT);
  assay_figure_add_bars (figure, "probe", ASSAY_ROLE_MAIN, 4, at, v, lo, hi);
  assay_figure_add_bars (figure, "matched control", ASSAY_ROLE_CONTROL, 4, at, c, clo, chi);
  return figure;
}

static AssayFigure *
histograms (void)
{
  AssayFigure *figure = assay_figure_new ("histogram", "Activation of unit 1,742");
  double edges[41], on[40], off[40];

  for (guint k = 0; k <= 40; k++)
    edges[k] = -2 + 0.2 * k;
  for (guint k = 0; k < 40; k++)
    {
      double x = -1.9 + 0.2 * k;

      off[k] = floor (52000 * exp (-x * x / 0.9)) + 2;
      on[k] = floor (15000 * exp (-(x - 3) * (x - 3) / 1.6)) + 1;
    }
  assay_figure_set_axis (figure, ASSAY_AXIS_X, ASSAY_SCALE_LINEAR, "activation", NULL);
  assay_figure_set_axis (figure, ASSAY_AXIS_Y, ASSAY_SCALE_LINEAR, "tokens", NULL);
  assay_figure_set_ticks (figure, ASSAY_AXIS_Y, ASSAY_TICKS_COUNT);
  assay_figure_add_histogram (figure, "all other tokens", ASSAY_ROLE_CONTROL, 40, edges, off);
  assay_figure_add_histogram (figure, "digits", ASSAY_ROLE_MAIN, 40, edges, on);
  assay_figure_add_rule (figure, "ablated to the mean, 0.12", ASSAY_ROLE_REFERENCE, ASSAY_AXIS_X, 0.12);
  return figure;
}

static AssayFigure *
log_log (void)
{
  AssayFigure *figure = assay_figure_new ("residuals", "Residual of the solve");
  double x[40], a[40], b[40], c[40];

  for (guint k = 0; k < 40; k++)
    {
      x[k] = k + 1;
      a[k] = pow (10, -0.31 * k) * (1 + 0.4 * noise (k));
      b[k] = pow (10, -0.14 * k) * (1 + 0.4 * noise (k + 50));
      c[k] = pow (10, -0.04 * k);
    }
  assay_figure_set_axis (figure, ASSAY_AXIS_X, ASSAY_SCALE_LOG, "iteration", NULL);
  assay_figure_set_axis (figure, ASSAY_AXIS_Y, ASSAY_SCALE_LOG, "relative residual", NULL);
  assay_figure_add_line (figure, "damping 1", ASSAY_ROLE_MAIN, 40, x, a);
  assay_figure_add_line (figure, "damping 0.01", ASSAY_ROLE_SECOND, 40, x, b);
  assay_figure_add_line (figure, "damping 0.0001", ASSAY_ROLE_THIRD, 40, x, c);
  assay_figure_add_rule (figure, "tolerance", ASSAY_ROLE_REFERENCE, ASSAY_AXIS_Y, 1e-8);
  return figure;
}

static AssayFigure *
signed_heat (void)
{
  static const char *const rows[] = { "layer 0", "layer 1", "layer 2", "layer 3" };
  static const char *const columns[] = { "The", "price", "is", "7", "plus", "5", "equals" };
  AssayFigure *figure = assay_figure_new ("patching", "Effect of patching the residual stream");
  double values[28];

  for (guint k = 0; k < 28; k++)
    values[k] = 1.6 * noise (k) * (k % 7 > 2 ? 1.8 : 0.2);
  values[9] = NAN;
  assay_figure_add_heat (figure, NULL, 4, 7, values, rows, columns);
  assay_figure_set_axis (figure, ASSAY_AXIS_X, ASSAY_SCALE_CATEGORY, "token", NULL);
  assay_figure_set_colours (figure, ASSAY_COLOURS_SIGNED, "change of logit difference", NULL, NAN, NAN);
  return figure;
}

static AssayFigure *
dense_heat (void)
{
  AssayFigure *figure = assay_figure_new ("attention", "Attention of head 3.1");
  double *values = g_new (double, 96 * 96);

  for (guint r = 0; r < 96; r++)
    for (guint c = 0; c < 96; c++)
      values[r * 96 + c] = c > r ? NAN : exp (-0.12 * (r - c)) * (0.75 + 0.5 * noise (r * 96 + c)) + (c == 0 ? 0.3 : 0);
  assay_figure_add_heat (figure, NULL, 96, 96, values, NULL, NULL);
  assay_figure_set_axis (figure, ASSAY_AXIS_X, ASSAY_SCALE_LINEAR, "attends to token", NULL);
  assay_figure_set_axis (figure, ASSAY_AXIS_Y, ASSAY_SCALE_LINEAR, "token", NULL);
  assay_figure_set_ticks (figure, ASSAY_AXIS_X, ASSAY_TICKS_COUNT);
  assay_figure_set_ticks (figure, ASSAY_AXIS_Y, ASSAY_TICKS_COUNT);
  assay_figure_set_colours (figure, ASSAY_COLOURS_ONE_SIDED, "weight", NULL, 0, 1);
  g_free (values);
  return figure;
}

static AssayFigure *
token_strip (gboolean is_signed)
{
  static const char *const tokens[] = { "Once", " upon", " a", " time", ",", " a", " little", " girl", " named", " Lily", " <b>", "found", "</b>", " \x1b[31m",
                                        " \xe2\x80\xae" "evil", " three", " red", " apples", ".", "\n", "She", " gave", " one", " to", " her", " friend", ".", " So",
                                        " she", " had", " two", " \xe4\xb8\xad\xe6\x96\x87", "." };
  AssayFigure *figure = assay_figure_new (is_signed ? "tokens-signed" : "tokens", is_signed ? "What each token adds to the answer \xe2\x80\x9ctwo\xe2\x80\x9d"
                                                                                           : "Activation of unit 1,742, top example");
  double values[N (tokens)];

  for (guint k = 0; k < N (tokens); k++)
    values[k] = is_signed ? 1.7 * noise (k + 3) : k % 5 == 0 ? 4.2 * (noise (k) + 0.5) : 0.2 * (noise (k) + 0.5);
  values[6] = NAN;
  assay_figure_add_tokens (figure, NULL, N (tokens), tokens, values);
  assay_figure_set_colours (figure, is_signed ? ASSAY_COLOURS_SIGNED : ASSAY_COLOURS_ONE_SIDED, is_signed ? "contribution to the logit" : "activation", NULL,
                            is_signed ? NAN : 0, NAN);
  return figure;
}

static AssayFigure *
chain_steps (void)
{
  static const char *const steps[] = { "start with 7", "7 + 5 = 12", "12 + 9 = 21, because the carried ten is added to the tens that stand already there before",
                                       "21 mod 10 = 1", "so the answer is 1" };
  AssayFigure *figure = assay_figure_new ("steps", "How much the answer depends on each step");
  double v[5] = { .12, .64, .91, .88, .35 }, lo[5] = { .05, .55, .85, .80, .27 }, hi[5] = { .2, .72, .95, .94, .44 };

  assay_figure_add_steps (figure, "mistake in this step", ASSAY_ROLE_MAIN, 5, steps, v, lo, hi);
  assay_figure_set_axis (figure, ASSAY_AXIS_X, ASSAY_SCALE_LINEAR, "answers that follow the mistake", NULL);
  assay_figure_set_ticks (figure, ASSAY_AXIS_X, ASSAY_TICKS_PERCENT);
  assay_figure_set_limits (figure, ASSAY_AXIS_X, 0, 1);
  assay_figure_add_rule (figure, "control", ASSAY_ROLE_CONTROL, ASSAY_AXIS_X, 0.04);
  return figure;
}

static AssayFigure *
dumbbells (void)
{
  static const char *const names[] = { "train-118", "train-2041", "train-77", "train-910", "train-4", "train-1333", "train-650", "train-32" };
  AssayFigure *figure = assay_figure_new ("dumbbells", "The most influential examples, predicted and retrained");
  double at[8], p[8], m[8];

  for (guint k = 0; k < 8; k++)
    {
      at[k] = k;
      p[k] = (k < 4 ? 0.09 - 0.015 * k : -0.03 - 0.012 * (k - 4)) + 0;
      m[k] = p[k] * (1 + 0.5 * noise (k));
    }
  assay_figure_set_categories (figure, ASSAY_AXIS_Y, 8, names);
  assay_figure_set_axis (figure, ASSAY_AXIS_X, ASSAY_SCALE_LINEAR, "change of the query's loss when left out", "nats");
  assay_figure_add_dumbbells (figure, "predicted and measured", ASSAY_ROLE_MAIN, 8, at, p, m);
  return figure;
}

static AssayFigure *
crowd (void)
{
  AssayFigure *figure = assay_figure_new ("crowd", "Two methods on 20,000 examples");
  double *x = g_new (double, 20000), *y = g_new (double, 20000);

  for (guint k = 0; k < 20000; k++)
    {
      x[k] = 3e-7 * (noise (k) + noise (k + 30000) + noise (k + 60000));
      y[k] = 0.8 * x[k] + 1.2e-7 * (noise (k + 90000) + noise (k + 120000));
    }
  assay_figure_set_axis (figure, ASSAY_AXIS_X, ASSAY_SCALE_LINEAR, "conjugate gradients", NULL);
  assay_figure_set_axis (figure, ASSAY_AXIS_Y, ASSAY_SCALE_LINEAR, "gradient product", NULL);
  assay_figure_add_points (figure, NULL, ASSAY_ROLE_MAIN, 20000, x, y);
  assay_figure_set_limits (figure, ASSAY_AXIS_X, -4e-7, 3.2e-7);
  g_free (x);
  g_free (y);
  return figure;
}

static AssayFigure *
nothing (void)
{
  AssayFigure *figure = assay_figure_new ("nothing", "Nothing to show yet");

  assay_figure_set_axis (figure, ASSAY_AXIS_X, ASSAY_SCALE_LINEAR, "step", NULL);
  assay_figure_set_axis (figure, ASSAY_AXIS_Y, ASSAY_SCALE_LINEAR, "loss", "nats");
  return figure;
}

static void
write_bytes (const char *dir, const char *id, const char *theme, int width, const char *ending, GBytes *bytes)
{
  g_autofree char *name = g_strdup_printf ("%s/%s-%s-%d.%s", dir, id, theme, width, ending);
  g_autoptr (GError) error = NULL;

  if (!g_file_set_contents (name, g_bytes_get_data (bytes, NULL), (gssize) g_bytes_get_size (bytes), &error))
    g_error ("%s", error->message);
  g_bytes_unref (bytes);
}

int
main (int argc, char **argv)
{
  static const char *const themes[] = { "light", "dark", "light-contrast", "dark-contrast" };
  static const int widths[] = { 440, 240 };
  AssayFigure *figures[] = { loss_curves (), predicted_against_measured (), subgroup_rates (), contributions (), stacked_bars (), grouped_bars (),
                             histograms (), log_log (), signed_heat (), dense_heat (), token_strip (TRUE), token_strip (FALSE), chain_steps (),
                             dumbbells (), crowd (), nothing () };

  if (argc != 2 || g_mkdir_with_parents (argv[1], 0777) != 0)
    {
      g_printerr ("usage: gallery DIR\n");
      return 2;
    }
  for (guint f = 0; f < N (figures); f++)
    {
      for (guint t = 0; t < N (themes); t++)
        for (guint w = 0; w < N (widths); w++)
          {
            AssayFigureLook look = { .theme = t, .scale = 1, .titled = TRUE };
            double height;

            assay_figure_measure (figures[f], &look, widths[w], NULL, &height);
            write_bytes (argv[1], assay_figure_get_id (figures[f]), themes[t], widths[w], "png",
                         assay_figure_write_png (figures[f], widths[w], height, &look, 2, NULL));
            if (t == 0)
              write_bytes (argv[1], assay_figure_get_id (figures[f]), themes[t], widths[w], "svg",
                           assay_figure_write_svg (figures[f], widths[w], height, &look));
          }
      assay_figure_unref (figures[f]);
    }
  return 0;
}
