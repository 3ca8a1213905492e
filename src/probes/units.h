/* SPDX-License-Identifier: GPL-3.0-or-later */
/* units.h: what each unit of a recorded tap does: exact statistics over all recorded rows, its best examples at either end, examples drawn from
 * each quantile band, and which units do the same.
 *
 * A unit is one channel of a tap: a neuron of an MLP, a dimension of a head, a logit. Rows are examples, for models of tokens every position of
 * them. The recording is read in stripes of units by blocks of rows, each tile once or, where a stripe does not fit into memory, twice.
 * Everything is a function of the values and of which example and position they belong to: the same bits for any number of threads, parts of
 * the recording, order of the rows.
 * Shape letters: C units, R rows, k best rows. Ownership: the caller. Thread rule: one measurement at a time per reader.
 * Source: the manual's chapter on units (doc/units.md).
 */
#pragma once

#include "base/param.h"
#include "base/progress.h"
#include "base/workers.h"
#include "probes/unit_tally.h"
#include "store/reader.h"

#define ASSAY_UNITS_MEMORY ((gsize) 512 << 20)

/* top, bands, band-examples, draw-seed, similar. */
extern const AssayParam assay_units_params[];

typedef struct {
  AssayUnitStatistics s;
  AssayUnitRow *largest, *smallest;     /* (n_best) best first */
  AssayUnitRow *drawn;                  /* (n_bands, band_rows), a band's from its largest value down */
  guint n_drawn[ASSAY_UNIT_MOST_BANDS];
  gint64 twin;                          /* the lowest unit with exactly the same activations, or -1; dead and constant ones have none */
} AssayUnit;

/* Units whose activations point the same way or opposite ways: |cosine| at or above the bound. Twins have cosine 1. */
typedef struct { gint64 unit, other; double cosine; } AssayUnitPair;

typedef struct {
  char *tap;
  AssayStoreType type;                  /* as recorded */
  gint64 R, C;
  guint n_best, n_bands, band_rows;     /* no bands: a summary, without quantiles and different values */
  guint64 draw_seed;
  AssayUnit *unit;                      /* (C) */
  AssayUnitRow *rows;                   /* what the units' pointers point into */
  double similar;                       /* the bound; 0: not looked for */
  char *similar_missing;                /* why not, or NULL */
  GArray *pairs;                        /* AssayUnitPair, by unit, then other; unit < other */
} AssayUnits;

/* Never anything but 0 at any row; the same number other than 0 at every row. */
static inline gboolean
assay_unit_is_dead (const AssayUnit *unit)
{
  return unit->s.n > 0 && unit->s.nonzero == 0;
}

static inline gboolean
assay_unit_is_constant (const AssayUnit *unit)
{
  return unit->s.n > 0 && unit->s.nonzero > 0 && unit->s.least == unit->s.most;
}

/* The arrays "/activations/TAP" of a recording, in the order of their names, where digits count as numbers. Elements are names. */
GPtrArray  *assay_units_list_taps  (AssayReader *reader);
/* FALSE, naming the nearest, when the recording has no such tap. */
gboolean    assay_units_check_tap  (AssayReader *reader, const char *tap, GError **error);

/* options: of assay_units_params. memory: most bytes for values held at once, ASSAY_UNITS_MEMORY unless a test says otherwise.
 * Errors: NOT_FOUND (tap); NAN with example, position and unit of the first value that is not finite; DAMAGED, naming the part; SHAPE;
 * INTERRUPTED, TERMINATED. */
AssayUnits *assay_units_measure    (AssayReader *reader, const char *tap, const AssayValues *options, gsize memory, AssayWorkers *workers,
                                    AssayProgress *progress, GError **error);
void        assay_units_free       (AssayUnits *units);

/* Room for C units; for assay_units_measure and the store. Errors: memory. */
AssayUnits *assay_units_new        (const char *tap, gint64 R, gint64 C, guint n_best, guint n_bands, guint band_rows, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayUnits, assay_units_free)
