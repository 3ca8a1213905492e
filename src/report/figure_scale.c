/* SPDX-License-Identifier: GPL-3.0-or-later */
/* figure_scale.c: scales and ticks. */
#include "report/figure_scale.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MINUS "\xe2\x88\x92"
#define TIMES "\xc3\x97"

double
assay_scale_place (const AssayScale *scale, double value)
{
  double share;

  if (scale->kind == ASSAY_SCALE_LOG)
    share = value > 0 ? log (value / scale->lo) / log (scale->hi / scale->lo) : NAN;
  else
    share = (value - scale->lo) / (scale->hi - scale->lo);
  return scale->from + share * (scale->to - scale->from);
}

double
assay_scale_step (const AssayScale *scale)
{
  return scale->kind == ASSAY_SCALE_LOG ? 0 : fabs (scale->to - scale->from) / (scale->hi - scale->lo);
}

gboolean
assay_scale_holds (const AssayScale *scale, double value)
{
  /* Values that were asked for as the end of an axis are on it, however they were rounded on the way. */
  double slack = scale->kind == ASSAY_SCALE_LOG ? 0 : 1e-9 * (scale->hi - scale->lo);

  return value >= scale->lo - slack && value <= scale->hi + slack;
}

void
assay_scale_fit (AssayScale *scale, AssayTicks style, double lo, double hi, gboolean with_zero)
{
  double air;

  if (scale->kind == ASSAY_SCALE_LOG)
    {
      if (!(lo > 0 && hi >= lo))
        lo = hi = 1;
      air = MAX (0.04 * log10 (hi / lo), lo == hi ? 0.5 : 0.02);
      scale->lo = MAX (lo * pow (10, -air), 1e-307);
      scale->hi = MIN (hi * pow (10, air), 1e307);
      return;
    }
  if (!(hi >= lo))
    lo = 0, hi = 1;
  lo = CLAMP (lo, -1e300, 1e300);
  hi = CLAMP (hi, -1e300, 1e300);
  if (with_zero)
    {
      lo = MIN (lo, 0);
      hi = MAX (hi, 0);
    }
  air = hi - lo > 1e-12 * MAX (fabs (lo), fabs (hi)) ? 0.05 * (hi - lo) : lo != 0 ? 0.5 * fabs (lo) : 1;
  scale->lo = with_zero && lo == 0 && hi > 0 ? 0 : lo - air;
  scale->hi = with_zero && hi == 0 && lo < 0 ? 0 : hi + air;
  /* Air never crosses zero: there would seem to be values of the other sign. */
  if (lo >= 0)
    scale->lo = MAX (scale->lo, 0);
  if (hi <= 0)
    scale->hi = MIN (scale->hi, 0);
  if (!(scale->hi > scale->lo))
    scale->hi = scale->lo + 1;
  /* Shares end at all and nothing, when the data do. */
  if (style == ASSAY_TICKS_PERCENT && lo >= 0 && hi <= 1)
    {
      scale->lo = MAX (scale->lo, 0);
      scale->hi = MIN (scale->hi, 1);
    }
}

/* --- numbers -------------------------------------------------------------------------------------------------------------------- */

static void
append_superscript (GString *out, int power)
{
  static const char *const digits[] = { "\xe2\x81\xb0", "\xc2\xb9", "\xc2\xb2", "\xc2\xb3", "\xe2\x81\xb4",
                                        "\xe2\x81\xb5", "\xe2\x81\xb6", "\xe2\x81\xb7", "\xe2\x81\xb8", "\xe2\x81\xb9" };
  char text[16];

  g_snprintf (text, sizeof text, "%d", power);
  for (const char *at = text; *at != '\0'; at++)
    g_string_append (out, *at == '-' ? "\xe2\x81\xbb" : digits[*at - '0']);
}

/* With a real minus sign and commas between thousands. */
static char *
write_fixed (double value, guint decimals)
{
  char format[16], text[400];
  GString *out = g_string_new (NULL);
  const char *digits;
  gsize whole;

  g_snprintf (format, sizeof format, "%%.%uf", MIN (decimals, 12));
  g_ascii_formatd (text, sizeof text, format, value);
  digits = text[0] == '-' ? text + 1 : text;
  if (text[0] == '-' && strspn (digits, "0.") != strlen (digits))
    g_string_append (out, MINUS);
  whole = strcspn (digits, ".");
  for (gsize k = 0; k < whole; k++)
    {
      g_string_append_c (out, digits[k]);
      if (k + 1 < whole && (whole - k - 1) % 3 == 0)
        g_string_append_c (out, ',');
    }
  g_string_append (out, digits + whole);
  return g_string_free (out, FALSE);
}

char *
assay_figure_number (double value, guint digits)
{
  char text[64], *mark;
  int power;
  GString *out;

  if (isnan (value))
    return g_strdup ("not a number");
  if (isinf (value))
    return g_strdup (value > 0 ? "\xe2\x88\x9e" : MINUS "\xe2\x88\x9e");
  if (value == 0)
    return g_strdup ("0");
  if (value == floor (value) && fabs (value) < 1e7)
    return write_fixed (value, 0);
  g_ascii_formatd (text, sizeof text, digits <= 2 ? "%.1e" : digits == 3 ? "%.2e" : digits == 4 ? "%.3e" : "%.5e", value);
  mark = strchr (text, 'e');
  power = atoi (mark + 1);
  if (power >= -4 && power < 7)
    return write_fixed (value, (guint) MAX ((int) digits - 1 - power, 0));
  *mark = '\0';
  out = g_string_new (NULL);
  g_string_append (out, text[0] == '-' ? MINUS : "");
  g_string_append (out, text[0] == '-' ? text + 1 : text);
  g_string_append (out, TIMES "10");
  append_superscript (out, power);
  return g_string_free (out, FALSE);
}

char *
assay_figure_decimals (double value, guint decimals)
{
  return isfinite (value) && fabs (value) < 1e7 ? write_fixed (value, decimals) : assay_figure_number (value, 3);
}

char *
assay_figure_quantity (double value, AssayTicks style, const char *unit)
{
  g_autofree char *number = style == ASSAY_TICKS_PERCENT && isfinite (value) ? assay_figure_number (100 * value, 3) : assay_figure_number (value, 4);

  if (style == ASSAY_TICKS_PERCENT)
    return g_strconcat (number, " %", NULL);
  if (unit != NULL && *unit != '\0')
    return g_strconcat (number, " ", unit, NULL);
  return g_steal_pointer (&number);
}

/* --- ticks ---------------------------------------------------------------------------------------------------------------------- */

static void
add_tick (AssayTickList *list, double value, char *label)
{
  AssayTick tick = { value, label };

  g_array_append_val (list->ticks, tick);
}

static void
clear_tick (gpointer tick)
{
  g_free (((AssayTick *) tick)->label);
}

/* The step of 1, 2, 2.5 or 5 times a power of ten that cuts the range into about `wanted` pieces. */
static double
round_step (double range, guint wanted, gboolean whole)
{
  static const double steps[] = { 1, 2, 2.5, 5, 10 };
  double rough = range / MAX (wanted, 1), power = pow (10, floor (log10 (rough)));

  for (guint k = 0; k < G_N_ELEMENTS (steps); k++)
    if (steps[k] * power >= rough * (1 - 1e-9) && !(whole && steps[k] == 2.5 && power <= 1))
      return whole ? MAX (1, steps[k] * power) : steps[k] * power;
  return 10 * power;
}

/* Digits behind the point that tell multiples of the step apart. */
static guint
decimals_of (double step)
{
  for (guint d = 0; d < 12; d++)
    {
      double scaled = step * pow (10, d);

      if (fabs (scaled - round (scaled)) < 1e-6 * scaled)
        return d;
    }
  return 12;
}

static void
make_linear (AssayTickList *list, const AssayScale *scale, AssayTicks style, guint wanted)
{
  double step = round_step (scale->hi - scale->lo, wanted, style == ASSAY_TICKS_COUNT);
  double first = ceil (scale->lo / step - 1e-9), last = floor (scale->hi / step + 1e-9);
  double largest = MAX (fabs (first * step), fabs (last * step));
  double unit;
  guint decimals;

  if (style == ASSAY_TICKS_PERCENT)
    list->exponent = -2;
  else if (largest > 0 && (largest >= 1e5 || largest < 9.9e-3))
    list->exponent = 3 * (int) floor ((log10 (largest) + 1e-9) / 3);
  if (last - first > 1000)
    return;
  unit = pow (10, list->exponent);
  decimals = decimals_of (step / unit);
  for (double k = first; k <= last; k++)
    add_tick (list, k * step, k == 0 ? g_strdup ("0") : write_fixed (k * step / unit, decimals));
}

static char *
log_label (double value, int power, double times)
{
  GString *out;

  if (power >= -3 && power <= 4)
    return write_fixed (value, (guint) MAX (-power, 0));
  out = g_string_new (NULL);
  if (times > 1)
    g_string_append_printf (out, "%d" TIMES, (int) times);
  g_string_append (out, "10");
  append_superscript (out, power);
  return g_string_free (out, FALSE);
}

static void
make_log (AssayTickList *list, const AssayScale *scale, guint wanted)
{
  int first = (int) floor (log10 (scale->lo) + 1e-9), last = (int) ceil (log10 (scale->hi) - 1e-9);
  int stride = MAX (1, (int) ceil ((last - first) / (double) MAX (wanted, 1)));
  static const double between[][3] = { { 1, 0, 0 }, { 1, 3, 0 }, { 1, 2, 5 } };
  int many = last - first >= (int) wanted ? 0 : 2 * (last - first) > (int) wanted ? 1 : 2;

  if (stride > 1)
    many = 0;
  for (int power = first; power <= last; power++)
    if (((power % stride) + stride) % stride == 0)
      for (int k = 0; k < 3 && between[many][k] > 0; k++)
        {
          double value = between[many][k] * pow (10, power);

          if (value >= scale->lo * (1 - 1e-9) && value <= scale->hi * (1 + 1e-9))
            add_tick (list, value, log_label (value, power, between[many][k]));
        }
}

void
assay_tick_list_make (AssayTickList *list, const AssayScale *scale, AssayTicks style, guint wanted)
{
  list->ticks = g_array_new (FALSE, FALSE, sizeof (AssayTick));
  g_array_set_clear_func (list->ticks, clear_tick);
  list->exponent = 0;
  if (scale->kind == ASSAY_SCALE_LOG)
    make_log (list, scale, wanted);
  else
    make_linear (list, scale, style, wanted);
}

void
assay_tick_list_make_ends (AssayTickList *list, const AssayScale *scale, gboolean with_zero)
{
  g_array_set_size (list->ticks, 0);
  list->exponent = 0;
  add_tick (list, scale->lo, assay_figure_number (scale->lo, 2));
  if (with_zero && scale->lo < 0 && scale->hi > 0)
    add_tick (list, 0, g_strdup ("0"));
  add_tick (list, scale->hi, assay_figure_number (scale->hi, 2));
}

void
assay_tick_list_clear (AssayTickList *list)
{
  g_clear_pointer (&list->ticks, g_array_unref);
}
