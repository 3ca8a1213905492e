/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-design.c: rows, targets and terms of a design. */
#include "fixture.h"

#include "base/error.h"
#include "dataset/design.h"
#include "dataset/split.h"

#include <math.h>
#include <string.h>

static const char people[] =
  "age,sex,race,score,grade\n"
  "20,f,x,1,low\n"
  "30,m,y,2,high\n"
  ",m,x,3,low\n"
  "50,,z,4,high\n"
  "60,f,y,5,N/A\n"
  "70,m,y,6,mid\n";

static AssayDesign *
make (AssayTable *table, AssayDesignSpec spec)
{
  GError *error = NULL;
  AssayDesign *design = assay_design_new (table, &spec, &error);

  g_assert_no_error (error);
  return design;
}

static void
expect_terms (const AssayDesign *design, const char *const *names)
{
  g_assert_cmpint (design->n_terms, ==, g_strv_length ((char **) names));
  g_assert_cmpint (design->term_names->len, ==, design->n_terms);
  for (gint64 d = 0; d < design->n_terms; d++)
    g_assert_cmpstr (design->term_names->pdata[d], ==, names[d]);
}

static gint64
dropped (const AssayDesign *design, const char *reason)
{
  for (guint k = 0; k < design->drops->len; k++)
    if (strcmp (g_array_index (design->drops, AssayDrop, k).reason, reason) == 0)
      return g_array_index (design->drops, AssayDrop, k).n_rows;
  return 0;
}

static void
test_coding (void)
{
  g_autoptr (AssayTable) table = fixture_csv (people);
  static const char *const references[] = { "race=y", NULL };
  g_autoptr (AssayDesign) design = make (table, (AssayDesignSpec) { .target = "score > 2", .terms = "age, race,sex", .references = references });
  g_autoptr (AssayDesign) plain = make (table, (AssayDesignSpec) { .target = "score > 2", .terms = "race" });
  static const char *const plain_names[] = { "race = y", "race = z", NULL };
  static const double x[4][3] = { { 20, 1, 0 }, { 30, 0, 1 }, { 60, 0, 0 }, { 70, 0, 1 } };   /* z had no sex: its level is gone */
  static const char *const kept_names[] = { "age", "race = x", "sex = m", NULL };

  expect_terms (plain, plain_names);
  g_assert_cmpint (plain->n_examples, ==, 6);
  expect_terms (design, kept_names);
  g_assert_cmpint (design->n_examples, ==, 4);
  g_assert_cmpmem (design->x, sizeof x, x, sizeof x);
  g_assert_cmpint (design->row[2], ==, 4);
  g_assert_cmpint (dropped (design, "column \"age\" is missing"), ==, 1);
  g_assert_cmpint (dropped (design, "column \"sex\" is missing"), ==, 1);
  g_assert_cmpint (design->target_kind, ==, ASSAY_TARGET_CLASS);
  g_assert_cmpstr (design->class_names->pdata[1], ==, "true");
  g_assert_cmpint (design->label[0], ==, 0);
  g_assert_cmpint (design->label[3], ==, 1);
}

static void
test_missing_level (void)
{
  g_autofree char *path = fixture_write ("people.csv", people, -1);
  g_autoptr (AssayTable) table = fixture_import (path, "missing", "level", NULL);
  g_autoptr (AssayDesign) design = make (table, (AssayDesignSpec) { .target = "score", .terms = "age,sex", .target_kind = ASSAY_TARGET_REAL });
  static const char *const names[] = { "age", "age = (missing)", "sex = m", "sex = (missing)", NULL };

  expect_terms (design, names);
  g_assert_cmpint (design->n_examples, ==, 6);
  g_assert_cmpfloat (design->x[2 * 4 + 0], ==, 0);
  g_assert_cmpfloat (design->x[2 * 4 + 1], ==, 1);
  g_assert_cmpfloat (design->x[3 * 4 + 3], ==, 1);
  g_assert_cmpfloat (design->real[5], ==, 6);
}

static void
test_targets (void)
{
  g_autoptr (AssayTable) table = fixture_csv (people);
  g_autoptr (AssayDesign) text = make (table, (AssayDesignSpec) { .target = "grade", .terms = "score" });
  g_autoptr (AssayDesign) number = make (table, (AssayDesignSpec) { .target = "score", .terms = "race" });
  g_autoptr (AssayDesign) classes = make (table, (AssayDesignSpec) { .target = "score", .terms = "race", .target_kind = ASSAY_TARGET_CLASS });
  g_autoptr (AssayDesign) sum = make (table, (AssayDesignSpec) { .target = "score + age", .terms = "race" });
  g_autoptr (AssayDesign) real = make (table, (AssayDesignSpec) { .target = "grade in ('high')", .terms = "race", .target_kind = ASSAY_TARGET_REAL });

  g_assert_cmpint (text->target_kind, ==, ASSAY_TARGET_CLASS);
  g_assert_cmpint (text->class_names->len, ==, 3);                /* high, low, mid: the missing answer is no class */
  g_assert_cmpstr (text->class_names->pdata[0], ==, "high");
  g_assert_cmpint (text->label[0], ==, 1);
  g_assert_cmpint (dropped (text, "the target is missing"), ==, 1);
  g_assert_cmpint (number->target_kind, ==, ASSAY_TARGET_REAL);
  g_assert_cmpint (classes->class_names->len, ==, 6);
  g_assert_cmpstr (classes->class_names->pdata[5], ==, "6");
  g_assert_cmpint (sum->n_examples, ==, 5);
  g_assert_cmpfloat (sum->real[1], ==, 32);
  g_assert_cmpfloat (real->real[1], ==, 1);
  g_assert_null (real->label);
}

static void
test_default_terms (void)
{
  g_autofree char *path = fixture_write ("keyed.csv", "key,a,b,y\nk1,1,u,0\nk2,2,v,1\nk3,4,u,1\n", -1);
  g_autoptr (AssayTable) table = fixture_import (path, "id", "key", NULL);
  g_autoptr (AssayDesign) design = make (table, (AssayDesignSpec) { .target = "y == 1" });
  g_autoptr (AssayDesign) leak = make (table, (AssayDesignSpec) { .target = "y == 1", .terms = "y, a" });
  static const char *const names[] = { "a", "b = v", NULL };

  expect_terms (design, names);                                   /* neither the key nor the target */
  g_assert_cmpint (design->notes->len, ==, 0);
  g_assert_cmpint (leak->notes->len, ==, 1);
  g_assert_nonnull (strstr (leak->notes->pdata[0], "read the answer"));
}

static void
test_number_by_level (void)
{
  g_autoptr (AssayTable) table = fixture_csv ("class,y\n3,0\n1,1\n2,0\n10,1\n");
  static const char *const references[] = { "class=2.0", NULL }, *const names[] = { "class = 1", "class = 3", "class = 10", NULL };
  g_autoptr (AssayDesign) design = make (table, (AssayDesignSpec) { .target = "y", .terms = "class", .references = references });
  static const double x[4][3] = { { 0, 1, 0 }, { 1, 0, 0 }, { 0, 0, 0 }, { 0, 0, 1 } };

  expect_terms (design, names);                                   /* in the order of numbers */
  g_assert_cmpmem (design->x, sizeof x, x, sizeof x);
}

static void
test_constant (void)
{
  g_autoptr (AssayTable) table = fixture_csv ("a,b,c,y\n1,u,5,0\n2,u,5,1\n3,w,5,1\n");
  g_autoptr (AssayDesign) design = make (table, (AssayDesignSpec) { .filter = "b == 'u'", .target = "y", .terms = "a,b,c" });
  static const char *const names[] = { "a", "c", NULL };

  expect_terms (design, names);
  g_assert_cmpint (design->notes->len, ==, 2);
  g_assert_cmpint (dropped (design, "the filter is false"), ==, 1);
}

static void
test_standardise (void)
{
  g_autoptr (AssayTable) table = fixture_csv ("a,b,y\n1,5,0\n3,5,1\n100,5,1\n");
  g_autoptr (AssayDesign) design = NULL;
  GError *error = NULL;

  assay_split_apply (table, "order:train=2,test=1", 0, &error);
  g_assert_no_error (error);
  design = make (table, (AssayDesignSpec) { .target = "y", .terms = "a,b", .standardise = TRUE });
  g_assert_cmpfloat (design->mean[0], ==, 2);                     /* of the training rows alone: (1 + 3) / 2, and deviation 1 */
  g_assert_cmpfloat (design->deviation[0], ==, 1);
  g_assert_cmpfloat (design->x[0], ==, -1);
  g_assert_cmpfloat (design->x[4], ==, 98);
  g_assert_cmpfloat (design->x[1], ==, 0);
  g_assert_cmpint (design->notes->len, ==, 2);                    /* constant among all rows, and over the training split */
}

static void
test_limit (void)
{
  g_autoptr (AssayTable) table = fixture_csv (people);
  g_autoptr (AssayDesign) design = NULL;

  g_assert_true (assay_split_apply (table, "column:race", 0, NULL));
  design = make (table, (AssayDesignSpec) { .target = "score > 1", .terms = "score", .limit = 1 });
  g_assert_cmpint (design->n_examples, ==, 3);                    /* the first of x, of y, of z */
  g_assert_cmpint (design->row[1], ==, 1);
  g_assert_cmpint (design->row[2], ==, 3);
  g_assert_cmpint (dropped (design, "of the limit of 1 examples a split"), ==, 3);
}

static void
test_refusals (void)
{
  static const char *const no_level[] = { "race=q", NULL }, *const no_column[] = { "rase=x", NULL }, *const no_term[] = { "sex=m", NULL };
  static const char *const no_form[] = { "race", NULL }, *const twice[] = { "race=x", "race=y", NULL };
  static const struct { AssayDesignSpec spec; int code; const char *fragments[2]; } bad[] = {
    { { .terms = "age" }, ASSAY_ERROR_USAGE, { "--target" } },
    { { .target = "score > 2", .terms = "agee" }, ASSAY_ERROR_NOT_FOUND, { "terms: no column \"agee\"", "did you mean \"age\"" } },
    { { .target = "score > 2", .terms = "age,race,age" }, ASSAY_ERROR_INPUT, { "\"age\" is there twice" } },
    { { .target = "score > 2", .terms = "age,,race" }, ASSAY_ERROR_INPUT, { "a column name expected" } },
    { { .target = "score > 2", .terms = "`age" }, ASSAY_ERROR_INPUT, { "never closed" } },
    { { .target = "score > 2", .terms = "race", .references = no_level }, ASSAY_ERROR_NOT_FOUND, { "no level \"q\"", "\"x\", \"y\", \"z\"" } },
    { { .target = "score > 2", .terms = "race", .references = no_column }, ASSAY_ERROR_NOT_FOUND, { "reference: no column \"rase\"" } },
    { { .target = "score > 2", .terms = "race", .references = no_term }, ASSAY_ERROR_INPUT, { "\"sex\" is not among the terms" } },
    { { .target = "score > 2", .terms = "race", .references = no_form }, ASSAY_ERROR_USAGE, { "COLUMN=LEVEL" } },
    { { .target = "score > 2", .terms = "race", .references = twice }, ASSAY_ERROR_INPUT, { "has two" } },
    { { .target = "score > 200", .terms = "race" }, ASSAY_ERROR_INPUT, { "\"false\" in every row kept" } },
    { { .target = "scor", .terms = "race" }, ASSAY_ERROR_NOT_FOUND, { "target: expression, position 1", "did you mean \"score\"" } },
    { { .target = "score > 2", .filter = "score > 9", .terms = "race" }, ASSAY_ERROR_INPUT, { "no row is left: 6 rows because the filter is false" } },
    { { .target = "score > 2", .filter = "score", .terms = "race" }, ASSAY_ERROR_INPUT, { "filter: ", "a condition expected" } },
    { { .target = "grade", .terms = "race", .target_kind = ASSAY_TARGET_REAL }, ASSAY_ERROR_INPUT, { "text found where a real number" } },
    { { .target = "score > 2", .terms = "sex", .filter = "sex == 'm'" }, ASSAY_ERROR_INPUT, { "one level only" } },
  };
  g_autoptr (AssayTable) table = fixture_csv (people);

  for (gsize k = 0; k < G_N_ELEMENTS (bad); k++)
    {
      GError *error = NULL;

      if (assay_design_new (table, &bad[k].spec, &error) != NULL)
        g_error ("case %" G_GSIZE_FORMAT " was accepted", k);
      fixture_refused (&error, bad[k].code, bad[k].fragments[0], bad[k].fragments[1], NULL);
    }
}

static void
test_one_line (void)
{
  g_autoptr (AssayTable) table = fixture_csv ("a,y\n1,\"u\nv\"\n2,\"u\nv\"\n");
  AssayDesignSpec spec = { .target = "y", .terms = "a" };
  GError *error = NULL;

  g_assert_null (assay_design_new (table, &spec, &error));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "\"u\\x0av\" in every row kept", NULL);
}

/* --- the published regression ------------------------------------------------------------------------------------- */

#define MAX_D 16

/* Solves A z = b in place, A (D,D) symmetric positive definite, and leaves the inverse's diagonal in `inverse`. */
static void
solve (double *A, double *b, double *inverse, gint64 D)
{
  double I[MAX_D][MAX_D] = { { 0 } };

  for (gint64 i = 0; i < D; i++)
    I[i][i] = 1;
  for (gint64 i = 0; i < D; i++)
    {
      double pivot = A[i * D + i];

      for (gint64 j = 0; j < D; j++)
        {
          A[i * D + j] /= pivot;
          I[i][j] /= pivot;
        }
      b[i] /= pivot;
      for (gint64 r = 0; r < D; r++)
        {
          double f = A[r * D + i];

          for (gint64 j = 0; j < D && r != i; j++)
            {
              A[r * D + j] -= f * A[i * D + j];
              I[r][j] -= f * I[i][j];
            }
          if (r != i)
            b[r] -= f * b[i];
        }
    }
  for (gint64 i = 0; i < D; i++)
    inverse[i] = I[i][i];
}

/* Newton's method on the log-likelihood, intercept first. */
static void
fit_logistic (const AssayDesign *design, double *beta, double *error)
{
  gint64 D = design->n_terms + 1;

  memset (beta, 0, D * sizeof (double));
  for (guint iteration = 0; iteration < 12; iteration++)
    {
      double H[MAX_D * MAX_D] = { 0 }, g[MAX_D] = { 0 }, inverse[MAX_D];

      for (gint64 n = 0; n < design->n_examples; n++)
        {
          double x[MAX_D] = { 1 }, eta = 0, p;

          memcpy (x + 1, design->x + n * design->n_terms, design->n_terms * sizeof (double));
          for (gint64 i = 0; i < D; i++)
            eta += x[i] * beta[i];
          p = 1 / (1 + exp (-eta));
          for (gint64 i = 0; i < D; i++)
            {
              g[i] += x[i] * (design->label[n] - p);
              for (gint64 j = 0; j < D; j++)
                H[i * D + j] += p * (1 - p) * x[i] * x[j];
            }
        }
      solve (H, g, inverse, D);
      for (gint64 i = 0; i < D; i++)
        {
          beta[i] += g[i];
          error[i] = sqrt (inverse[i]);
        }
    }
}

static void
test_compas (void)
{
  static const char *const references[] = { "sex=Male", "age_cat=25 - 45", "race=Caucasian", "c_charge_degree=F", NULL };
  static const struct { const char *term; double estimate, std_error; } published[] = {
    { "(intercept)", -1.52554, 0.07851 }, { "sex = Female", 0.22127, 0.07951 }, { "age_cat = Greater than 45", -1.35563, 0.09908 },
    { "age_cat = Less than 25", 1.30839, 0.07593 }, { "race = African-American", 0.47721, 0.06935 }, { "race = Asian", -0.25441, 0.47821 },
    { "race = Hispanic", -0.42839, 0.12813 }, { "race = Native American", 1.39421, 0.76612 }, { "race = Other", -0.82635, 0.16208 },
    { "priors_count", 0.26895, 0.01110 }, { "c_charge_degree = M", -0.31124, 0.06655 }, { "two_year_recid", 0.68586, 0.06402 },
  };
  g_autofree char *path = fixture_data ("tabular/compas_two_years_min.csv");
  g_autoptr (AssayTable) table = path ? fixture_import (path, NULL) : NULL;
  g_autoptr (AssayDesign) design = NULL;
  double beta[MAX_D], std_error[MAX_D];

  if (table == NULL)
    return;
  design = make (table, (AssayDesignSpec) {
    .filter = "days_b_screening_arrest <= 30 and days_b_screening_arrest >= -30 and is_recid != -1 and c_charge_degree != 'O' and score_text != 'N/A'",
    .target = "score_text in ('Medium', 'High')",
    .terms = "sex, age_cat, race, priors_count, c_charge_degree, two_year_recid",
    .references = references,
  });
  g_assert_cmpint (design->n_examples, ==, 6172);
  g_assert_cmpint (design->n_terms + 1, ==, G_N_ELEMENTS (published));
  fit_logistic (design, beta, std_error);
  for (gsize d = 0; d < G_N_ELEMENTS (published); d++)
    {
      g_assert_cmpstr (d ? design->term_names->pdata[d - 1] : ASSAY_TERM_INTERCEPT, ==, published[d].term);
      g_assert_cmpfloat_with_epsilon (beta[d], published[d].estimate, 0.5e-5);   /* half of the last printed digit */
      g_assert_cmpfloat_with_epsilon (std_error[d], published[d].std_error, 0.5e-5);
    }
}

static void
test_adult_german (void)
{
  g_autofree char *adult = fixture_data ("tabular/adult.csv"), *german = fixture_data ("tabular/german.csv");
  g_autoptr (AssayTable) a = adult ? fixture_import (adult, NULL) : NULL, g = german ? fixture_import (german, NULL) : NULL;
  g_autoptr (AssayDesign) income = NULL, credit = NULL;

  if (a == NULL || g == NULL)
    return;
  income = make (a, (AssayDesignSpec) { .target = "income-per-year" });
  g_assert_cmpint (income->n_examples, ==, 30162);                /* the rows without "?", as the data's authors count them */
  g_assert_cmpint (income->class_names->len, ==, 2);
  credit = make (g, (AssayDesignSpec) { .target = "credit == 1" });
  g_assert_cmpint (credit->n_examples, ==, 1000);
  g_assert_cmpint (credit->n_terms, ==, 7 + 54 - 13);             /* 7 numbers; 13 attributes with 54 levels, one left out of each */
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/design/levels become terms beside the reference level, of the rows kept", test_coding);
  g_test_add_func ("/design/missing can be a level of its own", test_missing_level);
  g_test_add_func ("/design/targets are classes or numbers by their type", test_targets);
  g_test_add_func ("/design/without a list the terms are all but key and target", test_default_terms);
  g_test_add_func ("/design/a number column with a reference is coded by level", test_number_by_level);
  g_test_add_func ("/design/what is constant is noted", test_constant);
  g_test_add_func ("/design/the training split sets the scale", test_standardise);
  g_test_add_func ("/design/a limit keeps the first rows of each split", test_limit);
  g_test_add_func ("/design/wishes that cannot be met are refused in words", test_refusals);
  g_test_add_func ("/design/line breaks in levels do not break a message", test_one_line);
  g_test_add_func ("/design/COMPAS gives the published regression to every printed digit", test_compas);
  g_test_add_func ("/design/Adult and German credit make designs", test_adult_german);
  return g_test_run ();
}
