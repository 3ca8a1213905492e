/* SPDX-License-Identifier: GPL-3.0-or-later */
/* inflate.c: the decoders of zlib and libzstd behind one loop that grows the output within its limit. */
#include "dataset/inflate.h"

#include "base/error.h"
#include "base/mem.h"

#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define STRETCH ((guint64) 1 << 30)             /* most bytes that a decoder is given, or asked for, at once */
#define FIRST_ROOM ((guint64) 4096)

typedef enum { STATE_GOES_ON, STATE_STREAM_ENDS, STATE_FAILED } State;

typedef struct {
  const char *name;
  const guint8 *in;
  guint64 in_size, used;
  guint8 *out;
  guint64 size, room, limit, most;      /* room leaves one byte for the closing 0 */
} Inflation;

typedef struct {
  const char *name;
  guint8 magic[4];
  gsize n_magic;
  guint64 smallest;             /* bytes of the shortest file */
  gboolean skips;               /* streams may have notes between and behind them */
  guint64 (*guess) (const Inflation *i);                        /* a hint at the content's size; 0: none */
  gpointer (*open) (void);
  void (*close) (gpointer decoder);
  /* Moves used and size as far as a call goes. *what: a message of the library's, for STATE_FAILED. */
  State (*step) (gpointer decoder, Inflation *i, const char **what);
} Codec;

/* --- gzip ----------------------------------------------------------------------------------------------------------------- */

/* The last four bytes give the size modulo 2^32. */
static guint64
guess_gzip (const Inflation *i)
{
  guint32 size;

  memcpy (&size, i->in + i->in_size - 4, 4);
  return GUINT32_FROM_LE (size);
}

static gpointer
open_gzip (void)
{
  z_stream *z = g_new0 (z_stream, 1);

  if (inflateInit2 (z, 15 + 16) == Z_OK)                          /* 16: gzip wrapping */
    return z;
  g_free (z);
  return NULL;
}

static void
close_gzip (gpointer decoder)
{
  inflateEnd (decoder);
  g_free (decoder);
}

static State
step_gzip (gpointer decoder, Inflation *i, const char **what)
{
  z_stream *z = decoder;
  guint64 space = MIN (i->room - i->size, STRETCH);
  int status;

  z->next_in = (Bytef *) i->in + i->used;
  z->avail_in = (uInt) MIN (i->in_size - i->used, STRETCH);
  z->next_out = i->out + i->size;
  z->avail_out = (uInt) space;
  status = inflate (z, Z_NO_FLUSH);
  i->size += space - z->avail_out;
  i->used = (guint64) (z->next_in - i->in);
  if (status == Z_STREAM_END)
    {
      inflateReset (z);                                           /* maybe one more member */
      return STATE_STREAM_ENDS;
    }
  if (status == Z_OK || status == Z_BUF_ERROR)
    return STATE_GOES_ON;
  *what = status == Z_MEM_ERROR ? NULL : z->msg ? z->msg : "bad stream";
  return STATE_FAILED;
}

/* --- zstd ----------------------------------------------------------------------------------------------------------------- */

static guint64
guess_zstd (const Inflation *i)
{
  unsigned long long size = ZSTD_getFrameContentSize (i->in, i->in_size);

  return size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR ? 0 : size;
}

static gpointer
open_zstd (void)
{
  return ZSTD_createDStream ();
}

static void
close_zstd (gpointer decoder)
{
  ZSTD_freeDStream (decoder);
}

static State
step_zstd (gpointer decoder, Inflation *i, const char **what)
{
  ZSTD_inBuffer in = { i->in + i->used, MIN (i->in_size - i->used, STRETCH), 0 };
  ZSTD_outBuffer out = { i->out + i->size, MIN (i->room - i->size, STRETCH), 0 };
  size_t status = ZSTD_decompressStream (decoder, &out, &in);

  i->used += in.pos;
  i->size += out.pos;
  if (ZSTD_isError (status))
    {
      *what = ZSTD_getErrorName (status);
      return STATE_FAILED;
    }
  return status == 0 ? STATE_STREAM_ENDS : STATE_GOES_ON;
}

static const Codec codecs[] = {
  { "gzip", { 0x1f, 0x8b }, 2, 18, FALSE, guess_gzip, open_gzip, close_gzip, step_gzip },
  { "zstd", { 0x28, 0xb5, 0x2f, 0xfd }, 4, 9, TRUE, guess_zstd, open_zstd, close_zstd, step_zstd },
};

/* --- both ----------------------------------------------------------------------------------------------------------------- */

static const Codec *
find_codec (const guint8 *bytes, guint64 size)
{
  for (gsize k = 0; k < G_N_ELEMENTS (codecs); k++)
    if (size >= codecs[k].n_magic && memcmp (bytes, codecs[k].magic, codecs[k].n_magic) == 0)
      return &codecs[k];
  return NULL;
}

const char *
assay_inflate_recognise (const guint8 *bytes, guint64 size)
{
  const Codec *codec = find_codec (bytes, size);

  return codec ? codec->name : NULL;
}

static gboolean
grow (Inflation *i, const Codec *codec, GError **error)
{
  guint64 room = MIN (i->room * 2, i->limit);
  guint8 *out;

  if (room == i->room)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: %" G_GUINT64_FORMAT " bytes of %s unpack to more than %" G_GUINT64_FORMAT
                   ", %" G_GUINT64_FORMAT " times as many; give a larger --max-expansion where the file is trusted", i->name, i->in_size, codec->name, i->limit, i->most);
      return FALSE;
    }
  out = assay_mem_alloc (room + 1, error);
  if (out == NULL)
    {
      g_prefix_error (error, "%s: ", i->name);
      return FALSE;
    }
  memcpy (out, i->out, i->size);
  assay_mem_free (i->out);
  i->out = out;
  i->room = room;
  return TRUE;
}

static gboolean
say_failure (const Inflation *i, const Codec *codec, const char *what, GError **error)
{
  if (what == NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY, "%s: no memory to unpack %s", i->name, codec->name);
  else
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: damaged %s near byte %" G_GUINT64_FORMAT ": %s; get the file again", i->name, codec->name, i->used, what);
  return FALSE;
}

/* zstd: a frame that holds notes of whoever wrote it, an index for one. */
static gboolean
is_skippable (const guint8 *bytes, guint64 size)
{
  static const guint8 end[] = { 0x2a, 0x4d, 0x18 };

  return size >= 4 && (bytes[0] & 0xf0) == 0x50 && memcmp (bytes + 1, end, sizeof end) == 0;
}

/* Behind the end of a stream: nothing, or another one. */
static gboolean
check_next (const Inflation *i, const Codec *codec, GError **error)
{
  const guint8 *next = i->in + i->used;
  guint64 left = i->in_size - i->used;

  if (left == 0 || find_codec (next, left) == codec || (codec->skips && is_skippable (next, left)))
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: %" G_GUINT64_FORMAT " bytes after the end of the %s data, at byte %" G_GUINT64_FORMAT, i->name,
               left, codec->name, i->used);
  return FALSE;
}

static gboolean
inflate_streams (Inflation *i, const Codec *codec, gpointer decoder, GError **error)
{
  for (;;)
    {
      const char *what = NULL;
      State state;

      if (i->size == i->room && !grow (i, codec, error))
        return FALSE;
      state = codec->step (decoder, i, &what);
      if (state == STATE_FAILED)
        return say_failure (i, codec, what, error);
      if (state == STATE_STREAM_ENDS && (!check_next (i, codec, error) || i->used == i->in_size))
        return i->used == i->in_size;
      if (state == STATE_GOES_ON && i->used == i->in_size && i->size < i->room)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: truncated %s: the data end at byte %" G_GUINT64_FORMAT " before the stream does; get the file again",
                       i->name, codec->name, i->used);
          return FALSE;
        }
    }
}

static gboolean
inflate_all (Inflation *i, const Codec *codec, GError **error)
{
  gpointer decoder = codec->open ();
  gboolean ok = decoder != NULL ? inflate_streams (i, codec, decoder, error) : say_failure (i, codec, NULL, error);

  if (decoder != NULL)
    codec->close (decoder);
  if (ok && i->size == 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: the %s file holds nothing", i->name, codec->name);
      return FALSE;
    }
  return ok;
}

guint8 *
assay_inflate (const guint8 *bytes, guint64 size, guint64 most, const char *name, guint64 *out_size, GError **error)
{
  const Codec *codec = find_codec (bytes, size);
  Inflation i = { .name = name, .in = bytes, .in_size = size, .most = most, .limit = MAX (ASSAY_INFLATE_FREE, most > G_MAXINT64 / size ? G_MAXINT64 : size * most) };

  g_return_val_if_fail (codec != NULL, NULL);
  if (size < codec->smallest)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: truncated %s: at least %" G_GUINT64_FORMAT " bytes expected, %" G_GUINT64_FORMAT " found", name,
                   codec->name, codec->smallest, size);
      return NULL;
    }
  i.room = CLAMP (codec->guess (&i), FIRST_ROOM, i.limit);
  i.out = assay_mem_alloc (i.room + 1, error);
  if (i.out == NULL || !inflate_all (&i, codec, error))
    {
      if (i.out == NULL)
        g_prefix_error (error, "%s: ", name);
      assay_mem_free (i.out);
      return NULL;
    }
  i.out[i.size] = 0;
  *out_size = i.size;
  return i.out;
}
