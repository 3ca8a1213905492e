/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recorder_private.h: the two sides of a recorder and what they share. Internal to this floor.
 *
 * Thread rule: each field says whose it is. "appending": the caller's thread; "storing": the store's thread; "both": the mutex.
 */
#pragma once

#include "store/recorder.h"
#include "store/row_tiles.h"

typedef struct {
  AssayRecorder *recorder;
  guint          a;             /* which array */
  gsize          n;             /* elements */
  gsize          done;          /* elements already taken; more than 0 only while it is parked */
  guint8         bytes[];
} AssayBlock;

typedef struct {
  AssayBlock   *begun;          /* appending */
  gint64        appended;       /* appending: rows */
  gint64        in_part;        /* appending: rows since the last part's end */
  AssayRowTiles tiles;          /* storing */
  GQueue        parked;         /* storing: blocks of the next part */
} AssayStream;

struct _AssayRecorder {
  AssayCase      *cas;
  char           *kind, *name, *label, *layout;
  json_t         *meta;
  guint           n_arrays;
  AssayStream    *streams;
  gsize           row_bytes;    /* of all arrays together */
  gint64          part_rows;    /* these three: fixed before the first row */
  gsize           block_bytes, max_blocks;
  gboolean        ended;        /* appending: finished or failed */

  GMutex          mutex;
  GCond           returned;     /* an empty block has come back */
  GQueue          empty;        /* both */
  gsize           n_blocks, n_parked;   /* both */
  GError         *error;        /* both: the first thing that went wrong while storing */
  gint64          committed;    /* both */

  guint64         object;       /* storing: 0 before the first part */
  gboolean        begun;        /* storing: the tiles have their memory */
  AssayShardFile *file;         /* storing: the part being built */
};

/* All run on the store's thread. */
void     assay_recorder_store_block (gpointer block);
/* Commits a part that is begun. */
gboolean assay_recorder_close_part  (gpointer recorder, GError **error);
/* The same, then the end of the object; makes an empty part when there were no rows at all. */
gboolean assay_recorder_close_object (gpointer recorder, GError **error);
gboolean assay_recorder_drop        (gpointer recorder, GError **error);

/* Gives an empty block back. Any thread. */
void     assay_recorder_return_block (AssayRecorder *self, AssayBlock *block);
