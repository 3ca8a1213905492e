/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audit_table.h: an audit's numbers as result tables, cells that show a share beside its counts, and claims; for the sections that tell of audits.
 *
 * A result table of parts or groups has every column of report/audit_columns.h that some row has, an estimate as NAME, NAME_lo, NAME_hi.
 * Ownership: tables are the report's. Thread rule: one report at a time.
 */
#pragma once

#include "report/section.h"

/* One audit and where its tables and blocks stand. */
typedef struct {
  AssayReport *report;
  AssaySection *section;
  const AssayReportAnswer *answer;
  const char *id;               /* "performance/1" */
} AssayAuditTelling;

/* Rows are the parts; column 0 names them. */
AssayResultTable *assay_audit_table_of_parts  (const AssayAuditTelling *telling);
/* Rows are the groups of a grouping in one part; column 0 is the group's labels together. */
AssayResultTable *assay_audit_table_of_groups (const AssayAuditTelling *telling, gsize part, gsize grouping);
/* A table at ID/NAME with a row for each item and no columns yet. */
AssayResultTable *assay_audit_table_new       (const AssayAuditTelling *telling, const char *name, const char *title, const json_t *items);
/* The estimates at a path of the items as three columns. reason: why one is not there. */
void              assay_audit_table_add_estimates (AssayResultTable *table, const AssayResultColumn *about, const json_t *items, const char *path,
                                                   const char *reason);

/* The column of that name, or -1. */
int               assay_audit_table_find      (const AssayResultTable *table, const char *name);
/* A cited element of a column by name; none where there is no such column. */
AssayNumber       assay_audit_table_cite      (const AssayResultTable *table, const char *name, gint64 row, AssayNumberFormat format, guint digits);

/* "44.8 % [42.6 %, 47.2 %]", each a cited number; why there is none where there is none. name: an estimate. */
AssayProse       *assay_audit_cell_estimate   (const AssayResultTable *table, const char *name, gint64 row, AssayNumberFormat format, guint digits);
/* "805 of 1,795, 44.8 % [42.6 %, 47.2 %]": name is a rate, or the columns numerator and denominator are given. */
AssayProse       *assay_audit_cell_share      (const AssayResultTable *table, const char *name, const char *numerator, const char *denominator, gint64 row);
/* "805 of 1,795" of a rate, into running text. */
void              assay_audit_add_counts      (AssayProse *text, const AssayResultTable *table, const char *rate, gint64 row);

/* The level of every interval of the audit, "95 %". Owns: the caller. */
char             *assay_audit_dup_level       (const json_t *document);
/* "split test (held out)", "all rows". Owns: the caller. */
char             *assay_audit_dup_part        (const json_t *document, gsize part);
/* "the model" or "the outside score". */
const char       *assay_audit_subject         (const json_t *document);
/* The audits of models, or those of outside scores. Owns: the caller, the array. */
GPtrArray        *assay_audit_list            (const AssayReport *report, gboolean of_models);

/* A measured claim about an estimate of a table. Its check may be set before. interval: "Wilson"; n: things counted over. claim is taken. */
void              assay_audit_add_claim       (const AssayAuditTelling *telling, AssayClaim *claim, const AssayResultTable *table, const char *name,
                                               gint64 row, AssayNumberFormat format, guint digits, const char *interval, gint64 n);
