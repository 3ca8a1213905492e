/* SPDX-License-Identifier: GPL-3.0-or-later */
/* document.c: building a document, and walking over what it cites. */
#include "report/document.h"
#include "base/json.h"
#include "report/figure.h"

#include <string.h>

/* --- running text ---------------------------------------------------------------------------------------------------- */

static void
clear_span (gpointer data)
{
  AssaySpan *span = data;

  g_free (span->text);
  g_free (span->target);
}

AssayProse *
assay_prose_new (void)
{
  AssayProse *text = g_new0 (AssayProse, 1);

  text->spans = g_array_new (FALSE, TRUE, sizeof (AssaySpan));
  g_array_set_clear_func (text->spans, clear_span);
  return text;
}

AssayProse *
assay_prose_new_plain (const char *plain)
{
  AssayProse *text = assay_prose_new ();

  assay_prose_add (text, plain);
  return text;
}

void
assay_prose_free (AssayProse *text)
{
  if (text == NULL)
    return;
  g_array_unref (text->spans);
  g_free (text);
}

static void
add_span (AssayProse *text, AssaySpanType type, const char *reads, const char *target, AssayNumber number)
{
  /* Formats of text cannot hold other bytes, wherever these came from. */
  AssaySpan span = { type, reads ? g_utf8_make_valid (reads, -1) : NULL, g_strdup (target), number };

  g_array_append_val (text->spans, span);
}

void
assay_prose_add (AssayProse *text, const char *plain)
{
  add_span (text, ASSAY_SPAN_TEXT, plain ? plain : "", NULL, ASSAY_NO_NUMBER);
}

void
assay_prose_add_format (AssayProse *text, const char *format, ...)
{
  g_autofree char *plain = NULL;
  va_list args;

  va_start (args, format);
  plain = g_strdup_vprintf (format, args);
  va_end (args);
  assay_prose_add (text, plain);
}

void
assay_prose_add_code (AssayProse *text, const char *code)
{
  add_span (text, ASSAY_SPAN_CODE, code, NULL, ASSAY_NO_NUMBER);
}

void
assay_prose_add_number (AssayProse *text, AssayNumber number)
{
  g_assert (number.table != NULL);
  add_span (text, ASSAY_SPAN_NUMBER, NULL, NULL, number);
}

void
assay_prose_add_reference (AssayProse *text, const char *target, const char *reads)
{
  add_span (text, ASSAY_SPAN_REFERENCE, reads, target, ASSAY_NO_NUMBER);
}

/* The longest command of the document at the beginning of the text, as its number, or 0. A command that goes on is another one. */
static guint
find_command_at (const AssayDocument *document, const char *at, gsize *length)
{
  guint number = 0;

  for (guint k = 0; k < document->commands->len; k++)
    {
      const char *command = document->commands->pdata[k];
      gsize n = strlen (command);

      if (!g_str_has_prefix (at, command) || g_str_has_prefix (at + n, " -") || g_ascii_isalnum (at[n]) || (number > 0 && n <= *length))
        continue;
      number = k + 1;
      *length = n;
    }
  return number;
}

void
assay_prose_add_citing (AssayProse *text, const AssayDocument *document, const char *plain)
{
  const char *from = plain;

  for (const char *at = plain; (at = strstr (at, "assay ")) != NULL;)
    {
      gsize length = 0;
      guint number = find_command_at (document, at, &length);
      g_autofree char *before = NULL, *target = NULL, *reads = NULL;

      if (number == 0)
        {
          at++;
          continue;
        }
      before = g_strndup (from, (gsize) (at - from));
      target = g_strdup_printf ("command/%u", number);
      reads = g_strdup_printf ("command %u", number);
      if (*before != '\0')
        assay_prose_add (text, before);
      assay_prose_add_reference (text, target, reads);
      from = at = at + length;
    }
  if (*from != '\0' || from == plain)
    assay_prose_add (text, from);
}

char *
assay_prose_dup_plain (const AssayProse *text)
{
  GString *plain = g_string_new (NULL);

  for (guint k = 0; k < text->spans->len; k++)
    {
      const AssaySpan *span = &g_array_index (text->spans, AssaySpan, k);

      if (span->type == ASSAY_SPAN_NUMBER)
        {
          g_autofree char *display = assay_number_dup_display (&span->number);

          g_string_append (plain, display);
        }
      else
        g_string_append (plain, span->text);
    }
  return g_string_free (plain, FALSE);
}

/* --- claims ---------------------------------------------------------------------------------------------------------- */

AssayClaim *
assay_claim_new (const char *id, AssayClaimKind kind, AssayClaimStrength strength, AssayProse *sentence)
{
  AssayClaim *claim = g_new0 (AssayClaim, 1);

  claim->id = g_strdup (id);
  claim->kind = kind;
  claim->strength = strength;
  claim->sentence = sentence;
  claim->n = claim->seeds = -1;
  return claim;
}

static void
clear_check (AssayClaimCheck *check)
{
  g_free (check->what);
  g_free (check->threshold);
}

void
assay_claim_free (AssayClaim *claim)
{
  if (claim == NULL)
    return;
  assay_prose_free (claim->sentence);
  clear_check (&claim->check);
  clear_check (&claim->validity);
  g_free (claim->id);
  g_free (claim->unit);
  g_free (claim->interval);
  g_free (claim->stability);
  g_free (claim->method);
  g_free (claim->command);
  g_free (claim->object);
  g_free (claim->reason);
  g_free (claim->author);
  g_free (claim);
}

/* --- blocks ---------------------------------------------------------------------------------------------------------- */

static void
block_free (gpointer data)
{
  AssayBlock *block = data;

  g_free (block->id);
  assay_prose_free (block->text);
  g_clear_pointer (&block->items, g_ptr_array_unref);
  g_clear_pointer (&block->heads, g_array_unref);
  g_clear_pointer (&block->cells, g_ptr_array_unref);
  g_clear_pointer (&block->figure, assay_figure_unref);
  assay_claim_free (block->claim);
  g_free (block->code);
  g_free (block);
}

/* id NULL: the section's, and the block's place in it. */
static AssayBlock *
add_block (AssaySection *section, AssayBlockType type, const char *id, AssayProse *text)
{
  AssayBlock *block = g_new0 (AssayBlock, 1);

  block->type = type;
  block->id = id ? g_strdup (id) : g_strdup_printf ("%s-%u", section->id, section->blocks->len + 1);
  block->text = text;
  g_ptr_array_add (section->blocks, block);
  return block;
}

void
assay_section_add_heading (AssaySection *section, const char *heading)
{
  add_block (section, ASSAY_BLOCK_HEADING, NULL, assay_prose_new_plain (heading));
}

void
assay_section_add_paragraph (AssaySection *section, AssayProse *text)
{
  add_block (section, ASSAY_BLOCK_PARAGRAPH, NULL, text);
}

void
assay_section_add_list (AssaySection *section, GPtrArray *items)
{
  g_ptr_array_set_free_func (items, (GDestroyNotify) assay_prose_free);
  add_block (section, ASSAY_BLOCK_LIST, NULL, NULL)->items = items;
}

void
assay_section_add_callout (AssaySection *section, AssayCalloutLevel level, AssayProse *text)
{
  add_block (section, ASSAY_BLOCK_CALLOUT, NULL, text)->level = level;
}

void
assay_section_add_code (AssaySection *section, const char *code)
{
  add_block (section, ASSAY_BLOCK_CODE, NULL, NULL)->code = g_strdup (code);
}

void
assay_section_add_command (AssaySection *section, const char *command)
{
  GPtrArray *commands = section->document->commands;
  g_autofree char *id = NULL, *words = NULL;

  if (assay_document_find_command (section->document, command) != 0)
    return;
  g_ptr_array_add (commands, g_strdup (command));
  id = g_strdup_printf ("command/%u", commands->len);
  words = g_strdup_printf ("Command %u", commands->len);
  add_block (section, ASSAY_BLOCK_CODE, id, assay_prose_new_plain (words))->code = g_strdup (command);
}

void
assay_section_add_claim (AssaySection *section, AssayClaim *claim)
{
  g_assert (assay_document_find_claim (section->document, claim->id) == NULL);
  add_block (section, ASSAY_BLOCK_CLAIM, claim->id, NULL)->claim = claim;
}

void
assay_section_add_figure (AssaySection *section, const char *id, AssayProse *caption, AssayFigure *figure, const AssayResultTable *table)
{
  AssayBlock *block = add_block (section, ASSAY_BLOCK_FIGURE, id, caption);

  block->figure = figure;
  block->table = table;
}

static void
clear_head (gpointer data)
{
  g_free (((AssayTableHead *) data)->heading);
}

static AssayBlock *
begin_table (AssaySection *section, const char *id, AssayProse *caption)
{
  AssayBlock *block = add_block (section, ASSAY_BLOCK_TABLE, id, caption);

  block->heads = g_array_new (FALSE, TRUE, sizeof (AssayTableHead));
  g_array_set_clear_func (block->heads, clear_head);
  block->cells = g_ptr_array_new_with_free_func ((GDestroyNotify) assay_prose_free);
  return block;
}

AssayBlock *
assay_section_begin_table (AssaySection *section, const char *id, AssayProse *caption, const char *heads)
{
  AssayBlock *block = begin_table (section, id, caption);
  g_auto (GStrv) words = g_strsplit (heads, "|", -1);

  for (char **word = words; *word != NULL; word++)
    {
      AssayTableHead head = { g_strdup (*word + (**word == '>')), **word == '>' };

      g_array_append_val (block->heads, head);
    }
  return block;
}

void
assay_block_add_cell (AssayBlock *table, AssayProse *cell)
{
  g_ptr_array_add (table->cells, cell);
}

void
assay_block_add_cell_plain (AssayBlock *table, const char *plain)
{
  assay_block_add_cell (table, assay_prose_new_plain (plain));
}

void
assay_block_add_cell_number (AssayBlock *table, AssayNumber number)
{
  AssayProse *cell = assay_prose_new ();

  assay_prose_add_number (cell, number);
  assay_block_add_cell (table, cell);
}

guint
assay_block_get_n_columns (const AssayBlock *table)
{
  return table->heads->len;
}

gint64
assay_block_get_n_rows (const AssayBlock *table)
{
  return table->heads->len > 0 ? table->cells->len / table->heads->len : 0;
}

const AssayProse *
assay_block_get_cell (const AssayBlock *table, gint64 row, guint column)
{
  return table->cells->pdata[row * table->heads->len + column];
}

static void
add_shown_head (AssayBlock *block, const AssayResultTable *table, const AssayShownColumn *shown)
{
  const AssayResultColumn *column = assay_result_table_get_column (table, shown->column);
  AssayTableHead head = { NULL, assay_result_table_get_type (table, shown->column) != ASSAY_RESULT_TEXTS };

  if (shown->heading != NULL)
    head.heading = g_strdup (shown->heading);
  else if (column->unit != NULL && column->unit[0] != '\0')
    head.heading = g_strdup_printf ("%s (%s)", column->long_name, column->unit);
  else
    head.heading = g_strdup (column->long_name);
  g_array_append_val (block->heads, head);
}

static void
add_shown_cell (AssayBlock *block, const AssayDocument *document, const AssayResultTable *table, const AssayShownColumn *shown, gint64 row)
{
  AssayNumber number;
  const char *reason;

  if (assay_result_table_get_type (table, shown->column) == ASSAY_RESULT_TEXTS)
    {
      AssayProse *cell = assay_prose_new ();

      assay_prose_add_citing (cell, document, assay_result_table_get_texts (table, shown->column)[row]);
      assay_block_add_cell (block, cell);
      return;
    }
  number = assay_number_new (table, shown->column, row, shown->format, shown->digits);
  reason = assay_result_table_get_reason (table, shown->column, row);
  if (assay_number_exists (&number) || reason == NULL)
    assay_block_add_cell_number (block, number);
  else
    {
      AssayProse *cell = assay_prose_new ();

      assay_prose_add_format (cell, "not computed (%s)", reason);
      assay_block_add_cell (block, cell);
    }
}

AssayBlock *
assay_section_add_result_table (AssaySection *section, const char *id, AssayProse *caption, const AssayResultTable *table,
                                const AssayShownColumn *columns, guint n_columns)
{
  AssayBlock *block = begin_table (section, id, caption);

  block->table = table;
  for (guint k = 0; k < n_columns; k++)
    add_shown_head (block, table, &columns[k]);
  for (gint64 row = 0; row < assay_result_table_get_n_rows (table); row++)
    for (guint k = 0; k < n_columns; k++)
      add_shown_cell (block, section->document, table, &columns[k], row);
  return block;
}

/* --- the document ---------------------------------------------------------------------------------------------------- */

static void
section_free (gpointer data)
{
  AssaySection *section = data;

  g_free (section->id);
  g_free (section->title);
  g_ptr_array_unref (section->blocks);
  g_free (section);
}

AssayDocument *
assay_document_new (const char *title, const char *profile)
{
  AssayDocument *document = g_new0 (AssayDocument, 1);

  document->title = g_strdup (title);
  document->profile = g_strdup (profile);
  document->warnings = g_ptr_array_new_with_free_func (g_free);
  document->commands = g_ptr_array_new_with_free_func (g_free);
  document->sections = g_ptr_array_new_with_free_func (section_free);
  document->results = assay_results_new ();
  return document;
}

void
assay_document_free (AssayDocument *document)
{
  if (document == NULL)
    return;
  g_free (document->title);
  g_free (document->subtitle);
  g_free (document->profile);
  g_free (document->report_id);
  g_free (document->created_utc);
  g_free (document->program);
  g_free (document->evidence_root);
  g_free (document->results_sha256);
  g_free (document->fingerprint);
  g_free (document->status);
  g_ptr_array_unref (document->commands);
  g_ptr_array_unref (document->warnings);
  g_ptr_array_unref (document->sections);
  assay_results_free (document->results);
  json_decref (document->fields);
  json_decref (document->regimes);
  g_free (document);
}

AssaySection *
assay_document_add_section (AssayDocument *document, const char *id, const char *title)
{
  AssaySection *section = g_new0 (AssaySection, 1);

  section->id = g_strdup (id);
  section->title = g_strdup (title);
  section->number = document->sections->len + 1;
  section->blocks = g_ptr_array_new_with_free_func (block_free);
  section->document = document;
  g_ptr_array_add (document->sections, section);
  return section;
}

void
assay_document_add_warning (AssayDocument *document, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_ptr_array_add (document->warnings, g_strdup_vprintf (format, args));
  va_end (args);
}

GPtrArray *
assay_document_list_claims (const AssayDocument *document)
{
  GPtrArray *claims = g_ptr_array_new ();

  for (guint s = 0; s < document->sections->len; s++)
    {
      const AssaySection *section = document->sections->pdata[s];

      for (guint b = 0; b < section->blocks->len; b++)
        if (((const AssayBlock *) section->blocks->pdata[b])->claim != NULL)
          g_ptr_array_add (claims, ((const AssayBlock *) section->blocks->pdata[b])->claim);
    }
  return claims;
}

guint
assay_document_find_command (const AssayDocument *document, const char *command)
{
  guint k;

  return command != NULL && g_ptr_array_find_with_equal_func (document->commands, command, g_str_equal, &k) ? k + 1 : 0;
}

const json_t *
assay_document_find_field (const AssayDocument *document, const char *id)
{
  gsize k;
  json_t *field;

  json_array_foreach (document->fields, k, field)
    if (strcmp (assay_json_get_text (field, "id"), id) == 0)
      return field;
  return NULL;
}

const AssayClaim *
assay_document_find_claim (const AssayDocument *document, const char *id)
{
  g_autoptr (GPtrArray) claims = assay_document_list_claims (document);

  for (guint k = 0; k < claims->len; k++)
    if (strcmp (((const AssayClaim *) claims->pdata[k])->id, id) == 0)
      return claims->pdata[k];
  return NULL;
}

/* --- what is cited --------------------------------------------------------------------------------------------------- */

static void
collect (GPtrArray *found, const AssayNumber *number)
{
  if (number->table != NULL)
    g_ptr_array_add (found, (gpointer) number);
}

static void
collect_text (GPtrArray *found, const AssayProse *text)
{
  for (guint k = 0; text != NULL && k < text->spans->len; k++)
    collect (found, &g_array_index (text->spans, AssaySpan, k).number);
}

static void
collect_block (GPtrArray *found, const AssayBlock *block)
{
  collect_text (found, block->text);
  for (guint k = 0; block->items != NULL && k < block->items->len; k++)
    collect_text (found, block->items->pdata[k]);
  for (guint k = 0; block->cells != NULL && k < block->cells->len; k++)
    collect_text (found, block->cells->pdata[k]);
  if (block->claim != NULL)
    {
      collect_text (found, block->claim->sentence);
      if (!block->claim->is_withheld)
        {
          collect (found, &block->claim->value);
          collect (found, &block->claim->lo);
          collect (found, &block->claim->hi);
        }
      collect (found, &block->claim->check.value);
      collect (found, &block->claim->validity.value);
    }
}

/* By id; one element may be shown with more digits in one place than in another. */
static int
compare (gconstpointer a, gconstpointer b)
{
  const AssayNumber *x = *(const AssayNumber *const *) a, *y = *(const AssayNumber *const *) b;
  g_autofree char *p = assay_number_dup_id (x), *q = assay_number_dup_id (y);
  int order = strcmp (p, q);

  if (order == 0 && x->format != y->format)
    order = x->format < y->format ? -1 : 1;
  return order != 0 || x->digits == y->digits ? order : x->digits < y->digits ? -1 : 1;
}

void
assay_document_foreach_number (const AssayDocument *document, AssayNumberFunc func, gpointer data)
{
  g_autoptr (GPtrArray) found = g_ptr_array_new ();

  for (guint s = 0; s < document->sections->len; s++)
    {
      const AssaySection *section = document->sections->pdata[s];

      for (guint b = 0; b < section->blocks->len; b++)
        collect_block (found, section->blocks->pdata[b]);
    }
  g_ptr_array_sort (found, compare);
  for (guint k = 0; k < found->len; k++)
    if (k == 0 || compare (&found->pdata[k - 1], &found->pdata[k]) != 0)
      func (found->pdata[k], data);
}
