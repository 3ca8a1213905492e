/* SPDX-License-Identifier: GPL-3.0-or-later */
/* field_answers.c: answers to fields, from and to their file. */
#include "gui/field_answers.h"

#include "base/json.h"
#include "base/text.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

typedef struct {
  const json_t *asked;          /* NULL: of the file alone; nothing of this case asks for it */
  json_t *entry;                /* as the file has it, until it is answered anew; NULL: nothing */
  AssayAnswerKind kind;
  char *text, *utc;
} Answer;

struct _AssayFieldAnswers {
  json_t *asked;
  char *author;
  GPtrArray *answers;           /* those that are asked first */
  guint n;
  gboolean is_changed;
};

static void
answer_free (gpointer data)
{
  Answer *answer = data;

  json_decref (answer->entry);
  g_free (answer->text);
  g_free (answer->utc);
  g_free (answer);
}

/* --- from the file --------------------------------------------------------------------------------------------------- */

static const struct { const char *key; AssayAnswerKind kind; } keys[] = {
  { "value", ASSAY_ANSWER_STATED }, { "not_applicable", ASSAY_ANSWER_NOT_APPLICABLE }, { "withheld", ASSAY_ANSWER_WITHHELD },
};

static char *
dup_value (const json_t *value)
{
  if (json_is_integer (value))
    return g_strdup_printf ("%" JSON_INTEGER_FORMAT, json_integer_value (value));
  if (json_is_real (value))
    return assay_text_number (json_real_value (value));
  return g_strdup (json_is_string (value) ? json_string_value (value) : "");
}

static void
read_entry (Answer *answer, json_t *entry)
{
  answer->entry = json_incref (entry);
  for (gsize k = 0; k < G_N_ELEMENTS (keys); k++)
    {
      const json_t *value = json_object_get (entry, keys[k].key);

      if (value == NULL || json_is_null (value))
        continue;
      answer->kind = keys[k].kind;
      answer->text = dup_value (value);
      return;
    }
  if (json_is_string (json_object_get (entry, "confirmed_by")))
    answer->kind = ASSAY_ANSWER_CONFIRMED;
}

static json_t *
find_entry (const json_t *entries, const char *id)
{
  gsize k;
  json_t *entry;

  json_array_foreach (entries, k, entry)
    if (strcmp (assay_json_get_text (entry, "id"), id) == 0)
      return entry;
  return NULL;
}

/* A draft that has changed since it was confirmed has to be read again. */
static gboolean
is_other_draft (const json_t *asked, const json_t *entry)
{
  const char *digest = json_string_value (json_object_get (asked, "digest"));

  return digest != NULL && strcmp (digest, assay_json_get_text (entry, "digest")) != 0;
}

static void
add_answer (AssayFieldAnswers *self, const json_t *asked, json_t *entry)
{
  Answer *answer = g_new0 (Answer, 1);

  answer->asked = asked;
  if (entry != NULL)
    read_entry (answer, entry);
  if (answer->kind == ASSAY_ANSWER_CONFIRMED && is_other_draft (asked, entry))
    {
      g_clear_pointer (&answer->entry, json_decref);
      answer->kind = ASSAY_ANSWER_NONE;
      self->is_changed = TRUE;
    }
  g_ptr_array_add (self->answers, answer);
}

AssayFieldAnswers *
assay_field_answers_new (const json_t *asked, const json_t *answers)
{
  AssayFieldAnswers *self = g_new0 (AssayFieldAnswers, 1);
  const json_t *entries = json_object_get (answers, "fields");
  gsize k;
  json_t *one;

  self->asked = json_incref ((json_t *) asked);
  self->author = g_strdup (assay_json_get_text (answers, "author"));
  self->answers = g_ptr_array_new_with_free_func (answer_free);
  json_array_foreach (self->asked, k, one)
    add_answer (self, one, find_entry (entries, assay_json_get_text (one, "id")));
  self->n = self->answers->len;
  json_array_foreach (entries, k, one)
    if (find_entry (asked, assay_json_get_text (one, "id")) == NULL)
      add_answer (self, NULL, one);
  return self;
}

void
assay_field_answers_free (AssayFieldAnswers *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->answers);
  json_decref (self->asked);
  g_free (self->author);
  g_free (self);
}

/* --- answers --------------------------------------------------------------------------------------------------------- */

static Answer *
get (const AssayFieldAnswers *self, guint k)
{
  return self->answers->pdata[k];
}

guint
assay_field_answers_get_n (const AssayFieldAnswers *self)
{
  return self->n;
}

const json_t *
assay_field_answers_get_asked (const AssayFieldAnswers *self, guint k)
{
  return get (self, k)->asked;
}

AssayAnswerKind
assay_field_answers_get_kind (const AssayFieldAnswers *self, guint k)
{
  return get (self, k)->kind;
}

const char *
assay_field_answers_get_text (const AssayFieldAnswers *self, guint k)
{
  return get (self, k)->text ? get (self, k)->text : "";
}

const char *
assay_field_answers_get_author (const AssayFieldAnswers *self)
{
  return self->author;
}

gboolean
assay_field_answers_is_changed (const AssayFieldAnswers *self)
{
  return self->is_changed;
}

void
assay_field_answers_set_author (AssayFieldAnswers *self, const char *author)
{
  if (strcmp (self->author, author) == 0)
    return;
  g_free (self->author);
  self->author = g_strdup (author);
  self->is_changed = TRUE;
}

void
assay_field_answers_set (AssayFieldAnswers *self, guint k, AssayAnswerKind kind, const char *text, const char *utc)
{
  Answer *answer = get (self, k);

  if (answer->kind == kind && g_strcmp0 (answer->text ? answer->text : "", text) == 0)
    return;
  g_clear_pointer (&answer->entry, json_decref);
  g_free (answer->text);
  g_free (answer->utc);
  answer->kind = kind;
  answer->text = g_strdup (text);
  answer->utc = g_strdup (utc);
  self->is_changed = TRUE;
}

/* --- to the file ----------------------------------------------------------------------------------------------------- */

static const char *
get_unit (const Answer *answer)
{
  return json_string_value (json_object_get (answer->asked, "unit"));
}

static gboolean
is_blank (const char *text)
{
  return text == NULL || text[strspn (text, " \t\n")] == '\0';
}

static gboolean
parse_number (const char *text, double *number)
{
  char *end = NULL;

  *number = is_blank (text) ? NAN : g_ascii_strtod (text, &end);
  return isfinite (*number) && is_blank (end);
}

/* There is something of it in the file. */
static gboolean
is_finished (const Answer *answer)
{
  return answer->entry != NULL || answer->kind == ASSAY_ANSWER_CONFIRMED || (answer->kind != ASSAY_ANSWER_NONE && !is_blank (answer->text));
}

char *
assay_field_answers_dup_fault (const AssayFieldAnswers *self)
{
  gboolean any = FALSE;

  for (guint k = 0; k < self->answers->len; k++)
    {
      const Answer *answer = get (self, k);
      double number;

      any |= is_finished (answer) && answer->kind != ASSAY_ANSWER_NONE;
      if (answer->kind == ASSAY_ANSWER_STATED && answer->entry == NULL && get_unit (answer) != NULL && !is_blank (answer->text)
          && !parse_number (answer->text, &number))
        return g_strdup_printf (_("%s: a number of %s is expected, as in 12.5"), assay_json_get_text (answer->asked, "title"), get_unit (answer));
    }
  return any && is_blank (self->author) ? g_strdup (_("Say who you are: every answer has an author")) : NULL;
}

/* A whole number is a count. */
static json_t *
make_value (const Answer *answer)
{
  double number;

  if (get_unit (answer) == NULL || !parse_number (answer->text, &number))
    return json_string (answer->text);
  return number == floor (number) && fabs (number) < 9e15 ? json_integer ((json_int_t) number) : json_real (number);
}

static json_t *
make_entry (const AssayFieldAnswers *self, const Answer *answer)
{
  json_t *entry;

  if (answer->entry != NULL)
    return json_incref (answer->entry);
  entry = json_pack ("{s:s}", "id", assay_json_get_text (answer->asked, "id"));
  if (answer->kind == ASSAY_ANSWER_CONFIRMED)
    {
      json_object_set (entry, "digest", json_object_get (answer->asked, "digest"));
      json_object_set_new (entry, "confirmed_by", json_string (self->author));
      json_object_set_new (entry, "confirmed_utc", json_string (answer->utc));
    }
  else
    json_object_set_new (entry, keys[answer->kind - ASSAY_ANSWER_STATED].key, make_value (answer));
  return entry;
}

json_t *
assay_field_answers_make_file (const AssayFieldAnswers *self)
{
  json_t *entries = json_array ();

  for (guint k = 0; k < self->answers->len; k++)
    if (is_finished (get (self, k)))
      json_array_append_new (entries, make_entry (self, get (self, k)));
  return json_pack ("{s:s, s:i, s:s?, s:o}", "schema", "assay.fields", "version", 1, "author", is_blank (self->author) ? NULL : self->author, "fields", entries);
}

/* --- how much is open ------------------------------------------------------------------------------------------------ */

guint
assay_field_answers_count_open (const json_t *asked)
{
  guint n = 0;
  gsize k;
  json_t *field;

  json_array_foreach (asked, k, field)
    n += strcmp (assay_json_get_text (field, "class"), "A") != 0 && strcmp (assay_json_get_text (field, "state"), "not-computed") == 0;
  return n;
}

guint
assay_field_answers_count_drafts (const json_t *asked)
{
  guint n = 0;
  gsize k;
  json_t *field;

  json_array_foreach (asked, k, field)
    n += json_is_true (json_object_get (field, "is_draft"));
  return n;
}
