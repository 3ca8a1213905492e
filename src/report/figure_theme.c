/* SPDX-License-Identifier: GPL-3.0-or-later */
/* figure_theme.c: four themes and two colour scales. */
#include "report/figure_theme.h"

#include <math.h>

#define RGB(hex, tint) { ((hex) >> 16 & 255) / 255.0, ((hex) >> 8 & 255) / 255.0, ((hex) & 255) / 255.0, 1.0, tint }
#define ROLE(hex, role) RGB (hex, ASSAY_TINT_ROLE + role)
#define ROLES(main, second, third, fourth, control, reference, positive, negative) \
  { ROLE (main, ASSAY_ROLE_MAIN), ROLE (second, ASSAY_ROLE_SECOND), ROLE (third, ASSAY_ROLE_THIRD), ROLE (fourth, ASSAY_ROLE_FOURTH), \
    ROLE (control, ASSAY_ROLE_CONTROL), ROLE (reference, ASSAY_ROLE_REFERENCE), ROLE (positive, ASSAY_ROLE_POSITIVE), \
    ROLE (negative, ASSAY_ROLE_NEGATIVE) }

static const AssayPalette palettes[ASSAY_THEME_N] = {
  [ASSAY_THEME_LIGHT] = {
    RGB (0xffffff, ASSAY_TINT_PAPER), RGB (0x1d2126, ASSAY_TINT_INK), RGB (0x565e68, ASSAY_TINT_MUTED),
    RGB (0x7d858f, ASSAY_TINT_AXIS), RGB (0xe6e9ed, ASSAY_TINT_GRID),
    ROLES (0x1763a6, 0xd0590f, 0x1b8a72, 0x83479b, 0x767e88, 0x2f353c, 0x1763a6, 0xd0590f), 1.0 },
  [ASSAY_THEME_DARK] = {
    RGB (0x1e1e1e, ASSAY_TINT_PAPER), RGB (0xf2f3f4, ASSAY_TINT_INK), RGB (0xb7bcc2, ASSAY_TINT_MUTED),
    RGB (0x868b91, ASSAY_TINT_AXIS), RGB (0x3a3c3f, ASSAY_TINT_GRID),
    ROLES (0x6fb3f2, 0xffa05c, 0x4fd0ab, 0xd3a0e6, 0x9ba1a8, 0xd9dce0, 0x6fb3f2, 0xffa05c), 1.0 },
  [ASSAY_THEME_LIGHT_CONTRAST] = {
    RGB (0xffffff, ASSAY_TINT_PAPER), RGB (0x000000, ASSAY_TINT_INK), RGB (0x000000, ASSAY_TINT_MUTED),
    RGB (0x000000, ASSAY_TINT_AXIS), RGB (0x9a9a9a, ASSAY_TINT_GRID),
    ROLES (0x00417d, 0x8a3200, 0x005540, 0x571a70, 0x4a4a4a, 0x000000, 0x00417d, 0x8a3200), 1.5 },
  [ASSAY_THEME_DARK_CONTRAST] = {
    RGB (0x000000, ASSAY_TINT_PAPER), RGB (0xffffff, ASSAY_TINT_INK), RGB (0xffffff, ASSAY_TINT_MUTED),
    RGB (0xffffff, ASSAY_TINT_AXIS), RGB (0x757575, ASSAY_TINT_GRID),
    ROLES (0x9fd0ff, 0xffbe85, 0x7ff0cd, 0xecc6ff, 0xc4c4c4, 0xffffff, 0x9fd0ff, 0xffbe85), 1.5 },
};

const AssayPalette *
assay_palette_get (AssayTheme theme)
{
  return &palettes[(guint) theme < ASSAY_THEME_N ? theme : ASSAY_THEME_LIGHT];
}

const char *
assay_tint_name (AssayTint tint)
{
  static const char *const names[ASSAY_TINT_N] = {
    "none", "paper", "ink", "muted", "axis", "grid",
    "main", "second", "third", "fourth", "control", "reference", "positive", "negative"
  };

  return names[(guint) tint < ASSAY_TINT_N ? tint : ASSAY_TINT_NONE];
}

AssayColour
assay_colour_mix (const AssayColour *a, const AssayColour *b, double share)
{
  return (AssayColour) { a->red + share * (b->red - a->red), a->green + share * (b->green - a->green),
                         a->blue + share * (b->blue - a->blue), a->alpha + share * (b->alpha - a->alpha), ASSAY_TINT_NONE };
}

AssayColour
assay_colour_faint (const AssayColour *colour, double alpha)
{
  AssayColour faint = *colour;

  faint.alpha = alpha;
  return faint;
}

/* Between neighbours of a table of equally spaced colours. */
static AssayColour
look_up (const AssayColour *table, guint n, double share)
{
  double at = CLAMP (share, 0.0, 1.0) * (n - 1);
  guint k = MIN ((guint) at, n - 2);

  return assay_colour_mix (&table[k], &table[k + 1], at - k);
}

AssayColour
assay_colour_one_sided (double share)
{
  static const AssayColour cividis[] = {
    RGB (0x00224e, 0), RGB (0x123570, 0), RGB (0x3b496c, 0), RGB (0x575d6d, 0), RGB (0x707173, 0), RGB (0x8a8678, 0),
    RGB (0xa59c74, 0), RGB (0xc3b369, 0), RGB (0xe1cc55, 0), RGB (0xfee838, 0)
  };

  return look_up (cividis, G_N_ELEMENTS (cividis), share);
}

AssayColour
assay_colour_signed (const AssayPalette *palette, double share)
{
  static const AssayColour above_light[] = { RGB (0xffffff, 0), RGB (0xc4dcf0, 0), RGB (0x7fb5df, 0), RGB (0x3a87c4, 0), RGB (0x0d559a, 0) };
  static const AssayColour below_light[] = { RGB (0xffffff, 0), RGB (0xfbdcbf, 0), RGB (0xf4b174, 0), RGB (0xdf7a2a, 0), RGB (0xa94a05, 0) };
  static const AssayColour above_dark[] = { RGB (0x000000, 0), RGB (0x17395a, 0), RGB (0x1f619c, 0), RGB (0x4f9fe0, 0), RGB (0xa9d6ff, 0) };
  static const AssayColour below_dark[] = { RGB (0x000000, 0), RGB (0x55300f, 0), RGB (0x9a5414, 0), RGB (0xe58a3a, 0), RGB (0xffcf9f, 0) };
  gboolean dark = palette->paper.red + palette->paper.green + palette->paper.blue < 1.5;
  AssayColour table[5];

  for (guint k = 0; k < 5; k++)
    table[k] = share < 0 ? (dark ? below_dark[k] : below_light[k]) : (dark ? above_dark[k] : above_light[k]);
  table[0] = palette->paper;
  table[0].tint = ASSAY_TINT_NONE;
  return look_up (table, 5, fabs (share));
}

static double
luminance (const AssayColour *colour)
{
  double part[3] = { colour->red, colour->green, colour->blue };

  for (int k = 0; k < 3; k++)
    part[k] = part[k] <= 0.04045 ? part[k] / 12.92 : pow ((part[k] + 0.055) / 1.055, 2.4);
  return 0.2126 * part[0] + 0.7152 * part[1] + 0.0722 * part[2];
}

double
assay_colour_contrast (const AssayColour *a, const AssayColour *b)
{
  double la = luminance (a), lb = luminance (b);

  return (MAX (la, lb) + 0.05) / (MIN (la, lb) + 0.05);
}

AssayColour
assay_colour_text_on (const AssayColour *ground)
{
  static const AssayColour black = RGB (0x101214, ASSAY_TINT_NONE), white = RGB (0xffffff, ASSAY_TINT_NONE);

  return assay_colour_contrast (&black, ground) >= assay_colour_contrast (&white, ground) ? black : white;
}

char *
assay_figure_dup_style (AssayTheme theme)
{
  const AssayPalette *palette = assay_palette_get (theme);
  GString *style = g_string_new (NULL);

  for (AssayTint tint = ASSAY_TINT_PAPER; tint < ASSAY_TINT_N; tint++)
    {
      const AssayColour *colour = tint >= ASSAY_TINT_ROLE ? &palette->role[tint - ASSAY_TINT_ROLE] : &palette->paper + (tint - ASSAY_TINT_PAPER);
      g_autofree char *hex = g_strdup_printf ("#%02x%02x%02x", (guint) lround (colour->red * 255), (guint) lround (colour->green * 255),
                                              (guint) lround (colour->blue * 255));

      g_string_append_printf (style, ".assay-fill-%s{fill:%s}\n.assay-stroke-%s{stroke:%s}\n", assay_tint_name (tint), hex,
                              assay_tint_name (tint), hex);
    }
  return g_string_free (style, FALSE);
}
