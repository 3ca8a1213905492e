/* SPDX-License-Identifier: GPL-3.0-or-later */
/* world.c: the module that is made by the MPI compiler and loaded where several ranks were started: the only file that includes mpi.h. */
#include "mpi/world.h"

#include <mpi.h>
#include <stdio.h>
#include <time.h>

#define SHORTEST_NAP 20000      /* ns */
#define LONGEST_NAP 1000000

static int
look (int status, const char *what, char *message, size_t room)
{
  char text[MPI_MAX_ERROR_STRING] = "";
  int length;

  if (status == MPI_SUCCESS)
    return 0;
  MPI_Error_string (status, text, &length);
  snprintf (message, room, "MPI: %s: %s", what, text);
  return -1;
}

/* Of the communicator of this machine's ranks. */
static int
find_here (int *here)
{
  MPI_Comm machine;
  int status = MPI_Comm_split_type (MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &machine);

  if (status == MPI_SUCCESS)
    {
      status = MPI_Comm_rank (machine, here);
      MPI_Comm_free (&machine);
    }
  return status;
}

static int
open_world (int *rank, int *size, int *here, char *message, size_t room)
{
  int provided, status = MPI_Init_thread (NULL, NULL, MPI_THREAD_FUNNELED, &provided);

  if (status == MPI_SUCCESS)
    status = MPI_Comm_set_errhandler (MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  if (status == MPI_SUCCESS)
    status = MPI_Comm_rank (MPI_COMM_WORLD, rank);
  if (status == MPI_SUCCESS)
    status = MPI_Comm_size (MPI_COMM_WORLD, size);
  if (status == MPI_SUCCESS)
    status = find_here (here);
  return look (status, "start", message, room);
}

/* MPI's own waiting takes a processor, which the rank that is waited for may need. */
static int
wait_asleep (MPI_Request *request)
{
  long nap = SHORTEST_NAP;
  int done = 0, status = MPI_Test (request, &done, MPI_STATUS_IGNORE);

  while (status == MPI_SUCCESS && !done)
    {
      nanosleep (&(struct timespec) { .tv_nsec = nap }, NULL);
      nap = nap * 2 < LONGEST_NAP ? nap * 2 : LONGEST_NAP;
      status = MPI_Test (request, &done, MPI_STATUS_IGNORE);
    }
  return status;
}

static int
send_bytes (int to, const void *data, size_t bytes, char *message, size_t room)
{
  MPI_Request request;
  int status = MPI_Isend (data, (int) bytes, MPI_BYTE, to, 0, MPI_COMM_WORLD, &request);

  return look (status == MPI_SUCCESS ? wait_asleep (&request) : status, "send", message, room);
}

static int
receive_bytes (int from, void *data, size_t bytes, char *message, size_t room)
{
  MPI_Request request;
  int status = MPI_Irecv (data, (int) bytes, MPI_BYTE, from, 0, MPI_COMM_WORLD, &request);

  return look (status == MPI_SUCCESS ? wait_asleep (&request) : status, "receive", message, room);
}

static void
close_world (void)
{
  MPI_Finalize ();
}

static void
end_all (int status)
{
  MPI_Abort (MPI_COMM_WORLD, status);
}

const AssayMpiTable *assay_mpi_get_table (void);

__attribute__ ((visibility ("default"))) const AssayMpiTable *
assay_mpi_get_table (void)
{
  static const AssayMpiTable table = { ASSAY_MPI_ABI, open_world, send_bytes, receive_bytes, close_world, end_all };

  return &table;
}
