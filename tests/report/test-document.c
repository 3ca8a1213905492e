/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-document.c: what a document cites, what the rules of --strict refuse, and that every format says the same and makes texts harmless. */
#include "report/strict.h"
#include "report/writer.h"
#include "sample.h"

#include <jansson.h>
#include <locale.h>
#include <string.h>

static void
count (const AssayNumber *number, gpointer data)
{
  GPtrArray *ids = data;

  g_ptr_array_add (ids, assay_number_dup_id (number));
}

static void
test_cited (void)
{
  g_autoptr (AssayDocument) document = sample_document_new ("x");
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);

  assay_document_foreach_number (document, count, ids);
  /* rate[0]: 2 digits, 3 decimals and as a percentage; rate[1]: decimals and percentage; count[0..2]. The NaN shows its reason instead. */
  g_assert_cmpuint (ids->len, ==, 8);
  g_assert_cmpstr (ids->pdata[0], ==, "sample/rates/count[0]");
  g_assert_cmpstr (ids->pdata[7], ==, "sample/rates/rate[1]");
  g_assert_nonnull (assay_document_find_claim (document, "sample/claim"));
  g_assert_null (assay_document_find_claim (document, "sample"));
}

static gboolean
is_refused (const AssayDocument *document, const char *rule)
{
  g_autoptr (GPtrArray) refusals = assay_strict_check (document);

  for (guint k = 0; k < refusals->len; k++)
    if (strcmp (((const AssayRefusal *) refusals->pdata[k])->rule, rule) == 0)
      return TRUE;
  return FALSE;
}

static AssayClaim *
the_claim (AssayDocument *document)
{
  return (AssayClaim *) assay_document_find_claim (document, "sample/claim");
}

static void
test_strict (void)
{
  static const struct { AssayClaimKind kind; const char *rule; } kinds[] = {
    { ASSAY_CLAIM_INFLUENCE, "influence-validity" }, { ASSAY_CLAIM_UNIT, "unit-ablation" }, { ASSAY_CLAIM_REASONING, "reasoning-control" },
    { ASSAY_CLAIM_DECISION, "decision-fidelity" },
  };

  for (gsize k = 0; k < G_N_ELEMENTS (kinds); k++)
    {
      g_autoptr (AssayDocument) document = sample_document_new ("x");
      AssayClaim *claim = the_claim (document);
      AssayClaimCheck check = claim->check;

      claim->kind = kinds[k].kind;
      claim->check = (AssayClaimCheck) { 0 };
      g_assert_true (is_refused (document, kinds[k].rule));
      claim->check = check;
      claim->validity = (AssayClaimCheck) { g_strdup ("retraining"), check.value, NULL, TRUE };
      claim->stability = g_strdup ("not measured");
      g_assert_false (is_refused (document, kinds[k].rule));
    }
}

static void
test_strict_numbers (void)
{
  g_autoptr (AssayDocument) document = sample_document_new ("x");
  AssayClaim *claim = the_claim (document);

  g_assert_true (is_refused (document, "first-page"));
  g_ptr_array_set_size (document->warnings, 0);
  g_assert_false (is_refused (document, "first-page"));
  g_assert_false (is_refused (document, "interval"));
  claim->lo = ASSAY_NO_NUMBER;
  g_assert_true (is_refused (document, "interval"));
  claim->reason = g_strdup ("one measurement");
  g_assert_false (is_refused (document, "interval"));
  g_assert_false (is_refused (document, "check-passed"));
  claim->check.passed = FALSE;
  g_assert_true (is_refused (document, "check-passed"));
  claim->is_withheld = TRUE;
  g_assert_false (is_refused (document, "check-passed"));
}

static char *
render (const AssayDocument *document, const char *format)
{
  g_autoptr (GPtrArray) files = assay_written_files_new ();
  const AssayWriter *writer = assay_writer_find (format, NULL);
  GString *all = g_string_new (NULL);
  GError *error = NULL;

  g_assert_nonnull (writer);
  g_assert_true (writer->write (document, files, &error));
  g_assert_no_error (error);
  for (guint k = 0; k < files->len; k++)
    {
      const AssayWrittenFile *file = files->pdata[k];

      g_string_append_printf (all, "%s\n", file->path);
      g_string_append_len (all, g_bytes_get_data (file->bytes, NULL), (gssize) g_bytes_get_size (file->bytes));
    }
  return g_string_free (all, FALSE);
}

static void
test_repeatable (void)
{
  for (const AssayWriter *const *writer = assay_writer_list (); *writer != NULL; writer++)
    {
      g_autoptr (AssayDocument) document = sample_document_new ("caf\303\251 & <b>"), again = sample_document_new ("caf\303\251 & <b>");
      g_autofree char *plain = render (document, (*writer)->name), *other = NULL;

      if (setlocale (LC_ALL, "de_DE.UTF-8") == NULL)
        setlocale (LC_ALL, "C.UTF-8");
      g_setenv ("TZ", "Asia/Tokyo", TRUE);
      other = render (again, (*writer)->name);
      setlocale (LC_ALL, "C");
      g_unsetenv ("TZ");
      g_assert_cmpstr (plain, ==, other);
    }
}

static void
test_html (void)
{
  g_autoptr (AssayDocument) document = sample_document_new ("</p><script>alert(1)</script>\"' onload=x \342\200\256evil\033[31m");
  g_autofree char *page = render (document, "html");

  g_assert_null (strstr (page, "<script"));
  g_assert_null (strstr (page, "onload=x \342"));
  g_assert_null (strchr (page, '\033'));
  g_assert_null (strstr (page, "\342\200\256"));
  g_assert_null (strstr (page, " style=\""));
  g_assert_nonnull (strstr (page, "default-src 'none'"));
  g_assert_nonnull (strstr (page, "UNSIGNED"));
  g_assert_nonnull (strstr (page, "nobody in the group"));
  g_assert_nonnull (strstr (page, "title=\"sample/rates/rate[1]\">50.0 %"));
}

static void
test_json (void)
{
  g_autoptr (AssayDocument) document = sample_document_new ("a\"b\\ \001 \360\237\230\200");
  g_autofree char *text = render (document, "json");
  json_error_t fault;
  json_t *out = json_loads (strchr (text, '\n'), JSON_REJECT_DUPLICATES, &fault);
  const json_t *sections = json_object_get (out, "sections");

  g_assert_nonnull (out);
  g_assert_cmpstr (json_string_value (json_object_get (out, "title")), ==, "a\"b\\ \001 \360\237\230\200");
  g_assert_cmpuint (json_array_size (sections), ==, 2);
  json_decref (out);
}

static void
test_csv (void)
{
  g_autoptr (AssayDocument) document = sample_document_new ("=HYPERLINK(\"x\")");
  g_autofree char *text = render (document, "csv");

  g_assert_nonnull (strstr (text, "tables/sample.rates.csv\nname,rate,count\r\n"));
  g_assert_nonnull (strstr (text, "\"'=HYPERLINK(\"\"x\"\")\",0.5,-1234567\r\n"));
  g_assert_nonnull (strstr (text, "empty,,0\r\n"));
}

static void
test_markdown (void)
{
  g_autoptr (AssayDocument) document = sample_document_new ("[x](http://y) | <b> `z`");
  g_autofree char *text = render (document, "markdown");

  g_assert_true (g_str_has_prefix (text, "report.md\n# \\[x\\]\\(http\\:\\/\\/y\\) \\| \\<b\\> \\`z\\`\n"));
  g_assert_nonnull (strstr (text, "`` [x](http://y) | <b> `z` ``"));       /* a code span is literal */
}

static void
test_unknown_format (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (assay_writer_find ("docx", &error));
  g_assert_nonnull (strstr (error->message, "html"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/document/cited numbers are found once for each way of rounding", test_cited);
  g_test_add_func ("/document/strict names what each kind of claim lacks", test_strict);
  g_test_add_func ("/document/strict looks at intervals, checks and the first page", test_strict_numbers);
  g_test_add_func ("/document/every format gives the same bytes in any locale and time zone", test_repeatable);
  g_test_add_func ("/document/nothing in a page of HTML is code of strangers", test_html);
  g_test_add_func ("/document/report.json holds texts as they are", test_json);
  g_test_add_func ("/document/no cell of CSV is a formula and no number is quoted", test_csv);
  g_test_add_func ("/document/markdown text is never markup", test_markdown);
  g_test_add_func ("/document/an unknown format is answered with those there are", test_unknown_format);
  return g_test_run ();
}
