/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pdf_claim.c: a claim as a box of its own: what is claimed, the number with its interval, what was checked, and where it comes from. */
#include "report/pdf_blocks.h"

#define BOX_X ASSAY_PAGE_LEFT
#define INNER_X (ASSAY_PAGE_LEFT + 14)
#define VALUE_X (ASSAY_PAGE_LEFT + 82)
#define KEPT_TOGETHER 130.0      /* of a claim's height: sentence, number and first checks; what is longer may go on overleaf */
#define LEAST_REST 45.0         /* of it that goes overleaf */
#define INNER_RIGHT (ASSAY_PAGE_LEFT + ASSAY_TEXT_WIDTH - 12)

typedef struct {
  AssayPdf *pdf;
  GPtrArray *rows;              /* of ClaimRow */
} Box;

typedef struct {
  AssayPdfCell cells[2];
  guint n;
  AssayPdfRow how;
} ClaimRow;

static void
free_row (gpointer data)
{
  ClaimRow *row = data;

  for (guint k = 0; k < row->n; k++)
    assay_pdf_cell_clear (&row->cells[k]);
  g_free (row);
}

static void
add_row (Box *box, const AssayPdfCell *cells, guint n, double above, double below)
{
  ClaimRow *row = g_new0 (ClaimRow, 1);

  for (guint k = 0; k < n; k++)
    row->cells[k] = cells[k];
  row->n = n;
  row->how = (AssayPdfRow) { .above = above, .below = below, .ground_x = BOX_X, .ground_width = ASSAY_TEXT_WIDTH };
  g_ptr_array_add (box->rows, row);
}

/* "name   what it is", in small letters. */
static void
add_entry (Box *box, const char *what, const char *text, gboolean code)
{
  AssayTypeset name = { .size = ASSAY_SMALL_SIZE, .width = VALUE_X - INNER_X - 6, .leading = 1.15 };
  AssayTypeset value = { .size = code ? 7.4 : ASSAY_SMALL_SIZE, .width = INNER_RIGHT - VALUE_X, .leading = code ? 1.22 : 1.15,
                         .face = code ? ASSAY_FACE_CODE : ASSAY_FACE_TEXT };
  AssayPdfCell cells[2];

  if (text == NULL || *text == '\0')
    return;
  cells[0] = assay_pdf_cell (what, &name, INNER_X, "P", &box->pdf->palette->muted);
  cells[1] = assay_pdf_cell (text, &value, VALUE_X, "P", &box->pdf->palette->ink);
  add_row (box, cells, 2, 1, 1);
}

static void
append_number (GString *out, const AssayNumber *number)
{
  g_autofree char *display = assay_number_dup_display (number);
  const char *reason = assay_result_table_get_reason (number->table, number->column, number->row);

  g_string_append (out, display);
  if (reason != NULL && !assay_number_exists (number))
    g_string_append_printf (out, " (%s)", reason);
}

static void
add_check (Box *box, const char *name, const AssayClaimCheck *check)
{
  g_autoptr (GString) text = g_string_new (check->what);

  if (check->what == NULL)
    return;
  if (check->value.table != NULL)
    {
      g_string_append (text, ": ");
      append_number (text, &check->value);
    }
  if (check->threshold != NULL)
    g_string_append_printf (text, "  \xe2\x80\x94  %s: %s", check->passed ? "passed" : "FAILED", check->threshold);
  add_entry (box, name, text->str, FALSE);
}

/* The number in large letters, with its interval beside it. */
static void
add_value (Box *box, const AssayClaim *claim)
{
  g_autoptr (GString) value = g_string_new (NULL), interval = g_string_new (NULL);
  AssayTypeset large = { .size = 13, .bold = TRUE }, small = { .size = ASSAY_SMALL_SIZE, .leading = 1.15 };
  AssayPdfCell cells[2];
  double width;

  if (claim->is_withheld || claim->value.table == NULL)
    return;
  append_number (value, &claim->value);
  if (claim->unit != NULL)
    g_string_append_printf (value, " %s", claim->unit);
  if (assay_number_exists (&claim->lo) && assay_number_exists (&claim->hi))
    {
      append_number (interval, &claim->lo);
      g_string_append (interval, " to ");
      append_number (interval, &claim->hi);
      if (claim->interval != NULL)
        g_string_append_printf (interval, "  (%s)", claim->interval);
    }
  assay_typeset_measure (value->str, &large, &width, NULL);
  if (width > 0.55 * ASSAY_TEXT_WIDTH)
    large.size = 10;
  large.width = MIN (width + 2, 0.6 * ASSAY_TEXT_WIDTH);
  cells[0] = assay_pdf_cell (value->str, &large, INNER_X, "P", claim->validity.what != NULL && !claim->validity.passed && claim->validity.threshold != NULL
                                                                   ? &box->pdf->palette->role[ASSAY_ROLE_SECOND] : &box->pdf->palette->role[ASSAY_ROLE_MAIN]);
  if (interval->len > 0)
    {
      small.width = INNER_RIGHT - INNER_X - large.width - 12;
      cells[1] = assay_pdf_cell (interval->str, &small, INNER_X + large.width + 12, "P", &box->pdf->palette->ink);
      /* On one base line. */
      add_row (box, cells, 2, 2, 4);
      ((ClaimRow *) g_ptr_array_index (box->rows, box->rows->len - 1))->how.on_baseline = TRUE;
    }
  else
    add_row (box, cells, 1, 2, 4);
}

/* "measured, n = 3,963, 1 seed": how strong it is, and over how much. */
static void
add_strength (Box *box, const AssayClaim *claim)
{
  static const char *const strengths[] = { "measured", "derived", "declared by a person" };
  g_autoptr (GString) text = g_string_new (claim->is_description ? "a description: nothing was intervened on" : strengths[claim->strength]);

  if (claim->n >= 0)
    {
      g_autofree char *n = assay_number_display_count (claim->n);

      g_string_append_printf (text, ", n = %s", n);
    }
  if (claim->seeds >= 0)
    g_string_append_printf (text, ", %" G_GINT64_FORMAT " seed%s", claim->seeds, claim->seeds == 1 ? "" : "s");
  if (claim->author != NULL)
    g_string_append_printf (text, ", by %s", claim->author);
  add_entry (box, "strength", text->str, FALSE);
}

/* Where it comes from, in one line: the object of the case, the command by its number, and its own name. */
static void
add_origin (Box *box, const AssayClaim *claim)
{
  AssayTypeset name = { .size = ASSAY_SMALL_SIZE, .width = VALUE_X - INNER_X - 6, .leading = 1.15 };
  AssayTypeset value = { .size = ASSAY_SMALL_SIZE, .width = INNER_RIGHT - VALUE_X, .leading = 1.15 };
  guint number = assay_document_find_command (box->pdf->document, claim->command);
  g_autofree char *target = g_strdup_printf ("command/%u", number), *reads = g_strdup_printf ("command %u", number);
  g_autoptr (AssayProse) text = assay_prose_new ();
  AssayPdfCell cells[2];

  if (claim->object != NULL)
    {
      assay_prose_add_code (text, claim->object);
      assay_prose_add (text, ", ");
    }
  if (number > 0)
    {
      assay_prose_add_reference (text, target, reads);
      assay_prose_add (text, ", ");
    }
  assay_prose_add (text, "claim ");
  assay_prose_add_code (text, claim->id);
  cells[0] = assay_pdf_cell ("from", &name, INNER_X, "P", &box->pdf->palette->muted);
  cells[1] = assay_pdf_cell_prose (text, NULL, &value, VALUE_X, "P", &box->pdf->palette->ink);
  add_row (box, cells, 2, 1, 1);
  if (number == 0)
    add_entry (box, "command", claim->command, TRUE);
}

void
assay_pdf_claim (AssayPdf *pdf, const AssayClaim *claim)
{
  AssayTypeset sentence = { .size = ASSAY_BODY_SIZE, .bold = TRUE, .width = INNER_RIGHT - INNER_X, .leading = 1.2 };
  AssayColour wash = assay_colour_mix (&pdf->palette->paper, &pdf->palette->role[claim->is_withheld ? ASSAY_ROLE_SECOND : ASSAY_ROLE_MAIN], 0.055);
  Box box = { pdf, g_ptr_array_new_with_free_func (free_row) };
  AssayPdfCell cell = assay_pdf_cell_prose (claim->sentence, NULL, &sentence, INNER_X, "P", &pdf->palette->ink);
  double height = 0;

  add_row (&box, &cell, 1, 9, 4);
  add_value (&box, claim);
  add_entry (&box, claim->is_withheld ? "withheld" : "remark", claim->reason, FALSE);
  add_check (&box, "check", &claim->check);
  add_check (&box, "validity", &claim->validity);
  if (claim->kind == ASSAY_CLAIM_INFLUENCE && claim->validity.what == NULL)
    add_entry (&box, "validity", "not validated", FALSE);
  add_entry (&box, "stability", claim->stability, FALSE);
  add_entry (&box, "method", claim->method, FALSE);
  add_strength (&box, claim);
  add_origin (&box, claim);
  for (guint k = 0; k < box.rows->len; k++)
    {
      ClaimRow *row = box.rows->pdata[k];

      row->how.ground = &wash;
      row->how.bar = &pdf->palette->role[claim->is_withheld ? ASSAY_ROLE_SECOND : ASSAY_ROLE_MAIN];
      if (k + 1 == box.rows->len)
        row->how.below = 9;
      height += assay_pdf_row_height (row->cells, row->n, &row->how);
    }
  assay_pdf_skip (pdf, 8);
  /* All of it, rather than a line or two of it overleaf. */
  assay_pdf_reserve (pdf, height - assay_pdf_room (pdf) < LEAST_REST ? height : MIN (height, KEPT_TOGETHER));
  assay_pdf_begin (pdf, "Div");
  for (guint k = 0; k < box.rows->len; k++)
    {
      ClaimRow *row = box.rows->pdata[k];

      if (k == 0)
        assay_pdf_begin_place (pdf, claim->id);
      assay_pdf_flow (pdf, row->cells, row->n, &row->how);
      if (k == 0)
        assay_pdf_end_place (pdf);
    }
  assay_pdf_end (pdf, "Div");
  pdf->y += 10;
  g_ptr_array_unref (box.rows);
}
