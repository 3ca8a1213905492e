/* SPDX-License-Identifier: GPL-3.0-or-later */
/* self_checks.c: the list of a case's checks. */
#include "gui/self_checks_private.h"

#include "base/json.h"
#include "job/spec.h"
#include "job/view.h"

#include <glib/gi18n.h>
#include <string.h>

void
assay_self_check_free (AssaySelfCheck *check)
{
  if (check == NULL)
    return;
  g_free (check->what);
  g_free (check->of);
  g_free (check->found);
  g_free (check->bound);
  g_free (check->why);
  g_free (check->page);
  g_free (check->kind);
  g_free (check->reference);
  g_free (check->command);
  g_free (check);
}

static AssaySelfCheck *
make (const char *what, const char *of, AssayMark mark, const char *why)
{
  AssaySelfCheck *check = g_new0 (AssaySelfCheck, 1);

  *check = (AssaySelfCheck) { .what = g_strdup (what), .of = g_strdup (of), .found = g_strdup (""), .bound = g_strdup (""), .mark = mark, .why = g_strdup (why) };
  return check;
}

AssaySelfCheck *
assay_self_check_add (GPtrArray *checks, const char *what, const char *of, AssayMark mark, const char *why)
{
  AssaySelfCheck *check = make (what, of, mark, why);

  g_ptr_array_add (checks, check);
  return check;
}

void
assay_self_check_measured (AssaySelfCheck *check, char *found, char *bound)
{
  g_free (check->found);
  g_free (check->bound);
  check->found = found;
  check->bound = bound;
}

void
assay_self_check_link (AssaySelfCheck *check, const char *page, const char *kind, const char *reference)
{
  check->page = g_strdup (page);
  check->kind = g_strdup (kind);
  check->reference = g_strdup (reference);
}

void
assay_self_check_add_unreadable (GPtrArray *checks, const char *what, const char *of, const GError *fault)
{
  assay_self_check_measured (assay_self_check_add (checks, what, of, ASSAY_MARK_FAILED, fault->message), g_strdup (_("cannot be read")), g_strdup (""));
}

GPtrArray *
assay_self_checks_read (AssayCase *cas, const AssayCaseContents *contents, GCancellable *cancellable)
{
  AssayCheckReading reading = { cas, contents, g_ptr_array_new_with_free_func ((GDestroyNotify) assay_self_check_free) };

  for (guint k = 0; k < contents->objects->len && !g_cancellable_is_cancelled (cancellable); k++)
    {
      AssayObject *object = contents->objects->pdata[k];

      if (strcmp (object->kind, "scores") == 0)
        assay_self_checks_of_scores (&reading, object);
      else if (strcmp (object->kind, "job") == 0)
        assay_self_checks_of_job (&reading, object);
    }
  return reading.checks;
}

/* --- checks that are made on demand -------------------------------------------------------------------------------- */

static AssaySelfCheck *
make_on_demand (const char *what, const char *kind, const char *path, const char *why)
{
  AssaySelfCheck *check = make (what, "", ASSAY_MARK_UNKNOWN, why);
  g_autofree char *quoted = assay_job_quote_word (path);

  check->command = g_strdup_printf ("assay %s %s", kind, quoted);
  return check;
}

/* What passed before the case had all that it has says nothing of the rest; what failed stays failed. */
static AssayMark
mark_of (gboolean passed, gboolean is_older)
{
  return !passed ? ASSAY_MARK_FAILED : is_older ? ASSAY_MARK_UNKNOWN : ASSAY_MARK_PASSED;
}

AssaySelfCheck *
assay_self_check_of_verify (const json_t *document, gboolean is_older, const char *path)
{
  AssaySelfCheck *check = make_on_demand (_("Everything committed is as it was"), "verify", path,
                                          _("The journal's chain, the size and SHA-256 of every file, the digest of every value."));
  int damaged = (int) json_integer_value (json_object_get (document, "damaged"));
  g_autofree char *objects = assay_view_count (json_integer_value (json_object_get (document, "objects")));
  g_autofree char *bytes = assay_view_bytes (assay_json_get_number (document, "bytes"));
  const char *since = is_older ? _("; the case has more in it since") : "";

  if (document == NULL)
    return check;
  check->mark = mark_of (json_is_true (json_object_get (document, "sound")), is_older);
  assay_self_check_measured (check, damaged > 0 ? g_strdup_printf (_("%d damaged or missing"), damaged)
                             : g_strdup_printf (_("%s objects, superseded ones too, %s: all sound%s"), objects, bytes, since), g_strdup (""));
  return check;
}

/* The check that comes nearest to its bound, or lies furthest above it. */
static const json_t *
find_worst (const json_t *checks, gsize *failed)
{
  const json_t *worst = NULL;
  double largest = -1;
  gsize k;
  json_t *one;

  json_array_foreach (checks, k, one)
    {
      double value = assay_json_get_number (one, "value"), bound = assay_json_get_number (one, "bound");
      gboolean has_failed = !json_is_true (json_object_get (one, "passed"));
      double share = has_failed ? G_MAXDOUBLE : bound > 0 ? value / bound : 0;

      *failed += has_failed;
      if (share > largest)
        {
          largest = share;
          worst = one;
        }
    }
  return worst;
}

AssaySelfCheck *
assay_self_check_of_oracles (const json_t *document, gboolean is_older, const char *path)
{
  AssaySelfCheck *check = make_on_demand (_("Gradients and curvature products on this machine"), "check", path,
                                          _("The operators on the case's own model: linear, symmetric, equal to the exact oracle by complex steps. "
                                            "Where they are not, no influence score of this model is to be trusted."));
  const json_t *checks = json_object_get (document, "checks"), *worst;
  gsize failed = 0, n = json_array_size (checks);

  if (document == NULL)
    return check;
  worst = find_worst (checks, &failed);
  check->mark = n == 0 ? ASSAY_MARK_UNKNOWN : mark_of (failed == 0 && json_is_true (json_object_get (document, "passed")), is_older);
  if (worst != NULL)
    {
      g_autofree char *value = assay_view_number (assay_json_get_number (worst, "value"), 2), *bound = assay_view_number (assay_json_get_number (worst, "bound"), 2);

      assay_self_check_measured (check, failed > 0 ? g_strdup_printf (_("%d of %d failed; %s %s"), (int) failed, (int) n, assay_json_get_text (worst, "name"), value)
                                 : g_strdup_printf (_("%d passed%s; closest to its bound: %s %s"), (int) n, is_older ? _(", on an older state of the case") : "",
                                                    assay_json_get_text (worst, "name"), value), g_strdup_printf (_("at most %s"), bound));
    }
  return check;
}

/* --- all together -------------------------------------------------------------------------------------------------- */

char *
assay_self_checks_describe (const GPtrArray *checks)
{
  guint n[ASSAY_MARK_UNKNOWN + 1] = { 0 };
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint k = 0; k < checks->len; k++)
    n[((const AssaySelfCheck *) checks->pdata[k])->mark]++;
  if (n[ASSAY_MARK_FAILED] > 0)
    g_string_append_printf (text, _("%u failed, "), n[ASSAY_MARK_FAILED]);
  g_string_append_printf (text, _("%u passed, %u not checked"), n[ASSAY_MARK_PASSED], n[ASSAY_MARK_UNKNOWN]);
  return g_string_free (g_steal_pointer (&text), FALSE);
}
