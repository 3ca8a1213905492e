/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pins.c: a list that is kept as a whole. */
#include "job/pins.h"

#include "base/error.h"
#include "base/json.h"
#include "base/param.h"
#include "store/shard.h"

#include <string.h>

json_t *
assay_pins_load (AssayCase *cas)
{
  g_autoptr (AssayObject) object = assay_case_has (cas, ASSAY_PIN_KIND, ASSAY_PIN_NAME)
                                     ? assay_case_lookup (cas, ASSAY_PIN_KIND, ASSAY_PIN_NAME, NULL) : NULL;
  json_t *pins = object ? json_object_get (object->meta, "pins") : NULL;

  return json_is_array (pins) ? json_deep_copy (pins) : json_array ();
}

AssayObject *
assay_pins_store (AssayCase *cas, json_t *pins, GError **error)
{
  gsize n = json_array_size (pins), k;
  g_autofree const char **claims = g_new0 (const char *, n + 1);
  AssayArraySpec spec = { .path = "/pins/claim", .type = ASSAY_STORE_TEXT, .rank = 1, .dims = { (gint64) n }, .axes = { "pin" },
                          .long_name = "pinned claims", .description = "ids of the claims, in the order of the summary" };
  json_t *meta = json_pack ("{s:O}", "pins", pins), *pin;
  g_autoptr (AssayShardWriter) writer = assay_shard_writer_new (cas, ASSAY_PIN_KIND, ASSAY_PIN_NAME, meta, error);
  AssayObject *object = NULL;

  json_array_foreach (pins, k, pin)
    claims[k] = json_string_value (json_object_get (pin, "claim"));
  if (writer != NULL && assay_shard_writer_put_text (writer, &spec, claims, error))
    object = assay_shard_writer_commit (writer, error);
  json_decref (meta);
  return object;
}

/* The place of the claim among the pins, or -1. */
gssize
assay_pins_find (const json_t *pins, const char *claim)
{
  gsize k;
  json_t *pin;

  json_array_foreach (pins, k, pin)
    if (strcmp (assay_json_get_text (pin, "claim"), claim) == 0)
      return (gssize) k;
  return -1;
}

static gboolean
no_such_claim (const AssayDocument *document, const char *claim, GError **error)
{
  g_autoptr (GPtrArray) claims = assay_document_list_claims (document), names = g_ptr_array_new ();
  const char *near;

  for (guint k = 0; k < claims->len; k++)
    g_ptr_array_add (names, ((const AssayClaim *) claims->pdata[k])->id);
  g_ptr_array_add (names, NULL);
  near = assay_param_nearest (claim, (const char *const *) names->pdata);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "claim \"%s\": the case makes none of that id%s%s%s; assay pin CASE lists them", claim,
               near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
  return FALSE;
}

static json_t *
make_pin (const AssayClaim *claim, const char *note, const char *author)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *utc = g_date_time_format (now, "%Y-%m-%dT%H:%M:%SZ"), *display = claim->value.table ? assay_number_dup_display (&claim->value) : NULL;

  return json_pack ("{s:s, s:s?, s:s?, s:s?, s:s}", "claim", claim->id, "note", note, "display", display, "author", author, "utc",
                    utc);
}

gboolean
assay_pins_put (json_t *pins, const AssayDocument *document, const char *id, gint64 place, const char *note, const char *author, GError **error)
{
  const AssayClaim *claim = assay_document_find_claim (document, id);
  gssize at = assay_pins_find (pins, id);
  const json_t *before = at >= 0 ? json_array_get (pins, (gsize) at) : NULL;
  json_t *pin;

  if (claim == NULL)
    return no_such_claim (document, id, error);
  pin = make_pin (claim, note ? note : json_string_value (json_object_get (before, "note")),
                  author ? author : json_string_value (json_object_get (before, "author")));
  if (at >= 0)
    json_array_remove (pins, (gsize) at);
  if (place <= 0)
    place = at >= 0 ? at + 1 : (gint64) json_array_size (pins) + 1;
  return json_array_insert_new (pins, (gsize) MIN (place - 1, (gint64) json_array_size (pins)), pin) == 0;
}

gboolean
assay_pins_remove (json_t *pins, const char *claim, GError **error)
{
  gssize at = assay_pins_find (pins, claim);

  if (at >= 0)
    return json_array_remove (pins, (gsize) at) == 0;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "claim \"%s\": is not pinned; assay pin CASE lists what is", claim);
  return FALSE;
}
