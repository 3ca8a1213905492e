/* SPDX-License-Identifier: GPL-3.0-or-later */
/* coverage.c: items counted by how far they are. */
#include "report/coverage.h"

#include "report/fields_file.h"

#include <string.h>

const char *const assay_coverage_words[ASSAY_N_COVERAGES] = { "filled", "withheld", "draft", "not_computed", "human_pending" };

AssayCoverage
assay_coverage_of_field (const AssayField *field)
{
  if (field->state == ASSAY_FIELD_WITHHELD)
    return ASSAY_COVERAGE_WITHHELD;
  if (assay_field_is_draft (field))
    return ASSAY_COVERAGE_DRAFT;
  if (field->state != ASSAY_FIELD_NOT_COMPUTED)
    return ASSAY_COVERAGE_FILLED;
  return field->declaration->klass == ASSAY_FIELD_AUTOMATIC ? ASSAY_COVERAGE_NOT_COMPUTED : ASSAY_COVERAGE_PENDING;
}

static gboolean
is_for (const AssayRegimeItem *item, AssayAudience audience)
{
  return audience == ASSAY_AUDIENCE_INTERNAL || (item->audience & (1u << audience)) != 0;
}

AssayCoverage
assay_coverage_of_item (const AssayRegimeItem *item, const AssayFieldSet *fields, AssayAudience audience)
{
  AssayCoverage least = is_for (item, audience) ? ASSAY_COVERAGE_FILLED : ASSAY_COVERAGE_WITHHELD;

  for (char **id = item->fields; is_for (item, audience) && *id != NULL; id++)
    least = MAX (least, assay_coverage_of_field (assay_field_set_find (fields, *id)));
  return least;
}

/* One field at least is in this state. */
static gboolean
has_state (const AssayRegimeItem *item, const AssayFieldSet *fields, AssayFieldState state)
{
  for (char **id = item->fields; *id != NULL; id++)
    if (assay_field_set_find (fields, *id)->state == state)
      return TRUE;
  return FALSE;
}

AssayCoverageCount
assay_coverage_count (const AssayRegime *regime, const AssayFieldSet *fields, AssayAudience audience, AssayFieldClass klass)
{
  AssayCoverageCount count = { .items = 0 };

  for (guint k = 0; k < regime->items->len; k++)
    {
      const AssayRegimeItem *item = regime->items->pdata[k];
      AssayCoverage coverage = assay_coverage_of_item (item, fields, audience);

      if (klass != ASSAY_FIELD_N_CLASSES && item->klass != klass)
        continue;
      count.items++;
      count.count[coverage]++;
      count.not_applicable += coverage == ASSAY_COVERAGE_FILLED && has_state (item, fields, ASSAY_FIELD_NOT_APPLICABLE);
      count.declared += coverage == ASSAY_COVERAGE_FILLED && has_state (item, fields, ASSAY_FIELD_DECLARED);
    }
  return count;
}

/* --- JSON ------------------------------------------------------------------------------------------------------------ */

static json_t *
count_to_json (const AssayCoverageCount *count)
{
  json_t *object = json_pack ("{s:I, s:I, s:I}", "items", (json_int_t) count->items, "not_applicable", (json_int_t) count->not_applicable, "declared",
                              (json_int_t) count->declared);

  for (guint k = 0; k < ASSAY_N_COVERAGES; k++)
    json_object_set_new (object, assay_coverage_words[k], json_integer (count->count[k]));
  return object;
}

static json_t *
item_fields_to_json (const AssayRegimeItem *item, const AssayFieldSet *fields)
{
  json_t *list = json_array ();

  for (char **id = item->fields; *id != NULL; id++)
    {
      const AssayField *field = assay_field_set_find (fields, *id);

      json_array_append_new (list, json_pack ("{s:s, s:s, s:s}", "id", *id, "state", assay_field_state_words[field->state], "coverage",
                                              assay_coverage_words[assay_coverage_of_field (field)]));
    }
  return list;
}

static json_t *
items_to_json (const AssayRegime *regime, const AssayFieldSet *fields, AssayAudience audience)
{
  json_t *list = json_array ();

  for (guint k = 0; k < regime->items->len; k++)
    {
      const AssayRegimeItem *item = regime->items->pdata[k];

      json_array_append_new (list, json_pack ("{s:s, s:s, s:s, s:s, s:b, s:s, s:o}", "id", item->id, "citation", item->citation, "text", item->text,
                                              "class", assay_field_class_words[item->klass], "verified", item->verified, "coverage",
                                              assay_coverage_words[assay_coverage_of_item (item, fields, audience)], "fields",
                                              item_fields_to_json (item, fields)));
    }
  return list;
}

static json_t *
sources_to_json (const AssayRegime *regime)
{
  json_t *list = json_array ();

  for (guint k = 0; k < regime->sources->len; k++)
    {
      const AssayRegimeSource *source = regime->sources->pdata[k];

      json_array_append_new (list, json_pack ("{s:s, s:s, s:s, s:s?}", "title", source->title, "url", source->url, "date", source->date, "read_on",
                                              source->read_on));
    }
  return list;
}

json_t *
assay_coverage_to_json (const AssayRegime *regime, const AssayFieldSet *fields, AssayAudience audience, gboolean with_items)
{
  json_t *classes = json_object (), *document;
  AssayCoverageCount all = assay_coverage_count (regime, fields, audience, ASSAY_FIELD_N_CLASSES);

  for (guint k = 0; k < ASSAY_FIELD_N_CLASSES; k++)
    {
      AssayCoverageCount count = assay_coverage_count (regime, fields, audience, (AssayFieldClass) k);

      json_object_set_new (classes, assay_field_class_words[k], count_to_json (&count));
    }
  document = json_pack ("{s:s, s:s, s:s, s:s, s:s?, s:s?, s:s?, s:s, s:s, s:b, s:o, s:o, s:o}", "id", regime->id, "version", regime->version, "title",
                        regime->title, "status", regime->status, "applies_from", regime->applies_from, "supersedes", regime->supersedes, "retention",
                        regime->retention, "file",
                        regime->file, "sha256", regime->sha256, "reviewed_by_counsel", regime->review_name != NULL, "sources",
                        sources_to_json (regime), "all", count_to_json (&all),
                        "classes", classes);
  if (with_items)
    json_object_set_new (document, "items", items_to_json (regime, fields, audience));
  return document;
}

json_t *
assay_coverage_list_regimes (const GPtrArray *regimes, const char *field)
{
  json_t *list = json_array ();

  for (guint r = 0; r < regimes->len; r++)
    {
      const AssayRegime *regime = regimes->pdata[r];

      for (guint k = 0; k < regime->items->len; k++)
        {
          const AssayRegimeItem *item = regime->items->pdata[k];

          if (g_strv_contains ((const char *const *) item->fields, field))
            json_array_append_new (list, json_pack ("{s:s, s:s, s:s}", "pack", regime->id, "version", regime->version, "item", item->id));
        }
    }
  return list;
}

json_t *
assay_coverage_fields_to_json (const AssayFieldSet *fields, const GPtrArray *regimes)
{
  json_t *list = json_array ();

  for (guint k = 0; k < assay_field_set_get_n (fields); k++)
    {
      const AssayField *field = assay_field_set_get (fields, k);
      g_autofree char *digest = assay_fields_file_dup_digest (field);
      json_t *record = assay_field_to_json (field);

      json_object_set_new (record, "regimes", assay_coverage_list_regimes (regimes, field->declaration->id));
      if (digest != NULL)
        json_object_set_new (record, "digest", json_string (digest));
      json_array_append_new (list, record);
    }
  return list;
}
