/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ranks with a device each, whose sums go from device to device: processes, by the host's stand-ins for devices and for NCCL. The factors have the bits of one
 * device; where not all can send, too, by what the ranks have besides; and where a call of one of them fails all end. */
#include "world.h"

#include "base/error.h"
#include "base/mem.h"
#include "hessian/factors.h"

#include <dlfcn.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_RANKS 3
#define LAUNCH_FAILURE 719
#define ENDED 7                 /* statuses of a rank that has an error: the others know it; they may be waiting, and have to be ended */
#define BROKEN 8
#define ALL_THERE "mlp with relu"
#define SOME_HERE "transformer, gpt2"

typedef struct {
  guint size;
  guint shares_card;            /* all of them open device 0 */
  guint without;                /* 1 + the rank without NCCL; 0: none */
  guint64 fails_at;             /* the last rank's k-th call from the fit on; 0: none */
} Trial;

/* --- ranks that are processes ----------------------------------------------------------------------------------------------- */

typedef struct {
  AssayCollective collective;
  int file[MOST_RANKS];         /* to and from each other one */
} SocketRank;

static gboolean
set_gone (GError **error)
{
  g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_IO, "another rank is gone");
  return FALSE;
}

static gboolean
send_socket (AssayCollective *self, guint to, gconstpointer data, gsize bytes, GError **error)
{
  for (gsize at = 0; at < bytes;)
    {
      const gssize done = send (((SocketRank *) self)->file[to], (const guint8 *) data + at, bytes - at, MSG_NOSIGNAL);

      if (done <= 0)
        return set_gone (error);
      at += (gsize) done;
    }
  return TRUE;
}

static gboolean
receive_socket (AssayCollective *self, guint from, gpointer data, gsize bytes, GError **error)
{
  for (gsize at = 0; at < bytes;)
    {
      const gssize done = read (((SocketRank *) self)->file[from], (guint8 *) data + at, bytes - at);

      if (done <= 0)
        return set_gone (error);
      at += (gsize) done;
    }
  return TRUE;
}

/* --- a rank ----------------------------------------------------------------------------------------------------------------- */

static gpointer
find_in_module (const char *name)
{
  gpointer module = dlopen (CUDA_MODULE, RTLD_NOW | RTLD_LOCAL), found = module ? dlsym (module, name) : NULL;

  g_assert_nonnull (found);
  return found;
}

/* The mean over three points, so that there are terms for all. */
static AssayFactors *
fit (World *w, const AssayFactorsSummer *summer, GError **error)
{
  const AssayFactorsOptions drawn = { .seed = 5 };
  AssayPoint points[3] = { w->point, w->point, w->point };
  g_autoptr (AssayBuffer) moved = assay_mem_alloc_array (2 * w->P, sizeof (double), NULL);
  AssayFactors *factors;

  for (guint k = 1; k < 3; k++)
    {
      double *theta = (double *) (gpointer) moved + (k - 1) * w->P;

      assay_point_read_theta (&w->point, ASSAY_F64, theta);
      for (gint64 p = 0; p < w->P; p++)
        theta[p] *= 1 + 0.3 * k;
      points[k].theta = theta;
    }
  return assay_factors_fit_share (points, 3, &drawn, summer, &factors, NULL, error) ? factors : NULL;
}

static void
check_same (const AssayFactors *a, const AssayFactors *b)
{
  for (guint m = 0; m < a->modules->n; m++)
    {
      const AssayModuleFactors *one = &a->of[m], *other = &b->of[m];
      const AssayFactorsSide *sides[][2] = { { &one->row, &other->row }, { &one->column, &other->column } };
      const gsize n = (gsize) (one->row.n * one->column.n) * sizeof (double);

      g_assert_cmpmem (one->lambda, n, other->lambda, n);
      g_assert_cmpfloat (one->positions, ==, other->positions);
      for (guint s = 0; s < 2; s++)
        if (sides[s][0]->moment != NULL)
          {
            const gsize bytes = (gsize) (sides[s][0]->is_dense ? sides[s][0]->n * sides[s][0]->n : sides[s][0]->n) * sizeof (double);

            g_assert_cmpmem (sides[s][0]->moment, bytes, sides[s][1]->moment, bytes);
          }
    }
}

static World *
open_world (const WorldCase *c, guint device)
{
  World *w = world_new (c, 1);
  GError *error = NULL;

  assay_backend_free (w->backend);
  w->backend = w->point.backend = assay_backend_cuda_new (CUDA_MODULE, device, 1, &error);
  g_assert_no_error (error);
  return w;
}

static int
run_rank (AssayCollective *self, const Trial *trial, const WorldCase *c)
{
  const AssayFactorsSummer summer = assay_factors_summer_of_ranks (self);
  void (*set_devices) (int n) = NULL;
  void (*fail_at) (guint64 k, int error) = NULL;
  g_autoptr (World) w = NULL;
  g_autoptr (AssayFactors) alone = NULL, together = NULL;
  GError *fault = NULL;
  gboolean all_have;

  if (trial->without == self->rank + 1)
    g_setenv ("ASSAY_EMULATED_NCCL", "none", TRUE);
  *(gpointer *) &set_devices = find_in_module ("emulation_set_devices");
  *(gpointer *) &fail_at = find_in_module ("emulation_fail_at");
  set_devices ((int) trial->size);
  w = open_world (c, trial->shares_card ? 0 : self->rank);
  if (trial->fails_at == 0)
    alone = fit (w, NULL, NULL);
  if (self->rank == self->size - 1)
    fail_at (trial->fails_at, LAUNCH_FAILURE);
  together = fit (w, &summer, &fault);
  all_have = assay_collective_agree (self, fault, NULL);
  if (!all_have)
    return self->is_broken ? BROKEN : ENDED;
  g_assert_nonnull (together);
  if (alone != NULL)
    check_same (alone, together);
  g_assert_cmpint (w->backend->has_joined, ==, !trial->shares_card && trial->without == 0);
  return 0;
}

/* The ranks' statuses. */
static void
run (const Trial *trial, const WorldCase *c, int *status)
{
  int pair[MOST_RANKS][MOST_RANKS];
  pid_t child[MOST_RANKS];

  for (guint a = 0; a < trial->size; a++)
    for (guint b = 0; b < a; b++)
      {
        int ends[2];

        g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, ends), ==, 0);
        pair[a][b] = ends[0];
        pair[b][a] = ends[1];
      }
  for (guint r = 0; r < trial->size; r++)
    if ((child[r] = fork ()) == 0)
      {
        SocketRank rank = { .collective = { .name = "sockets", .rank = r, .size = trial->size, .here = r, .send = send_socket, .receive = receive_socket } };

        alarm (60);                                               /* who waits for ever fails, too */
        for (guint a = 0; a < trial->size; a++)
          for (guint b = 0; b < trial->size; b++)
            if (a == r && b != r)
              rank.file[b] = pair[a][b];
            else if (a != b)
              close (pair[a][b]);
        _exit (run_rank (&rank.collective, trial, c));
      }
  for (guint a = 0; a < trial->size; a++)
    for (guint b = 0; b < trial->size; b++)
      if (a != b)
        close (pair[a][b]);
  for (guint n = 0; n < trial->size; n++)
    {
      int ended;
      const pid_t who = waitpid (-1, &ended, 0);
      const gboolean ends_all = WIFEXITED (ended) && WEXITSTATUS (ended) == BROKEN;

      g_assert_cmpint (who, >, 0);
      for (guint r = 0; r < trial->size; r++)
        if (child[r] == who)
          {
            status[r] = ended;
            child[r] = -1;
          }
        else if (ends_all && child[r] > 0)
          kill (child[r], SIGKILL);                               /* what MPI's end_all does */
    }
}

static void
check_whole (const char *name, const Trial *trial)
{
  const WorldCase *c = world_cases;
  int status[MOST_RANKS];

  while (strcmp (c->name, name) != 0)
    c++;
  run (trial, c, status);
  for (guint r = 0; r < trial->size; r++)
    if (status[r] != 0)
      g_error ("%s: rank %u ends with %x", name, r, (guint) status[r]);
}

/* Of modules that all stay there, and beside modules that are summed here. */
static void
test_same_bits (void)
{
  for (guint size = 2; size <= MOST_RANKS; size++)
    check_whole (ALL_THERE, &(Trial) { .size = size });
  check_whole (SOME_HERE, &(Trial) { .size = 2 });
}

static void
test_fall_back (void)
{
  check_whole (ALL_THERE, &(Trial) { .size = 2, .without = 2 });
  check_whole (ALL_THERE, &(Trial) { .size = 2, .shares_card = TRUE });
}

static gboolean
ended_with (int status, int expected)
{
  return WIFEXITED (status) && WEXITSTATUS (status) == expected;
}

/* A rank that has an error has told the others, or ends them: none of them has factors then, and none waits. */
static void
test_failing_calls (void)
{
  guint n_ended = 0, n_broken = 0;
  gboolean is_behind = FALSE;     /* the last call of the fit */

  for (guint64 k = 1; !is_behind; k += 1 + k / 32)
    {
      const Trial trial = { .size = 2, .fails_at = k };
      int status[MOST_RANKS];

      run (&trial, &world_cases[4], status);
      if (status[0] == 0 && status[1] == 0)
        is_behind = TRUE;
      else if (ended_with (status[0], ENDED) && ended_with (status[1], ENDED))
        n_ended++;
      else if (ended_with (status[0], BROKEN) || ended_with (status[1], BROKEN))
        n_broken++;
      else
        g_error ("call %" G_GUINT64_FORMAT ": the ranks end with %x and %x", k, (guint) status[0], (guint) status[1]);
    }
  g_assert_cmpuint (n_ended, >, 5);
  g_assert_cmpuint (n_broken, >, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ranks/factors have the bits of one device", test_same_bits);
  g_test_add_func ("/ranks/and where one has no NCCL, or two have one device", test_fall_back);
  g_test_add_func ("/ranks/a call that fails in one of them ends all", test_failing_calls);
  return g_test_run ();
}
