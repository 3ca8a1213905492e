/* SPDX-License-Identifier: GPL-3.0-or-later */
/* module_channels.c: which channels a part has, and where their parameters are. */
#include "hessian/module_channels.h"

#define BLOCK 256               /* rows of a part's block, but that it has one channel at least */

static gint64
get_most (gint64 each)
{
  return MAX (1, BLOCK / each);
}

guint
assay_module_channels_count (gint64 C, gint64 each)
{
  gint64 most = get_most (each);

  return (guint) ((C + most - 1) / most);
}

AssayModuleChannels
assay_module_channels_get (gint64 C, gint64 each, guint part)
{
  gint64 most = get_most (each), first = part * most;

  return (AssayModuleChannels) { first, MIN (most, C - first) };
}

gboolean
assay_module_channels_describe (AssayGraph *graph, const AssayGraphNode *node, gint64 C, guint n_inputs, const guint *input, const gint64 *each,
                                AssayModuleUse *use)
{
  gint64 all = 0;
  guint n_params = 0;
  AssayModuleChannels channels;

  for (guint i = 0; i < node->n_in; i++)
    n_params += assay_graph_get_value (graph, node->in[i])->role == ASSAY_VALUE_PARAM;
  for (guint k = 0; k < n_inputs; k++)
    {
      if (assay_graph_get_value (graph, node->in[input[k]])->role != ASSAY_VALUE_PARAM)
        return FALSE;
      all += each[k];
    }
  channels = assay_module_channels_get (C, all, use->part);
  use->rows = 0;
  use->columns = use->positions = 1;
  use->column_is_one = TRUE;
  for (guint k = 0; k < n_inputs; k++)
    {
      use->pieces[k] = assay_module_piece (graph, node, input[k], use->rows, channels.n * each[k], 0, 1);
      use->pieces[k].offset += channels.first * each[k];
      use->rows += channels.n * each[k];
    }
  use->n_pieces = n_inputs;
  return n_params == n_inputs;
}
