/* SPDX-License-Identifier: GPL-3.0-or-later */
/* units.c: options, taps of a recording, and the arrays that a measurement fills. */
#include "probes/units.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/num.h"

#include <string.h>

#define PREFIX "/activations/"

const AssayParam assay_units_params[] = {
  { .name = "top", .type = ASSAY_PARAM_INT, .def.i = 20, .min = 0, .max = 1e6, .unit = "examples",
    .help = "how many are kept of each unit's largest activations, and of its smallest" },
  { .name = "bands", .type = ASSAY_PARAM_INT, .def.i = 5, .min = 1, .max = ASSAY_UNIT_MOST_BANDS, .unit = "bands",
    .help = "equal shares that a unit's activations other than 0 are cut into by size" },
  { .name = "band-examples", .type = ASSAY_PARAM_INT, .def.i = 4, .min = 0, .max = 1000, .unit = "examples", .help = "drawn at random from each band" },
  { .name = "draw-seed", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 9e15, .help = "of those draws" },
  { .name = "similar", .type = ASSAY_PARAM_DOUBLE, .def.d = 0.99, .min = 0, .max = 1,
    .help = "pairs of units whose activations have at least this cosine, or at most its negative, are named; 0: none" },
  { .name = NULL }
};

/* "h.10" comes behind "h.2": runs of digits count as numbers. */
static int
compare_names (gconstpointer a, gconstpointer b)
{
  const char *x = *(const char *const *) a, *y = *(const char *const *) b;

  while (*x != '\0' && *y != '\0')
    {
      gsize of_x = strspn (x, "0123456789"), of_y = strspn (y, "0123456789");

      if (of_x > 0 && of_y > 0)
        {
          gsize zeros_x = MIN (strspn (x, "0"), of_x - 1), zeros_y = MIN (strspn (y, "0"), of_y - 1);
          int order;

          if (of_x - zeros_x != of_y - zeros_y)
            return of_x - zeros_x < of_y - zeros_y ? -1 : 1;
          order = strncmp (x + zeros_x, y + zeros_y, of_x - zeros_x);
          if (order != 0)
            return order;
          x += of_x;
          y += of_y;
        }
      else if (*x != *y)
        return (guchar) *x < (guchar) *y ? -1 : 1;
      else
        {
          x++;
          y++;
        }
    }
  return *x != '\0' ? 1 : *y != '\0' ? -1 : strcmp (*(const char *const *) a, *(const char *const *) b);
}

GPtrArray *
assay_units_list_taps (AssayReader *reader)
{
  GPtrArray *taps = g_ptr_array_new_with_free_func (g_free);

  for (const char *const *path = assay_reader_list (reader); *path != NULL; path++)
    {
      AssayArrayInfo info;

      if (g_str_has_prefix (*path, PREFIX) && assay_reader_describe (reader, *path, &info, NULL) && info.rank == 2)     /* its axes have rank 1 */
        g_ptr_array_add (taps, g_strdup (*path + strlen (PREFIX)));
    }
  g_ptr_array_sort (taps, compare_names);
  return taps;
}

gboolean
assay_units_check_tap (AssayReader *reader, const char *tap, GError **error)
{
  g_autoptr (GPtrArray) taps = assay_units_list_taps (reader);
  g_autofree char *all = NULL;
  const char *nearest;

  if (g_ptr_array_find_with_equal_func (taps, tap, g_str_equal, NULL))
    return TRUE;
  g_ptr_array_add (taps, NULL);
  nearest = assay_param_nearest (tap, (const char *const *) taps->pdata);
  all = g_strjoinv (", ", (char **) taps->pdata);
  if (nearest != NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "recording %s: no tap %s; did you mean %s? It has: %s",
                 assay_reader_get_object (reader)->name, tap, nearest, all);
  else
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "recording %s: no tap %s; it has: %s", assay_reader_get_object (reader)->name, tap, all);
  return FALSE;
}

AssayUnits *
assay_units_new (const char *tap, gint64 R, gint64 C, guint n_best, guint n_bands, guint band_rows, GError **error)
{
  g_autoptr (AssayUnits) units = g_new0 (AssayUnits, 1);
  gsize of_unit = 2 * (gsize) n_best + (gsize) n_bands * band_rows;
  guint64 n;

  units->tap = g_strdup (tap);
  units->R = R;
  units->C = C;
  units->n_best = n_best;
  units->n_bands = n_bands;
  units->band_rows = band_rows;
  units->pairs = g_array_new (FALSE, FALSE, sizeof (AssayUnitPair));
  if (!assay_size_mul ((guint64) C, MAX (of_unit, 1), &n))
    n = G_MAXUINT64 / sizeof (AssayUnitRow);                      /* refused by its size */
  units->unit = assay_mem_new (AssayUnit, C, error);
  units->rows = units->unit ? assay_mem_new (AssayUnitRow, n, error) : NULL;
  if (units->rows == NULL)
    return NULL;
  for (gint64 u = 0; u < C; u++)
    {
      units->unit[u].largest = units->rows + (gsize) u * of_unit;
      units->unit[u].smallest = units->unit[u].largest + n_best;
      units->unit[u].drawn = units->unit[u].smallest + n_best;
      units->unit[u].twin = -1;
    }
  return g_steal_pointer (&units);
}

void
assay_units_free (AssayUnits *units)
{
  if (units == NULL)
    return;
  assay_mem_free (units->unit);
  assay_mem_free (units->rows);
  g_array_unref (units->pairs);
  g_free (units->similar_missing);
  g_free (units->tap);
  g_free (units);
}
