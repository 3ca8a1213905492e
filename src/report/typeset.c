/* SPDX-License-Identifier: GPL-3.0-or-later */
/* typeset.c: layouts from a font configuration of our own. */
#include "report/typeset.h"

#include <fontconfig/fontconfig.h>
#include <pango/pangofc-fontmap.h>
#include <string.h>

#include "base/text.h"

#define TEXT_FAMILY "DejaVu Sans"
#define CODE_FAMILY "DejaVu Sans Mono"

/* Bitmap and colour fonts cannot be printed as outlines. */
#define FONT_RULES \
  "<?xml version=\"1.0\"?><fontconfig><selectfont>" \
  "<rejectfont><pattern><patelt name=\"scalable\"><bool>false</bool></patelt></pattern></rejectfont>" \
  "<rejectfont><pattern><patelt name=\"color\"><bool>true</bool></patelt></pattern></rejectfont>" \
  "</selectfont></fontconfig>"

/* --- fonts ---------------------------------------------------------------------------------------------------------------------- */

/* The fonts of this machine, and nobody's preferences about them. */
static gpointer
load_fonts (gpointer unused)
{
  FcConfig *machine = FcInitLoadConfig (), *fonts = FcConfigCreate ();
  FcStrList *folders = FcConfigGetFontDirs (machine), *caches = FcConfigGetCacheDirs (machine);
  g_autoptr (GString) places = g_string_new ("<?xml version=\"1.0\"?><fontconfig>");
  const FcChar8 *folder;

  (void) unused;
  while ((folder = FcStrListNext (folders)) != NULL)
    {
      g_autofree char *text = g_markup_escape_text ((const char *) folder, -1);

      g_string_append_printf (places, "<dir>%s</dir>", text);
    }
  while ((folder = FcStrListNext (caches)) != NULL)
    {
      g_autofree char *text = g_markup_escape_text ((const char *) folder, -1);

      g_string_append_printf (places, "<cachedir>%s</cachedir>", text);
    }
  g_string_append (places, "</fontconfig>");
  FcStrListDone (folders);
  FcStrListDone (caches);
  FcConfigParseAndLoadFromMemory (fonts, (const FcChar8 *) places->str, FcFalse);
  FcConfigParseAndLoadFromMemory (fonts, (const FcChar8 *) FONT_RULES, FcFalse);
  FcConfigBuildFonts (fonts);
  FcConfigDestroy (machine);
  return fonts;
}

/* Of this thread: a Pango font map serves one thread only. */
static PangoContext *
thread_context (void)
{
  static GPrivate own = G_PRIVATE_INIT (g_object_unref);
  static GOnce fonts = G_ONCE_INIT;
  PangoContext *context = g_private_get (&own);
  PangoFontMap *map;
  cairo_font_options_t *options;

  if (context != NULL)
    return context;
  map = pango_cairo_font_map_new_for_font_type (CAIRO_FONT_TYPE_FT);
  pango_fc_font_map_set_config (PANGO_FC_FONT_MAP (map), g_once (&fonts, load_fonts, NULL));
  context = pango_font_map_create_context (map);
  g_object_unref (map);
  options = cairo_font_options_create ();
  cairo_font_options_set_hint_style (options, CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics (options, CAIRO_HINT_METRICS_OFF);
  cairo_font_options_set_antialias (options, CAIRO_ANTIALIAS_GRAY);
  pango_cairo_context_set_font_options (context, options);
  cairo_font_options_destroy (options);
  pango_cairo_context_set_resolution (context, 72.0);
  pango_context_set_round_glyph_positions (context, FALSE);
  /* A language of no script: else the environment's would choose among fonts that share a script. */
  pango_context_set_language (context, pango_language_from_string ("und"));
  pango_context_set_base_dir (context, PANGO_DIRECTION_LTR);
  g_private_set (&own, context);
  return context;
}

const char *
assay_typeset_family (AssayFace face)
{
  return face == ASSAY_FACE_CODE ? CODE_FAMILY : TEXT_FAMILY;
}

/* --- characters without a font -------------------------------------------------------------------------------------------------- */

/* The text with the characters that the layout has no glyph for written as \u{NNNN}. */
static char *
spell_unknown (PangoLayout *layout, const char *text)
{
  gsize n = strlen (text);
  g_autofree gboolean *unknown = g_new0 (gboolean, n + 1);
  GString *out = g_string_sized_new (2 * n);
  PangoLayoutIter *iter = pango_layout_get_iter (layout);

  do
    {
      PangoGlyphItem *run = pango_layout_iter_get_run_readonly (iter);

      for (int g = 0; run != NULL && g < run->glyphs->num_glyphs; g++)
        if (run->glyphs->glyphs[g].glyph & PANGO_GLYPH_UNKNOWN_FLAG)
          unknown[run->item->offset + run->glyphs->log_clusters[g]] = TRUE;
    }
  while (pango_layout_iter_next_run (iter));
  pango_layout_iter_free (iter);
  for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at))
    if (unknown[at - text])
      g_string_append_printf (out, "\\u{%04x}", g_utf8_get_char (at));
    else
      g_string_append_len (out, at, g_utf8_next_char (at) - at);
  return g_string_free (out, FALSE);
}

/* --- layouts -------------------------------------------------------------------------------------------------------------------- */

/* A layout in the style's letters; its text is still to be set. */
static PangoLayout *
empty_layout (const AssayTypeset *style)
{
  PangoLayout *layout = pango_layout_new (thread_context ());
  PangoFontDescription *font = pango_font_description_new ();
  PangoAttrList *attributes = pango_attr_list_new ();

  pango_font_description_set_family_static (font, assay_typeset_family (style->face));
  /* Where the machine has it; numbers and names get more room for the same size. */
  if (style->face == ASSAY_FACE_TEXT)
    pango_font_description_set_stretch (font, PANGO_STRETCH_CONDENSED);
  pango_font_description_set_weight (font, style->bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
  pango_font_description_set_absolute_size (font, style->size * PANGO_SCALE);
  pango_layout_set_font_description (layout, font);
  pango_font_description_free (font);
  /* A broken word gets no hyphen that its text does not have; letters stay apart, so that what is copied from a page is what was set. */
  pango_attr_list_insert (attributes, pango_attr_insert_hyphens_new (FALSE));
  pango_attr_list_insert (attributes, pango_attr_font_features_new ("liga=0, clig=0, dlig=0, calt=0"));
  pango_layout_set_attributes (layout, attributes);
  pango_attr_list_unref (attributes);
  pango_layout_set_auto_dir (layout, FALSE);
  pango_layout_set_alignment (layout, style->align);
  if (style->leading > 0)
    pango_layout_set_line_spacing (layout, (float) style->leading);
  return layout;
}

char *
assay_typeset_visible (const char *text, AssayFace face, gboolean keep_lines)
{
  g_autofree char *escaped = assay_text_escape (text, keep_lines);
  AssayTypeset style = { .size = 10, .face = face };
  g_autoptr (PangoLayout) layout = empty_layout (&style);

  pango_layout_set_text (layout, escaped, -1);
  return pango_layout_get_unknown_glyphs_count (layout) > 0 ? spell_unknown (layout, escaped) : g_steal_pointer (&escaped);
}

PangoLayout *
assay_typeset_new (const char *text, const AssayTypeset *style)
{
  g_autofree char *visible = assay_text_escape (text, TRUE);
  PangoLayout *layout = empty_layout (style);

  pango_layout_set_text (layout, visible, -1);
  if (pango_layout_get_unknown_glyphs_count (layout) > 0)
    {
      g_autofree char *spelled = spell_unknown (layout, visible);

      pango_layout_set_text (layout, spelled, -1);
    }
  if (style->width > 0)
    {
      pango_layout_set_width (layout, (int) (style->width * PANGO_SCALE));
      pango_layout_set_wrap (layout, PANGO_WRAP_WORD_CHAR);
    }
  if (style->lines > 0)
    {
      pango_layout_set_height (layout, -(int) style->lines);
      pango_layout_set_ellipsize (layout, PANGO_ELLIPSIZE_END);
    }
  return layout;
}

void
assay_typeset_size (PangoLayout *layout, double *width, double *height)
{
  PangoRectangle box;

  pango_layout_get_extents (layout, NULL, &box);
  if (width != NULL)
    *width = (double) box.width / PANGO_SCALE;
  if (height != NULL)
    *height = (double) box.height / PANGO_SCALE;
}

void
assay_typeset_measure (const char *text, const AssayTypeset *style, double *width, double *height)
{
  g_autoptr (PangoLayout) layout = assay_typeset_new (text, style);

  assay_typeset_size (layout, width, height);
}

double
assay_typeset_baseline (PangoLayout *layout)
{
  return (double) pango_layout_get_baseline (layout) / PANGO_SCALE;
}
