/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mark_tokens.c: tokens in lines, as a text is set, each with its tint. */
#include "report/figure_private.h"

#include <math.h>
#include <string.h>

#define TOKEN_SIZE 9.0

/* A token as it is shown: blanks and line ends have a sign of their own. Owns: the caller. */
static char *
show_token (const char *token)
{
  GString *out = g_string_new (NULL);

  for (const char *at = token; *at != '\0'; at++)
    if (*at == ' ')
      g_string_append (out, "\xc2\xb7");
    else if (*at == '\n')
      g_string_append (out, "\xe2\x86\xb5");
    else if (*at == '\t')
      g_string_append (out, "\xe2\x87\xa5");
    else
      g_string_append_c (out, *at);
  if (out->len == 0)
    g_string_append (out, "\xe2\x88\x85");
  return g_string_free (out, FALSE);
}

static PangoLayout *
token_layout (const AssayFigurePlan *plan, const char *token)
{
  /* Nobody reads a megabyte in a box; what is cut shows an ellipsis. */
  g_autofree char *head = strlen (token) > 400 ? g_strndup (token, 400) : NULL;
  g_autofree char *shown = show_token (head != NULL ? head : token);
  AssayTypeset how = { .size = TOKEN_SIZE * plan->unit };
  PangoLayout *layout;
  double width, most = plan->width - 4 * plan->unit;

  if (head != NULL)
    {
      char *longer = g_strconcat (shown, "\xe2\x80\xa6", NULL);

      g_free (shown);
      shown = longer;
    }
  layout = assay_typeset_new (shown, &how);
  assay_typeset_size (layout, &width, NULL);
  if (width > most)
    {
      g_object_unref (layout);
      how.width = MAX (most, 1);
      how.lines = 1;
      layout = assay_typeset_new (shown, &how);
    }
  return layout;
}

double
assay_figure_plan_flow (AssayFigurePlan *plan, double x, double y, double width, double height)
{
  const AssaySeries *series = assay_figure_get_series (plan->figure, 0);
  double u = plan->unit, at = x, top = y, line = (TOKEN_SIZE * 1.25 + 6) * u, gap = 1.5 * u;

  for (gsize k = 0; k < series->n; k++)
    {
      g_autoptr (PangoLayout) layout = token_layout (plan, series->labels[k]);
      AssayBox box = { 0, 0, 0, TOKEN_SIZE * 1.25 * u + 4 * u };

      assay_typeset_size (layout, &box.width, NULL);
      box.width += 3 * u;
      if (at > x && at + box.width > x + width)
        {
          at = x;
          top += line + 2 * u;
        }
      if (top + line > y + height)
        break;
      box.x = at;
      box.y = top;
      at += box.width + gap;
      g_array_append_val (plan->tokens, box);
      /* A line end ends the line here as well. */
      if (strchr (series->labels[k], '\n') != NULL)
        at = x + width + 1;
    }
  plan->n_tokens_shown = plan->tokens->len;
  return plan->row_height = top + line - y;
}

static void
draw_tokens (const AssayFigurePlan *plan, const AssaySeries *series, AssayCanvas *canvas)
{
  double u = plan->unit, largest = MAX (fabs (plan->colour_lo), fabs (plan->colour_hi));

  for (gsize k = 0; k < plan->n_tokens_shown; k++)
    {
      const AssayBox *box = &g_array_index (plan->tokens, AssayBox, k);
      g_autoptr (PangoLayout) layout = token_layout (plan, series->labels[k]);
      double value = series->value[k], share;
      AssayColour ink = plan->palette->ink;

      if (isfinite (value))
        {
          AssayColour ground = assay_figure_plan_tint (plan, value);

          assay_canvas_begin (canvas);
          assay_canvas_box (canvas, box->x, box->y, box->width, box->height);
          assay_canvas_fill (canvas, &ground);
          ink = assay_colour_text_on (&ground);
        }
      assay_canvas_text (canvas, layout, box->x + 1.5 * u, box->y + 1 * u, &ink);
      /* Where colour does not reach: a bar as long as the value is large, below the token when positive, above when negative. */
      share = fabs (value) / largest;
      if (isfinite (value) && share > 0.02)
        {
          const AssayColour *colour = &plan->palette->role[value < 0 ? ASSAY_ROLE_NEGATIVE : ASSAY_ROLE_POSITIVE];

          assay_canvas_begin (canvas);
          assay_canvas_box (canvas, box->x, value < 0 ? box->y - 1.2 * u : box->y + box->height, MIN (share, 1) * box->width, 1.2 * u);
          assay_canvas_fill (canvas, colour);
        }
    }
}

static gboolean
place_tokens (const AssayFigurePlan *plan, const AssaySeries *series, gsize k, AssayBox *box)
{
  (void) series;
  if (!plan->is_strip || k >= plan->n_tokens_shown)
    return FALSE;
  *box = g_array_index (plan->tokens, AssayBox, k);
  return TRUE;
}

static void
extend_tokens (const AssaySeries *series, AssayRange *position, AssayRange *value)
{
  (void) series;
  (void) position;
  (void) value;
}

const AssayMark assay_mark_tokens = {
  .name = "tokens",
  .fields = 1 << ASSAY_FIELD_LABEL | 1 << ASSAY_FIELD_POSITION | 1 << ASSAY_FIELD_VALUE,
  .layer = ASSAY_LAYER_MARK,
  .extend = extend_tokens,
  .draw = draw_tokens,
  .place = place_tokens,
};
