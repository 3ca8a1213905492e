/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-pdf.c: report.pdf judged by the tools that read it: it is whole, tagged, the same every time, and text in it is only text. */
#include "base/error.h"
#include "base/text.h"
#include "report/figure.h"
#include "report/pdf_finish.h"
#include "report/writer.h"
#include "sample.h"

#include <glib/gstdio.h>
#include <locale.h>
#include <string.h>

static GBytes *
write_pdf (const AssayDocument *document)
{
  g_autoptr (GPtrArray) files = assay_written_files_new ();
  GError *error = NULL;

  g_assert_true (assay_writer_find ("pdf", NULL)->write (document, files, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (files->len, ==, 1);
  g_assert_cmpstr (((AssayWrittenFile *) files->pdata[0])->path, ==, "report.pdf");
  return g_bytes_ref (((AssayWrittenFile *) files->pdata[0])->bytes);
}

/* What the tool says about the document, or NULL and the test is skipped where it is not installed. "FILE" stands for the document, "OUT" for a file
 * that the tool writes, which is read in place of what it prints; zero bytes in it are made blanks. */
static char *
ask (const AssayDocument *document, const char *const *command)
{
  g_autoptr (GBytes) bytes = write_pdf (document);
  g_autofree char *tool = g_find_program_in_path (command[0]), *name = NULL, *written = NULL, *output = NULL, *faults = NULL;
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  GError *error = NULL;
  int status, fd;

  if (tool == NULL)
    {
      g_autofree char *why = g_strdup_printf ("%s is not installed", command[0]);

      g_test_skip (why);
      return NULL;
    }
  fd = g_file_open_tmp ("assay-XXXXXX.pdf", &name, &error);
  g_assert_no_error (error);
  g_close (fd, NULL);
  written = g_strconcat (name, ".out", NULL);
  g_assert_true (g_file_set_contents (name, g_bytes_get_data (bytes, NULL), (gssize) g_bytes_get_size (bytes), NULL));
  for (guint k = 0; command[k] != NULL; k++)
    g_ptr_array_add (argv, strcmp (command[k], "FILE") == 0 ? name : strcmp (command[k], "OUT") == 0 ? written : (char *) command[k]);
  g_ptr_array_add (argv, NULL);
  g_assert_true (g_spawn_sync (NULL, (char **) argv->pdata, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output, &faults, &status, &error));
  g_unlink (name);
  if (!g_spawn_check_wait_status (status, &error))
    g_error ("%s: %s: %s%s", command[0], error->message, output, faults);
  g_assert_cmpstr (faults, ==, "");
  if (g_file_test (written, G_FILE_TEST_EXISTS))
    {
      gsize n;

      g_free (g_steal_pointer (&output));
      g_assert_true (g_file_get_contents (written, &output, &n, NULL));
      for (gsize k = 0; k < n; k++)
        if (output[k] == '\0')
          output[k] = ' ';
      g_unlink (written);
    }
  return g_steal_pointer (&output);
}

#define ASK(document, ...) ask (document, (const char *const[]) { __VA_ARGS__, NULL })

/* --- the same bytes ------------------------------------------------------------------------------------------------------------- */

static gpointer
write_in_thread (gpointer document)
{
  return write_pdf (document);
}

static void
test_same_bytes (void)
{
  g_autoptr (AssayDocument) document = sample_document_new ("na\303\257ve \342\200\224 \317\200");
  g_autoptr (GBytes) first = write_pdf (document);
  static const char *const locales[] = { "C", "de_DE.UTF-8", "tr_TR.UTF-8", "fa_IR.UTF-8" };
  GThread *threads[3];

  for (guint k = 0; k < G_N_ELEMENTS (locales); k++)
    {
      g_autoptr (GBytes) again = NULL;

      setlocale (LC_ALL, locales[k]);
      again = write_pdf (document);
      g_assert_true (g_bytes_equal (first, again));
    }
  setlocale (LC_ALL, "C");
  for (guint k = 0; k < G_N_ELEMENTS (threads); k++)
    threads[k] = g_thread_new ("write", write_in_thread, document);
  for (guint k = 0; k < G_N_ELEMENTS (threads); k++)
    {
      g_autoptr (GBytes) other = g_thread_join (threads[k]);

      g_assert_true (g_bytes_equal (first, other));
    }
}

/* --- what readers say ----------------------------------------------------------------------------------------------------------- */

static void
test_whole (void)
{
  g_autoptr (AssayDocument) document = sample_document_new ("sample");
  g_autofree char *found = ASK (document, "qpdf", "--check", "FILE");

  if (found != NULL)
    g_assert_nonnull (strstr (found, "No syntax or stream encoding errors found"));
}

static void
test_facts (void)
{
  g_autoptr (AssayDocument) document = sample_document_new ("sample");
  g_autofree char *found = NULL;

  g_setenv ("TZ", "UTC", TRUE);
  found = ASK (document, "pdfinfo", "-isodates", "FILE");
  g_unsetenv ("TZ");
  if (found == NULL)
    return;
  g_assert_nonnull (strstr (found, "Title:           sample\n"));
  g_assert_nonnull (strstr (found, "CreationDate:    2026-01-02T03:04:05Z\n"));
  g_assert_nonnull (strstr (found, "Tagged:          yes\n"));
  g_assert_nonnull (strstr (found, "Metadata Stream: yes\n"));
  g_assert_nonnull (strstr (found, "JavaScript:      no\n"));
}

static void
test_structure (void)
{
  static const char *const expected[] = {
    "H1 (block)\n    \"sample\"", "H2 (block)\n    \"1  Sample\"", "H2 (block)\n    \"2  Other\"", "H3 (block)\n    \"Heading\"", "TOC", "Table (block)", "/Scope /Column",
    "/Scope /Row", "LBody", "Figure", "Link (inline)", "Code (inline)", "\"the claim\"", "not computed (nobody in the group)", "50.0 %", "95 %, Wilson"
  };
  g_autoptr (AssayDocument) document = sample_document_new ("sample");
  g_autofree char *found = ASK (document, "pdfinfo", "-struct-text", "FILE");

  for (guint k = 0; found != NULL && k < G_N_ELEMENTS (expected); k++)
    if (strstr (found, expected[k]) == NULL)
      g_error ("\"%s\" expected in the structure, found:\n%s", expected[k], found);
}

static void
test_additions (void)
{
  static const char *const expected[] = { "/Lang (en)", "/DisplayDocTitle true", "/OutputIntents", "/Metadata ", "/Alt (The second rate is larger.)", "/Tabs /S",
                                          "/Contents (the claim)", "/MarkInfo", "<pdfaid:part>2</pdfaid:part>", "<pdfuaid:part>1</pdfuaid:part>", "/Artifact BMC" };
  static const char *const forbidden[] = { "/JavaScript", "/JS ", "/OpenAction", "/AA ", "/Launch", "/URI", "/EmbeddedFile", "/GoToR", "/SubmitForm", "/XFA" };
  g_autoptr (AssayDocument) document = sample_document_new ("/JavaScript (app.alert) /OpenAction /URI (http://x) /Launch >> endobj");
  g_autofree char *found = ASK (document, "qpdf", "--qdf", "--object-streams=disable", "FILE", "OUT");
  g_autoptr (GBytes) bytes = write_pdf (document);

  if (found == NULL)
    return;
  for (guint k = 0; k < G_N_ELEMENTS (expected); k++)
    if (strstr (found, expected[k]) == NULL)
      g_error ("\"%s\" expected in the file", expected[k]);
  for (guint k = 0; k < G_N_ELEMENTS (forbidden); k++)
    for (const char *at = found; (at = strstr (at, forbidden[k])) != NULL; at++)
      {
        /* Only as what the document's name says, in a string or in the XML of the metadata. */
        const char *line = at;

        while (line > found && line[-1] != '\n')
          line--;
        if (memchr (line, '(', (gsize) (at - line)) == NULL && !g_str_has_prefix (line, "<dc:title>"))
          g_error ("\"%s\" stands outside of any text: %.200s", forbidden[k], line);
      }
}

/* --- text is only text ---------------------------------------------------------------------------------------------------------- */

/* Without what a page's lines do to blanks. */
static char *
without_blanks (const char *text)
{
  GString *out = g_string_new (NULL);

  for (; *text != '\0'; text = g_utf8_next_char (text))
    if (!g_unichar_isspace (g_utf8_get_char (text)) && *text != '\f')
      g_string_append_unichar (out, g_utf8_get_char (text));
  return g_string_free (out, FALSE);
}

static GPtrArray *
hostile_strings (void)
{
  static const char *const words[] = { "<script>alert(1)</script>", "&amp;&lt;", "<b>bold</b><span foreground='red'>x</span>", "%s%n%1$x", "=1+2", "../../etc/passwd",
                                       "(a) Tj ET Q endstream endobj", "\\(\\)\\\\ \\n", "BT /F1 12 Tf", "d1' internal dest='d2", "'; DROP TABLE x; --",
                                       "https://example.org/?q=1&r=2", "fi fl ffi ffl", "\xff\xfe\x80", "caf\303\251 \316\273 \320\226 \342\202\254" };
  static const gunichar marks[] = { 0x61c, 0x200b, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2060, 0x2066, 0x2067, 0x2068, 0x2069,
                                    0xfeff, 0x1f600, 0x10ffff, 0xe000 };
  GPtrArray *strings = g_ptr_array_new_with_free_func (g_free);

  for (guint k = 0; k < G_N_ELEMENTS (words); k++)
    for (guint j = 0; j < 10; j++)
      g_ptr_array_add (strings, g_strdup_printf ("%u%s%s", j, words[k], words[(k + j) % G_N_ELEMENTS (words)]));
  for (guint c = 1; c < 0xa0; c += c == 0x1f ? 0x60 : 1)
    for (guint j = 0; j < 5; j++)
      {
        GString *string = g_string_new (words[j]);

        g_string_append_unichar (string, c);
        g_string_append (string, words[j + 1]);
        g_ptr_array_add (strings, g_string_free (string, FALSE));
      }
  for (guint c = 0; c < G_N_ELEMENTS (marks); c++)
    for (guint j = 0; j < 5; j++)
      {
        GString *string = g_string_new (words[j]);

        g_string_append_unichar (string, marks[c]);
        g_string_append (string, words[j + 2]);
        g_ptr_array_add (strings, g_string_free (string, FALSE));
      }
  return strings;
}

static void
test_hostile (void)
{
  g_autoptr (GPtrArray) strings = hostile_strings ();
  g_autoptr (AssayDocument) document = assay_document_new ("Hostile", "public");
  AssaySection *section = assay_document_add_section (document, "strings", "Strings");
  g_autofree char *found = NULL, *bare = NULL;
  guint n_broken = 0, n_pages = 0;

  g_assert_cmpuint (strings->len, >=, 500);
  for (guint k = 0; k < strings->len; k++)
    {
      AssayProse *prose = assay_prose_new ();

      assay_prose_add_format (prose, "begin %u ", k);
      assay_prose_add (prose, strings->pdata[k]);
      assay_prose_add (prose, " end");
      assay_section_add_paragraph (section, prose);
    }
  found = ASK (document, "pdftotext", "-raw", "-nopgbrk", "FILE", "-");
  if (found == NULL)
    return;
  bare = without_blanks (found);
  for (const char *at = found; (at = strstr (at, "page ")) != NULL; at++)
    n_pages += g_ascii_isdigit (at[5]);
  for (guint k = 0; k < strings->len; k++)
    {
      g_autofree char *kept = g_utf8_make_valid (strings->pdata[k], -1), *visible = assay_typeset_visible (kept, ASSAY_FACE_TEXT, FALSE);
      g_autofree char *all = g_strdup_printf ("begin%u%send", k, visible), *wanted = without_blanks (all);

      if (strstr (bare, wanted) == NULL)
        {
          n_broken++;
          g_test_message ("not in one piece: %s", wanted);
        }
    }
  /* The running lines of a page stand in the midst of a paragraph that goes on behind it. */
  g_assert_cmpuint (n_broken, <=, n_pages);
}

/* --- long things ---------------------------------------------------------------------------------------------------------------- */

static void
test_long (void)
{
  g_autoptr (AssayDocument) document = assay_document_new ("Long", "public");
  AssaySection *section = assay_document_add_section (document, "long", "Long things");
  AssayBlock *table = assay_section_begin_table (section, "long/table", assay_prose_new_plain ("Rows"), "name|>value|text");
  g_autoptr (GString) words = g_string_new (NULL);
  g_autofree char *line = g_strnfill (1000000, 'x'), *found = NULL, *bare = NULL;
  guint heads = 0;

  for (guint k = 0; k < 1300; k++)
    g_string_append_printf (words, "word%u ", k);
  for (guint r = 0; r < 200; r++)
    {
      g_autofree char *name = g_strdup_printf ("row %u", r);

      assay_block_add_cell_plain (table, name);
      assay_block_add_cell_plain (table, "1.25");
      assay_block_add_cell_plain (table, r == 100 ? words->str : "text");
    }
  assay_section_add_paragraph (section, assay_prose_new_plain (words->str));
  assay_section_add_paragraph (section, assay_prose_new_plain (line));
  assay_section_add_code (section, words->str);
  assay_section_add_callout (section, ASSAY_CALLOUT_NOTE, assay_prose_new_plain (words->str));
  assay_section_begin_table (section, "long/empty", assay_prose_new_plain ("No rows"), "a|b");
  found = ASK (document, "pdftotext", "-layout", "FILE", "-");
  if (found == NULL)
    return;
  g_assert_nonnull (strstr (found, "row 199"));
  g_assert_nonnull (strstr (found, "word1299"));
  bare = without_blanks (found);
  g_assert_nonnull (strstr (bare, "morebytes:seereport.json"));
  /* The head stands on each page that the table is on. */
  for (const char *at = found; (at = strstr (at, "name ")) != NULL; at++)
    heads += strstr (at, "value") != NULL && strstr (at, "value") - at < 200;
  g_assert_cmpuint (heads, >=, 5);
}

static void
test_bare (void)
{
  g_autoptr (AssayDocument) document = assay_document_new ("", "public");
  g_autoptr (AssayDocument) odd_time = assay_document_new ("Odd", "public");
  g_autofree char *found = ASK (document, "qpdf", "--check", "FILE");

  odd_time->created_utc = g_strdup ("yesterday");
  g_bytes_unref (write_pdf (odd_time));
}

/* --- parts ---------------------------------------------------------------------------------------------------------------------- */

static void
assert_marked (const char *content, const char *expected)
{
  g_autoptr (GString) found = assay_pdf_mark_artifacts (content, strlen (content));

  g_assert_cmpstr (found->str, ==, expected);
}

static void
test_artifacts (void)
{
  assert_marked ("", "/Artifact BMC\n\nEMC\n");
  assert_marked ("0 0 1 1 re f", "/Artifact BMC\n0 0 1 1 re f\nEMC\n");
  assert_marked ("q /P << /MCID 0 >> BDC (a) Tj EMC Q", "/Artifact BMC\nq EMC\n/P << /MCID 0 >> BDC (a) Tj EMC\n/Artifact BMC Q\nEMC\n");
  /* Inside strings, comments, names and images nothing is an operator; marks inside marks are left alone. */
  assert_marked ("(BDC \\) EMC) Tj % BDC\n/BDC gs <42444320> Tj", "/Artifact BMC\n(BDC \\) EMC) Tj % BDC\n/BDC gs <42444320> Tj\nEMC\n");
  assert_marked ("/P <</MCID 1>> BDC /Span <</ActualText <42>>> BDC EMC EMC", "/Artifact BMC\nEMC\n/P <</MCID 1>> BDC /Span <</ActualText <42>>> BDC EMC EMC\n/Artifact BMC\nEMC\n");
  assert_marked ("BI /W 1 ID x EMC BDC y\nEI Q", "/Artifact BMC\nBI /W 1 ID x EMC BDC y\nEI Q\nEMC\n");
  assert_marked ("(never ends", "/Artifact BMC\n(never ends\nEMC\n");
}

static guint32
read32 (const GByteArray *bytes, guint at)
{
  return (guint32) bytes->data[at] << 24 | (guint32) bytes->data[at + 1] << 16 | (guint32) bytes->data[at + 2] << 8 | bytes->data[at + 3];
}

static void
test_profile (void)
{
  g_autoptr (GByteArray) profile = assay_pdf_srgb_profile ();
  double white[3] = { 0, 0, 0 };

  g_assert_cmpuint (read32 (profile, 0), ==, profile->len);
  g_assert_cmpuint (read32 (profile, 128), ==, 9);
  g_assert_cmpint (memcmp (profile->data + 36, "acsp", 4), ==, 0);
  for (guint k = 0; k < 9; k++)
    {
      guint32 from = read32 (profile, 132 + 12 * k + 4), size = read32 (profile, 132 + 12 * k + 8);

      g_assert_cmpuint (from % 4, ==, 0);
      g_assert_cmpuint (from + size, <=, profile->len);
      /* The three primaries add up to the white of the connection space. */
      if (k >= 3 && k < 6)
        for (guint c = 0; c < 3; c++)
          white[c] += (gint32) read32 (profile, from + 8 + 4 * c) / 65536.0;
    }
  g_assert_cmpfloat_with_epsilon (white[0], 0.9642, 1e-3);
  g_assert_cmpfloat_with_epsilon (white[1], 1.0, 1e-3);
  g_assert_cmpfloat_with_epsilon (white[2], 0.8249, 1e-3);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pdf/the same document has the same bytes in any locale and thread", test_same_bytes);
  g_test_add_func ("/pdf/qpdf finds nothing wrong", test_whole);
  g_test_add_func ("/pdf/title and time are the document's", test_facts);
  g_test_add_func ("/pdf/headings, tables, figures and links are tagged", test_structure);
  g_test_add_func ("/pdf/language, metadata, texts and artifacts are there, actions and addresses are not", test_additions);
  g_test_add_func ("/pdf/five hundred hostile strings read as they were written", test_hostile);
  g_test_add_func ("/pdf/long tables, paragraphs, cells and boxes go over pages", test_long);
  g_test_add_func ("/pdf/a document of nothing is a page", test_bare);
  g_test_add_func ("/pdf/what no tag holds becomes an artifact", test_artifacts);
  g_test_add_func ("/pdf/the colour profile is a whole one", test_profile);
  return g_test_run ();
}
