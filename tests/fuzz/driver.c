/* SPDX-License-Identifier: GPL-3.0-or-later */
/* driver.c: mutations, time, and what is left behind of an input that brought the program down. */
#include "fuzz.h"

#include "base/error.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define SECONDS 5
#define SLOWEST (2 * G_USEC_PER_SEC)    /* of one input, with the sanitizers and another process on the core */
#define MOST_BYTES ((gsize) 1 << 20)    /* of an input */
#define MOST_MEMORY (3L << 20)  /* KiB of the whole program, with the sanitizers' own */

int LLVMFuzzerTestOneInput (const guint8 *bytes, gsize n);
void __sanitizer_set_death_callback (void (*callback) (void)) __attribute__ ((weak));

static const guint8 *current;
static gsize current_length;

static void
leave_input (void)
{
  char name[64];
  int fd;

  g_snprintf (name, sizeof name, "%s.crash", fuzz_target.name);
  fd = open (name, O_CREAT | O_TRUNC | O_WRONLY, 0644);
  if (fd >= 0 && write (fd, current, current_length) == (ssize_t) current_length)
    close (fd);
}

static void
on_signal (int number)
{
  leave_input ();
  signal (number, SIG_DFL);
  raise (number);
}

static void
refuse (const char *what)
{
  leave_input ();
  printf ("not ok 1 - %s: %s; the input is in %s.crash\n", fuzz_target.name, what, fuzz_target.name);
  exit (1);
}

/* An error is one line of UTF-8 that can be shown. */
static void
check_error (GError *error)
{
  if (error == NULL)
    return;
  if (error->domain != ASSAY_ERROR || !g_utf8_validate (error->message, -1, NULL) || strpbrk (error->message, "\n\r\033") != NULL)
    refuse (error->message);
  g_error_free (error);
}

int
LLVMFuzzerTestOneInput (const guint8 *bytes, gsize n)
{
  GError *error = NULL;

  current = bytes;
  current_length = n;
  fuzz_target.run (bytes, n, &error);
  check_error (error);
  return 0;
}

/* --- mutations ---------------------------------------------------------------------------------------------------------------- */

/* 1 .. n, at most `most`. */
static gsize
draw_length (AssayRng *rng, gsize n, gsize most)
{
  const gsize length = 1 + assay_rng_below (rng, most);

  return MIN (length, n);
}

static void
put_in (GByteArray *input, gsize at, const void *bytes, gsize n)
{
  gsize tail = input->len - at;

  g_byte_array_set_size (input, (guint) (input->len + n));
  memmove (input->data + at + n, input->data + at, tail);
  memcpy (input->data + at, bytes, n);
}

/* Numbers on which sums and products go wrong. */
static void
put_number (GByteArray *input, gsize at, AssayRng *rng)
{
  static const guint64 numbers[] = { 0, 1, 2, 7, 8, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0xffff, 0x7fffffff, 0x80000000u, 0xffffffffu, 0x100000000u, G_MAXINT64, G_MAXUINT64,
                                     G_MAXUINT64 - 7, (guint64) 1 << 60, (guint64) 1 << 33 };
  const guint64 chosen = numbers[assay_rng_below (rng, G_N_ELEMENTS (numbers))], number = GUINT64_TO_LE (chosen);
  const gsize width = (gsize) 1 << assay_rng_below (rng, 4);

  memcpy (input->data + at, &number, MIN (input->len - at, width));
}

/* Decimal digits in the place of those at a byte, as texts have numbers. */
static void
put_digits (GByteArray *input, gsize at, AssayRng *rng)
{
  static const char *const digits[] = { "0", "1", "-1", "9223372036854775807", "18446744073709551616", "1e400", "00", "4294967295", "0.5" };
  const char *word = digits[assay_rng_below (rng, G_N_ELEMENTS (digits))];
  gsize end = at;

  while (end < input->len && g_ascii_isdigit (input->data[end]))
    end++;
  g_byte_array_remove_range (input, (guint) at, (guint) (end - at));
  put_in (input, at, word, strlen (word));
}

static void
graft (GByteArray *input, const GPtrArray *seeds, gsize at, AssayRng *rng)
{
  const GByteArray *other = seeds->pdata[assay_rng_below (rng, seeds->len)];
  gsize from = other->len > 0 ? assay_rng_below (rng, other->len) : 0, n = draw_length (rng, other->len - from, 64);

  if (n > 0)
    put_in (input, at, other->data + from, n);
}

static void
change (GByteArray *input, const GPtrArray *seeds, AssayRng *rng)
{
  gsize at = assay_rng_below (rng, input->len), n = draw_length (rng, input->len - at, 32);
  guint n_words = g_strv_length ((char **) fuzz_target.words);
  const char *word = n_words > 0 ? fuzz_target.words[assay_rng_below (rng, n_words)] : "";

  switch (assay_rng_below (rng, 9))
    {
    case 0:
      input->data[at] ^= (guint8) (1 << assay_rng_below (rng, 8));
      break;
    case 1:
      g_byte_array_remove_range (input, (guint) at, (guint) n);
      break;
    case 2:
      g_byte_array_set_size (input, (guint) at);
      break;
    case 3:
      put_number (input, at, rng);
      break;
    case 4:
      put_digits (input, at, rng);
      break;
    case 5:
      put_in (input, at, word, strlen (word));
      break;
    case 6:
      {
        g_autofree guint8 *again = g_memdup2 (input->data + at, n);

        put_in (input, at, again, n);
        break;
      }
    case 7:
      graft (input, seeds, at, rng);
      break;
    default:
      input->data[at] = (guint8) assay_rng_below (rng, 256);
    }
}

static GByteArray *
mutate (const GPtrArray *seeds, AssayRng *rng)
{
  const GByteArray *seed = seeds->pdata[assay_rng_below (rng, seeds->len)];
  GByteArray *input = g_byte_array_new ();

  g_byte_array_append (input, seed->data, seed->len);
  for (guint64 k = 1 + assay_rng_below (rng, 6); k > 0 && input->len > 0 && input->len < MOST_BYTES; k--)
    change (input, seeds, rng);
  if (fuzz_target.mend != NULL && assay_rng_below (rng, 4) != 0)
    fuzz_target.mend (input, rng);
  return input;
}

/* --- running ------------------------------------------------------------------------------------------------------------------ */

void
fuzz_add_text (GPtrArray *seeds, const char *text)
{
  GByteArray *seed = g_byte_array_new ();

  g_byte_array_append (seed, (const guint8 *) text, (guint) strlen (text));
  g_ptr_array_add (seeds, seed);
}

static void
run_timed (const guint8 *bytes, gsize n)
{
  gint64 began = g_get_monotonic_time ();

  LLVMFuzzerTestOneInput (bytes, n);
  if (g_get_monotonic_time () - began > SLOWEST)
    refuse ("an input took longer than two seconds");
}

static void
run_files (int n, char **paths)
{
  for (int k = 0; k < n; k++)
    {
      g_autofree char *bytes = NULL;
      gsize length;

      if (g_file_get_contents (paths[k], &bytes, &length, NULL))
        run_timed ((const guint8 *) bytes, length);
    }
}

static guint64
run_for (gint64 seconds, guint64 seed, const GPtrArray *seeds)
{
  const gint64 end = g_get_monotonic_time () + seconds * G_USEC_PER_SEC;
  AssayRng rng = assay_rng_new (seed, 0);
  guint64 n = 0;

  for (guint k = 0; k < seeds->len; k++)
    run_timed (((const GByteArray *) seeds->pdata[k])->data, ((const GByteArray *) seeds->pdata[k])->len);
  for (; g_get_monotonic_time () < end; n++)
    {
      GByteArray *input = mutate (seeds, &rng);

      run_timed (input->data, input->len);
      g_byte_array_unref (input);
    }
  return n;
}

#ifndef ASSAY_LIBFUZZER
int
main (int argc, char **argv)
{
  const char *seconds = g_getenv ("ASSAY_FUZZ_SECONDS"), *given = g_getenv ("ASSAY_FUZZ_SEED");
  guint64 seed = given ? g_ascii_strtoull (given, NULL, 10) : (guint64) g_get_real_time (), n;
  g_autoptr (GPtrArray) seeds = g_ptr_array_new_with_free_func ((GDestroyNotify) g_byte_array_unref);
  struct rusage usage;

  printf ("1..1\n# seed %" G_GUINT64_FORMAT "\n", seed);
  fflush (stdout);
  if (__sanitizer_set_death_callback != NULL)
    __sanitizer_set_death_callback (leave_input);
  else
    {
      signal (SIGSEGV, on_signal);
      signal (SIGBUS, on_signal);
    }
  signal (SIGABRT, on_signal);
  run_files (argc - 1, argv + 1);
  fuzz_target.add_seeds (seeds);
  n = argc > 1 ? 0 : run_for (seconds ? g_ascii_strtoll (seconds, NULL, 10) : SECONDS, seed, seeds);
  getrusage (RUSAGE_SELF, &usage);
  if (usage.ru_maxrss > MOST_MEMORY)
    refuse ("more memory was taken than these inputs can be worth");
  printf ("ok 1 - %s: %" G_GUINT64_FORMAT " damaged inputs were read or refused, with %ld MiB at most\n", fuzz_target.name, n, usage.ru_maxrss >> 10);
  return 0;
}
#endif
