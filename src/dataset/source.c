/* SPDX-License-Identifier: GPL-3.0-or-later */
/* source.c: open, inflate and check one input file. */
#include "dataset/source.h"

#include "base/error.h"
#include "base/mem.h"
#include "dataset/inflate.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Appends text with what a terminal might obey written out. */
static void
append_visible (GString *out, const char *text, gsize length)
{
  const char *end = text + length;

  while (text < end)
    {
      gunichar c = g_utf8_get_char_validated (text, end - text);

      if (c == (gunichar) -1 || c == (gunichar) -2 || c == 0)
        {
          g_string_append_printf (out, "\\x%02x", (guchar) *text++);
          continue;
        }
      if (g_unichar_iscntrl (c) || g_unichar_type (c) == G_UNICODE_FORMAT)
        g_string_append_printf (out, "\\x%02x", c);
      else
        g_string_append_unichar (out, c);
      text = g_utf8_next_char (text);
    }
}

char *
assay_source_visible (const char *text)
{
  GString *out = g_string_new (NULL);

  append_visible (out, text, strlen (text));
  return g_string_free (out, FALSE);
}

char *
assay_source_excerpt (const char *text, gsize length)
{
  GString *out = g_string_new ("\"");
  gsize shown = MIN (length, 40);

  while (shown < length && shown > 36 && ((guchar) text[shown] & 0xc0) == 0x80)
    shown--;                                                      /* not in the middle of a character */
  append_visible (out, text, shown);
  g_string_append (out, shown < length ? "...\"" : "\"");
  return g_string_free (out, FALSE);
}

static char *
display_name (const char *path)
{
  g_autofree char *base = g_path_get_basename (path);

  return assay_source_visible (base);
}

static guint8 *
read_all (int fd, const char *name, guint64 size, GError **error)
{
  g_autoptr (AssayBuffer) bytes = NULL;
  guint64 done = 0;

  bytes = assay_mem_alloc (size + 1, error);
  if (bytes == NULL)
    {
      g_prefix_error (error, "%s: ", name);
      return NULL;
    }
  while (done <= size)                                            /* one byte more than size is asked for: has it grown? */
    {
      gssize n = read (fd, (guint8 *) bytes + done, MIN (size + 1 - done, 1u << 30));

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          assay_error_set_errno (error, errno, "%s: reading stopped at byte %" G_GUINT64_FORMAT, name, done);
          return NULL;
        }
      if (n == 0)
        break;
      done += n;
    }
  if (done != size)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_IO, "%s: the file changed while it was read (%" G_GUINT64_FORMAT " bytes expected); "
                   "read it again when nobody writes to it", name, size);
      return NULL;
    }
  ((guint8 *) bytes)[size] = 0;
  return g_steal_pointer (&bytes);
}

static guint8 *
open_and_read (AssaySource *source, GError **error)
{
  struct stat st;
  int fd = open (source->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);   /* a pipe without a writer must not block */
  guint8 *bytes = NULL;

  if (fd < 0)
    {
      assay_error_set_errno (error, errno, "%s: cannot be opened", source->name);
      return NULL;
    }
  if (fstat (fd, &st) < 0)
    assay_error_set_errno (error, errno, "%s: cannot be examined", source->name);
  else if (!S_ISREG (st.st_mode))
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: a regular file expected, found a %s", source->name,
                 S_ISDIR (st.st_mode) ? "directory" : "device, pipe or socket");
  else if (st.st_size == 0)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: the file is empty", source->name);
  else
    {
      source->file_size = st.st_size;
      bytes = read_all (fd, source->name, st.st_size, error);
    }
  close (fd);
  return bytes;
}

/* Puts what is in compressed bytes in their place. */
static gboolean
inflate_source (AssaySource *source, guint64 max_expansion, GError **error)
{
  guint64 size;
  guint8 *bytes = assay_inflate (source->bytes, source->file_size, max_expansion, source->name, &size, error);

  if (bytes == NULL)
    return FALSE;
  assay_mem_free (source->bytes);
  source->bytes = bytes;
  source->size = size;
  return TRUE;
}

AssaySource *
assay_source_open (const char *path, guint64 max_expansion, GError **error)
{
  g_autoptr (AssaySource) source = g_new0 (AssaySource, 1);
  g_autoptr (GChecksum) digest = NULL;

  source->path = g_strdup (path);
  source->name = display_name (path);
  source->bytes = open_and_read (source, error);
  if (source->bytes == NULL)
    return NULL;
  source->size = source->file_size;
  digest = g_checksum_new (G_CHECKSUM_SHA256);
  for (guint64 done = 0; done < source->file_size; done += 1u << 30)
    g_checksum_update (digest, source->bytes + done, MIN (source->file_size - done, 1u << 30));
  g_strlcpy (source->sha256, g_checksum_get_string (digest), sizeof source->sha256);
  if (assay_inflate_recognise (source->bytes, source->size) != NULL && !inflate_source (source, max_expansion, error))
    return NULL;
  return g_steal_pointer (&source);
}

void
assay_source_free (AssaySource *source)
{
  if (source == NULL)
    return;
  g_free (source->path);
  g_free (source->name);
  assay_mem_free (source->bytes);
  g_free (source);
}

gboolean
assay_source_check_text (const AssaySource *source, GError **error)
{
  const char *text = (const char *) source->bytes, *fault;
  guint64 line = 1;

  if (g_utf8_validate_len (text, source->size, &fault))           /* stops at NUL too */
    return TRUE;
  for (const char *p = text; p < fault; p++)
    line += *p == '\n';
  if (*fault == 0)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s line %" G_GUINT64_FORMAT ": a NUL byte at byte offset %" G_GSIZE_FORMAT
                 "; text expected", source->name, line, (gsize) (fault - text));
  else
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s line %" G_GUINT64_FORMAT ": not UTF-8 at byte offset %" G_GSIZE_FORMAT
                 " (byte 0x%02x); convert the file to UTF-8", source->name, line, (gsize) (fault - text), (guchar) *fault);
  return FALSE;
}

gboolean
assay_source_has_extension (const AssaySource *source, const char *extension)
{
  static const char *const packed[] = { ".gz", ".zst", ".zstd" };
  g_autofree char *name = g_ascii_strdown (source->name, -1), *dotted = g_strdup_printf (".%s", extension);

  for (gsize k = 0; k < G_N_ELEMENTS (packed); k++)
    if (g_str_has_suffix (name, packed[k]))
      {
        name[strlen (name) - strlen (packed[k])] = '\0';
        break;
      }
  return g_str_has_suffix (name, dotted);
}
