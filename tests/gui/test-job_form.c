/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-job_form.c: a form and its command line are one thing, for every kind of job; what is filled in wrong is named; what a case has is offered. */
#include "base/error.h"
#include "gui/case_choices.h"
#include "gui/job_form.h"
#include "job/command.h"
#include "job/describe.h"

#include <string.h>

#define ONE(text) ((const char *[]) { text, NULL })

static AssayJobForm *
parse (const char *command)
{
  g_autoptr (GError) error = NULL;
  AssayJobForm *form = assay_job_form_parse (command, &error);

  g_assert_no_error (error);
  return form;
}

static AssayJobForm *
make (const char *kind)
{
  g_autoptr (GError) error = NULL;
  const AssayJobKind *found = assay_command_find (kind, &error);

  g_assert_no_error (error);
  return assay_job_form_new (found);
}

/* The parameter among those to be filled in now, or NULL. */
static const AssayParam *
find (const AssayJobForm *form, const char *name)
{
  g_autoptr (GPtrArray) parts = assay_job_form_list_parts (form);
  const AssayParam *found = NULL;

  for (guint k = 0; k < parts->len; k++)
    {
      const AssayJobFormPart *part = parts->pdata[k];

      for (guint i = 0; i < part->params->len; i++)
        if (strcmp (((const AssayParam *) part->params->pdata[i])->name, name) == 0)
          {
            g_assert_null (found);              /* nothing is asked for twice */
            found = part->params->pdata[i];
          }
    }
  return found;
}

static void
assert_same (const char *command)
{
  g_autoptr (AssayJobForm) form = parse (command);
  g_autofree char *again = assay_job_form_make_command (form);

  g_assert_cmpstr (again, ==, command);
}

static void
test_commands (void)
{
  assert_same ("assay new /tmp/x.assay");
  assert_same ("assay train x.assay --model transformer --learning-rate 0.001 --steps 70");
  assert_same ("assay influence x.assay --query train:0 --query \"test:where age > 30\" --mean --force");
  assert_same ("assay import x.assay data \"my file.csv\" --id id");
  assert_same ("assay verify \"a b.assay\"");
  assert_same ("assay new -- -x.assay");
}

/* A text that every type reads. */
static const char *
sample (const AssayParam *p)
{
  static char text[64];
  double between = p->min < p->max ? p->max >= 1e9 ? p->min + 1 : (p->min + p->max) / 2 : 3;

  switch (p->type)
    {
    case ASSAY_PARAM_BOOL:
      return p->def.b ? "false" : "true";
    case ASSAY_PARAM_INT:
      g_snprintf (text, sizeof text, "%" G_GINT64_FORMAT, (gint64) between);
      return text;
    case ASSAY_PARAM_DOUBLE:
      return g_ascii_formatd (text, sizeof text, "%.17g", between);
    case ASSAY_PARAM_CHOICE:
      return p->choices[0];
    case ASSAY_PARAM_JSON:
      return "{\"a\":1}";
    case ASSAY_PARAM_STRING:
    case ASSAY_PARAM_LIST:
      break;
    }
  return "it's a text";
}

/* Fills in all that a form asks for, one at a time, and goes through the command line. */
static void
test_every_parameter (void)
{
  for (const AssayJobKind *const *kind = assay_command_list (); *kind != NULL; kind++)
    {
      g_autoptr (AssayJobForm) blank = assay_job_form_new (*kind);
      g_autoptr (GPtrArray) parts = assay_job_form_list_parts (blank);

      for (guint k = 0; k < parts->len; k++)
        for (guint i = 0; i < ((AssayJobFormPart *) parts->pdata[k])->params->len; i++)
          {
            const AssayParam *p = ((AssayJobFormPart *) parts->pdata[k])->params->pdata[i];
            g_autoptr (AssayJobForm) form = assay_job_form_new (*kind), again = NULL;
            g_autofree char *command = NULL, *fault = NULL;
            char *joined[2];

            g_test_message ("%s: %s", (*kind)->name, p->name);
            g_assert_false (p->flags & ASSAY_PARAM_TERMINAL);
            g_assert_true (find (blank, p->name) == p);
            if (assay_job_form_takes_case (form))
              assay_job_form_set_case (form, "x.assay");
            for (const AssayParam *before = (*kind)->params; p->flags & ASSAY_PARAM_POSITIONAL && before != p; before++)
              if (before->flags & ASSAY_PARAM_POSITIONAL)
                assay_job_form_set_texts (form, before->name, ONE (sample (before)));
            assay_job_form_set_texts (form, p->name, ONE (sample (p)));
            fault = assay_job_form_check (form, p);
            g_assert_cmpstr (fault, ==, NULL);
            command = assay_job_form_make_command (form);
            again = parse (command);
            g_assert_cmpstr (assay_job_form_get_case (again), ==, assay_job_form_get_case (form));
            g_assert_nonnull (assay_job_form_get_texts (again, p->name));
            joined[0] = g_strjoinv ("|", (char **) assay_job_form_get_texts (again, p->name));
            joined[1] = g_strjoinv ("|", (char **) assay_job_form_get_texts (form, p->name));
            if (p->type == ASSAY_PARAM_DOUBLE)          /* 500000 may come back as 5e+05 */
              g_assert_cmpfloat (g_ascii_strtod (joined[0], NULL), ==, g_ascii_strtod (joined[1], NULL));
            else
              g_assert_cmpstr (joined[0], ==, joined[1]);
            g_free (joined[0]);
            g_free (joined[1]);
          }
    }
}

static void
test_sections (void)
{
  g_autoptr (AssayJobForm) form = parse ("assay influence x.assay --query train:0");
  g_autofree char *command = NULL, *without = NULL;

  g_assert_nonnull (find (form, "tolerance"));          /* of cg, which is the default */
  assay_job_form_set_texts (form, "tolerance", ONE ("1e-4"));
  command = assay_job_form_make_command (form);
  g_assert_cmpstr (command, ==, "assay influence x.assay --query train:0 --tolerance 1e-4");
  assay_job_form_set_texts (form, "method", ONE ("gradient-dot"));
  g_assert_null (find (form, "tolerance"));
  without = assay_job_form_make_command (form);
  g_assert_cmpstr (without, ==, "assay influence x.assay --query train:0 --method gradient-dot");
  assay_job_form_set_texts (form, "method", NULL);      /* what was filled in waited */
  g_assert_nonnull (find (form, "tolerance"));
  g_assert_cmpstr (assay_job_form_get_texts (form, "tolerance")[0], ==, "1e-4");
}

/* What is asked for seldom stands in a part of its own, and with it nothing that the program cannot do without. */
static void
test_advanced (void)
{
  g_autoptr (AssayJobForm) form = make ("influence");
  g_autoptr (GPtrArray) parts = assay_job_form_list_parts (form);
  const AssayJobFormPart *own = parts->pdata[0];

  g_assert_null (own->title);
  for (guint i = 0; i < own->params->len; i++)
    g_assert_false (((const AssayParam *) own->params->pdata[i])->flags & ASSAY_PARAM_ADVANCED);
  g_assert_true (find (form, "l2")->flags & ASSAY_PARAM_ADVANCED);
  for (const AssayJobKind *const *kind = assay_command_list (); *kind != NULL; kind++)
    for (const AssayParam *p = (*kind)->params; p->name != NULL; p++)
      if (p->flags & ASSAY_PARAM_ADVANCED)
        {
          g_assert_false (p->flags & (ASSAY_PARAM_REQUIRED | ASSAY_PARAM_POSITIONAL));
          for (const AssayJobSection *s = assay_describe_sections (*kind); s->params != NULL; s++)
            g_assert_cmpstr (s->chooser, !=, p->name);
        }
}

static void
test_incomplete (void)
{
  g_autoptr (AssayJobForm) form = make ("import");
  g_autofree char *nothing = NULL, *gap = NULL;

  nothing = assay_job_form_make_command (form);
  g_assert_cmpstr (nothing, ==, "assay import");
  for (const AssayParam *p = assay_job_form_get_kind (form)->params; p->name != NULL; p++)
    if (p->flags & ASSAY_PARAM_POSITIONAL)
      {
        assay_job_form_set_texts (form, p->name, ONE ("data"));
        break;
      }
  gap = assay_job_form_make_command (form);
  g_assert_cmpstr (gap, ==, "assay import \"\" data");          /* the case stays missing: data does not become it */
}

static void
test_check (void)
{
  g_autoptr (AssayJobForm) form = parse ("assay influence x.assay --query train:0");
  g_autofree char *half = NULL, *range = NULL, *fine = NULL;

  assay_job_form_set_texts (form, "top", ONE ("1x"));
  half = assay_job_form_check (form, find (form, "top"));
  g_assert_true (half != NULL && strstr (half, "1x") != NULL);
  g_assert_null (strstr (half, "--top"));
  assay_job_form_set_texts (form, "threads", ONE ("5000"));
  range = assay_job_form_check (form, find (form, "threads"));
  g_assert_true (range != NULL && strstr (range, "1024") != NULL);
  assay_job_form_set_texts (form, "top", ONE ("7"));
  fine = assay_job_form_check (form, find (form, "top"));
  g_assert_cmpstr (fine, ==, NULL);
}

static void
test_subject (void)
{
  g_autoptr (AssayJobForm) form = parse ("assay influence x.assay");
  const char *rest = NULL;

  g_assert_cmpstr (assay_job_form_find_subject (form, "--query is needed: an example", &rest), ==, "query");
  g_assert_cmpstr (rest, ==, "is needed: an example");
  g_assert_cmpstr (assay_job_form_find_subject (form, "--top: a number expected", &rest), ==, "top");
  g_assert_cmpstr (rest, ==, "a number expected");
  g_assert_cmpstr (assay_job_form_find_subject (form, "CASE is needed", NULL), ==, "");
  g_assert_cmpstr (assay_job_form_find_subject (form, "--query-of-another: no", NULL), ==, NULL);
  g_assert_cmpstr (assay_job_form_find_subject (form, "no space is left", &rest), ==, NULL);
}

static void
test_refused (void)
{
  const char *const commands[] = { "", "rm -rf /", "assay", "assay 'train", "assay trian x.assay", "assay train x.assay --sedes 1", "assay train x.assay --json",
                                   "assay --help", "assay train x.assay --epochs", NULL };

  for (const char *const *command = commands; *command != NULL; command++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (assay_job_form_parse (*command, &error));
      g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
    }
}

static void
test_titles (void)
{
  g_autofree char *title = assay_job_form_title ("learning-rate"), *sentence = assay_job_form_sentence ("ärger"), *empty = assay_job_form_sentence ("");

  g_assert_cmpstr (title, ==, "Learning rate");
  g_assert_cmpstr (sentence, ==, "Ärger");
  g_assert_cmpstr (empty, ==, "");
}

/* --- what a case has ----------------------------------------------------------------------------------------------- */

static void
test_choices (void)
{
  json_t *meta = json_pack ("{s:[s, s], s:[{s:s}]}", "splits", "train", "test", "columns", "name", "age");
  AssayObject data = { .kind = "data", .name = "main", .sequence = 1, .meta = meta, .rows = 60 };
  AssayObject first = { .kind = "model", .name = "old", .sequence = 2 }, second = { .kind = "model", .name = "new", .sequence = 3 };
  g_autoptr (GPtrArray) objects = g_ptr_array_new ();
  AssayCaseContents contents = { .path = "x.assay", .objects = objects };
  AssayPlace place = { .selected = { [ASSAY_SELECTED_EXAMPLE] = "train:16" } };
  g_autoptr (AssayJobForm) form = make ("influence");
  const AssayJobKind *kind = assay_job_form_get_kind (form);
  g_autoptr (GPtrArray) models = NULL, splits = NULL, examples = NULL, methods = NULL, none = NULL;

  g_ptr_array_add (objects, &data);
  g_ptr_array_add (objects, &first);
  g_ptr_array_add (objects, &second);
  models = assay_case_choices_list (kind, find (form, "model-name"), &contents, NULL);
  g_assert_cmpuint (models->len, ==, 2);
  g_assert_cmpstr (((AssayChoice *) models->pdata[0])->value, ==, "new");       /* the newest first */
  splits = assay_case_choices_list (kind, find (form, "train-split"), &contents, NULL);
  g_assert_cmpuint (splits->len, ==, 2);
  g_assert_cmpstr (((AssayChoice *) splits->pdata[1])->value, ==, "test");
  examples = assay_case_choices_list (kind, find (form, "query"), &contents, &place);
  g_assert_cmpuint (examples->len, ==, 1);
  g_assert_cmpstr (((AssayChoice *) examples->pdata[0])->value, ==, "train:16");
  methods = assay_case_choices_list (kind, find (form, "method"), NULL, NULL);
  g_assert_cmpuint (methods->len, >, 3);
  none = assay_case_choices_list (kind, find (form, "top"), &contents, &place);
  g_assert_cmpuint (none->len, ==, 0);
  json_decref (meta);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/gui/job_form/a command that becomes a form becomes the same command again", test_commands);
  g_test_add_func ("/gui/job_form/every parameter of every kind goes through the command line and back", test_every_parameter);
  g_test_add_func ("/gui/job_form/parts follow what is chosen, and what was filled in waits for their return", test_sections);
  g_test_add_func ("/gui/job_form/what is seldom needed is folded away, and nothing else", test_advanced);
  g_test_add_func ("/gui/job_form/a form that is not complete makes a command that is not either", test_incomplete);
  g_test_add_func ("/gui/job_form/what is filled in wrong is named as the program names it", test_check);
  g_test_add_func ("/gui/job_form/what the program says finds the parameter that it is about", test_subject);
  g_test_add_func ("/gui/job_form/what is no job is refused", test_refused);
  g_test_add_func ("/gui/job_form/titles and sentences begin with a capital", test_titles);
  g_test_add_func ("/gui/job_form/models, splits, methods and what is selected are offered", test_choices);
  return g_test_run ();
}
