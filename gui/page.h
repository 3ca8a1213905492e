/* SPDX-License-Identifier: GPL-3.0-or-later */
/* page.h: one perspective on a case.
 *
 * A page is one file page_NAME.c with its page_NAME.ui, and one line in the folder's local.mk: from there it is in the sidebar, in the
 * palette, in the shortcuts and in the tour that the tests make. Its file ends with ASSAY_PAGE_DEFINE.
 *
 * A page that nobody sees does no work: show_case and follow are called when the page is seen and something is new.
 * What a page wants of its window it asks for by action: "win.follow", "win.propose", "win.tell", ... (window.h lists them).
 * Thread rule: the main thread.
 */
#pragma once

#include "gui/job_list.h"
#include "gui/open_case.h"
#include "gui/session.h"

#include <adwaita.h>
#include <jansson.h>

#define ASSAY_TYPE_PAGE (assay_page_get_type ())
G_DECLARE_DERIVABLE_TYPE (AssayPage, assay_page, ASSAY, PAGE, AdwBin)

struct _AssayPageClass {
  AdwBinClass parent_class;
  void  (*show_case)   (AssayPage *self);       /* another case, or more in it */
  void  (*follow)      (AssayPage *self);       /* something else is selected */
  /* The command line that makes what is shown; NULL: there is none. Owns: the caller. */
  char *(*dup_command) (AssayPage *self);
  /* The object of the case that is shown, "scores/dose/cg/2580e113b2ed"; NULL: none. Owns: the caller. */
  char *(*dup_object)  (AssayPage *self);
  /* What is shown as a table {"columns": [...], "rows": [[...]]}, for export; NULL: there is none. New reference. */
  json_t *(*make_table) (AssayPage *self);
};

typedef struct {
  const char *name;             /* of the page in places and actions */
  const char *title, *icon;
  const char *purpose;          /* one sentence: the tooltip */
  GType (*get_type) (void);
  const char *const *results_of;        /* kinds of jobs whose results are seen here, NULL-terminated; NULL: none */
} AssayPageInfo;

#define ASSAY_PAGE_DEFINE(symbol)                       \
  extern const AssayPageInfo assay_page_info_##symbol;  \
  const AssayPageInfo assay_page_info_##symbol

/* All pages in the order of local.mk, NULL-terminated. */
const AssayPageInfo *const *assay_page_list (void);
/* NULL: no such page. */
const AssayPageInfo *assay_page_find        (const char *name);
/* Where the result of a kind of job is seen, or NULL. */
const AssayPageInfo *assay_page_find_result (const char *kind);

/* --- for the window --- */
void               assay_page_set_session  (AssayPage *self, AssaySession *session, AssayJobList *jobs);
/* cas NULL: none. */
void               assay_page_set_case     (AssayPage *self, AssayOpenCase *cas);
void               assay_page_place_changed (AssayPage *self);
void               assay_page_set_shown    (AssayPage *self, gboolean is_shown);
char              *assay_page_dup_command  (AssayPage *self);
/* Whether it ever shows one. */
gboolean           assay_page_has_objects  (AssayPage *self);
char              *assay_page_dup_object   (AssayPage *self);
json_t            *assay_page_make_table   (AssayPage *self);

/* --- for pages; all borrowed --- */
AssaySession      *assay_page_get_session  (AssayPage *self);
AssayJobList      *assay_page_get_jobs     (AssayPage *self);
AssayCaseReader   *assay_page_get_reader   (AssayPage *self);
AssayCaseExamples *assay_page_get_examples (AssayPage *self);
AssayCaseContents *assay_page_get_contents (AssayPage *self);    /* never NULL in show_case and follow */
/* A new one for each request of a kind: what was asked before under it is cancelled. Owns: *cancellable does. */
GCancellable      *assay_page_renew        (GCancellable **cancellable);
/* A toast. */
void               assay_page_tell         (AssayPage *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
