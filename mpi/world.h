/* SPDX-License-Identifier: GPL-3.0-or-later */
/* world.h: what the program and its MPI module know of each other: a table of plain C functions. Nothing of MPI there, nothing of GLib here.
 *
 * A function that can fail gives 0, or -1 with a sentence in message (room bytes, ended by 0). Thread rule: the thread that opened the world.
 */
#pragma once

#include <stddef.h>

#define ASSAY_MPI_ABI 1
#define ASSAY_MPI_ENTRY "assay_mpi_get_table"

typedef struct {
  int abi;
  /* Joins the ranks that were started together. here: this one's number among those of its machine. */
  int  (*open)    (int *rank, int *size, int *here, char *message, size_t room);
  /* To and from one other rank, in the order of the calls; both wait asleep. bytes <= INT_MAX. */
  int  (*send)    (int to, const void *data, size_t bytes, char *message, size_t room);
  int  (*receive) (int from, void *data, size_t bytes, char *message, size_t room);
  /* Waits for all, and leaves. */
  void (*close)   (void);
  /* Ends all ranks at once, this one too. */
  void (*end_all) (int status);
} AssayMpiTable;

typedef const AssayMpiTable *(*AssayMpiEntry) (void);
