/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hdf5_door.c: the library's start, its errors, its files and its types. Attributes are in hdf5_attributes.c. */
#include "store/hdf5_door.h"

#include <string.h>
#include <sys/mman.h>

#include "base/error.h"
#include "base/num.h"

#define IMAGE_STEP (1u << 20)                   /* the core driver grows by this */
#define SPARE_BYTES_KEPT (160u << 20)           /* a buffer above this is not kept for the next image */
#define ALIGN_FROM 65536                        /* objects from here on start on a page */
#define PAGE 4096

void
assay_hid_close (AssayHid id)
{
  if (id >= 0)
    H5Idec_ref (id);
}

void
assay_hdf5_open_library (void)
{
  H5PLset_loading_state (0);
  H5dont_atexit ();
  H5open ();
  H5Eset_auto2 (H5E_DEFAULT, NULL, NULL);
}

static herr_t
keep_innermost (unsigned depth, const H5E_error2_t *entry, void *data)
{
  const char **cause = data;

  (void) depth;
  if (entry->desc != NULL && *entry->desc != '\0')
    *cause = entry->desc;
  return *cause != NULL;                /* the upward walk begins where the fault was met; one entry is enough */
}

gboolean
assay_hdf5_fail (GError **error, const char *file, const char *what)
{
  const char *cause = NULL;

  H5Ewalk2 (H5E_DEFAULT, H5E_WALK_UPWARD, keep_innermost, &cause);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_IO, "%s: HDF5 cannot %s: %s", file, what,
               cause != NULL ? cause : "no cause given");
  H5Eclear2 (H5E_DEFAULT);
  return FALSE;
}

/* --- a file in memory ------------------------------------------------------------------------------------------------ */

/* The memory of the last image: fresh memory costs more to touch than the whole building of a shard in warm memory. Whole pages, so
 * that they can be written past the page cache. */
static struct { guint8 *bytes; gsize capacity; } spare;

static void *
image_realloc (void *bytes, size_t size, H5FD_file_image_op_t op, void *data)
{
  AssayFileImage *image = data;

  (void) bytes;
  (void) op;
  if (image->bytes == NULL && spare.bytes != NULL)
    {
      image->bytes = g_steal_pointer (&spare.bytes);
      image->capacity = spare.capacity;
      spare.capacity = 0;
    }
  if (size > image->capacity)
    {
      gsize capacity = MAX (size, image->capacity + image->capacity / 2), rounded = (capacity + PAGE - 1) / PAGE * PAGE;
      void *grown = image->bytes == NULL ? mmap (NULL, rounded, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                                         : mremap (image->bytes, image->capacity, rounded, MREMAP_MAYMOVE);

      if (grown == MAP_FAILED)
        {
          image->starved = TRUE;
          return NULL;
        }
      image->bytes = grown;
      image->capacity = rounded;
    }
  return image->bytes;
}

static void *
image_malloc (size_t size, H5FD_file_image_op_t op, void *data)
{
  return image_realloc (NULL, size, op, data);
}

static void *
image_memcpy (void *to, const void *from, size_t size, H5FD_file_image_op_t op, void *data)
{
  (void) op;
  (void) data;
  return memcpy (to, from, size);
}

/* The library is done with the buffer; it stays in the image. */
static herr_t
image_free (void *bytes, H5FD_file_image_op_t op, void *data)
{
  (void) bytes;
  (void) op;
  (void) data;
  return 0;
}

static void *
image_share (void *data)
{
  return data;
}

static herr_t
image_unshare (void *data)
{
  (void) data;
  return 0;
}

static gboolean
set_profile (hid_t fapl)
{
  return H5Pset_libver_bounds (fapl, H5F_LIBVER_EARLIEST, H5F_LIBVER_V110) >= 0
         && H5Pset_fclose_degree (fapl, H5F_CLOSE_STRONG) >= 0 && H5Pset_alignment (fapl, ALIGN_FROM, PAGE) >= 0;
}

hid_t
assay_hdf5_create_image (AssayFileImage *image, GError **error)
{
  H5FD_file_image_callbacks_t callbacks = { image_malloc, image_memcpy, image_realloc, image_free,
                                            image_share,  image_unshare, image };
  g_auto (AssayHid) fapl = H5Pcreate (H5P_FILE_ACCESS);
  g_auto (AssayHid) fcpl = H5Pcreate (H5P_FILE_CREATE);
  static guint64 counter;
  char name[32];                /* the library takes two open files of one name for the same */
  hid_t file;

  if (!set_profile (fapl) || H5Pset_fapl_core (fapl, IMAGE_STEP, 0) < 0
      || H5Pset_file_image_callbacks (fapl, &callbacks) < 0 || H5Pset_obj_track_times (fcpl, 0) < 0)
    {
      assay_hdf5_fail (error, "shard", "take its settings");
      return -1;
    }
  g_snprintf (name, sizeof name, "shard-%" G_GUINT64_FORMAT, counter++);
  file = H5Fcreate (name, H5F_ACC_TRUNC, fcpl, fapl);
  if (file < 0)
    assay_hdf5_fail (error, "shard", "begin a file in memory");
  return file;
}

/* A version 0 superblock holds the end of the file at byte 40. */
gsize
assay_file_image_size (const AssayFileImage *image)
{
  guint64 end;

  memcpy (&end, image->bytes + 40, 8);
  return (gsize) GUINT64_FROM_LE (end);
}

void
assay_file_image_clear (AssayFileImage *image)
{
  if (image->capacity > spare.capacity && image->capacity <= SPARE_BYTES_KEPT)
    {
      AssayFileImage smaller = { spare.bytes, spare.capacity, FALSE };

      spare.bytes = image->bytes;
      spare.capacity = image->capacity;
      *image = smaller;
    }
  if (image->bytes != NULL)
    munmap (image->bytes, image->capacity);
  memset (image, 0, sizeof *image);
}

hid_t
assay_hdf5_open_file (const char *path, GError **error)
{
  g_auto (AssayHid) fapl = H5Pcreate (H5P_FILE_ACCESS);
  hid_t file;

  if (!set_profile (fapl) || H5Pset_file_locking (fapl, 0, 1) < 0)
    {
      assay_hdf5_fail (error, path, "take its settings");
      return -1;
    }
  file = H5Fopen (path, H5F_ACC_RDONLY, fapl);
  if (file < 0)
    assay_hdf5_fail (error, path, "open it");
  return file;
}

hid_t
assay_hdf5_open_bytes (GBytes *bytes, const char *label, GError **error)
{
  g_auto (AssayHid) fapl = H5Pcreate (H5P_FILE_ACCESS);
  gsize n;
  const void *data = g_bytes_get_data (bytes, &n);
  char name[48];
  static guint64 counter;
  hid_t file;

  if (!set_profile (fapl) || H5Pset_fapl_core (fapl, IMAGE_STEP, 0) < 0 || H5Pset_file_image (fapl, (void *) data, n) < 0)
    {
      assay_hdf5_fail (error, label, "take its settings");
      return -1;
    }
  g_snprintf (name, sizeof name, "bytes-%" G_GUINT64_FORMAT, counter++);
  file = H5Fopen (name, H5F_ACC_RDONLY, fapl);
  if (file < 0)
    assay_hdf5_fail (error, label, "open it");
  return file;
}

hid_t
assay_hdf5_open_child (hid_t group, const char *name)
{
  H5L_info_t info;

  if (H5Lget_info (group, name, &info, H5P_DEFAULT) < 0 || info.type != H5L_TYPE_HARD)
    return H5I_INVALID_HID;
  return H5Oopen (group, name, H5P_DEFAULT);
}

gboolean
assay_hdf5_is_inside (hid_t dataset)
{
  g_auto (AssayHid) settings = H5Dget_create_plist (dataset);

  return settings >= 0 && H5Pget_layout (settings) != H5D_VIRTUAL && H5Pget_external_count (settings) == 0;
}

/* --- types ----------------------------------------------------------------------------------------------------------- */

static hid_t
make_half (void)
{
  hid_t type = H5Tcopy (H5T_IEEE_F32LE);

  H5Tset_fields (type, 15, 10, 5, 0, 10);
  H5Tset_size (type, 2);
  H5Tset_ebias (type, 15);
  return type;
}

/* As h5py writes booleans. */
static hid_t
make_bool (void)
{
  hid_t type = H5Tenum_create (H5T_STD_I8LE);
  gint8 value = 0;

  H5Tenum_insert (type, "FALSE", &value);
  value = 1;
  H5Tenum_insert (type, "TRUE", &value);
  return type;
}

static hid_t
make_text (void)
{
  hid_t type = H5Tcopy (H5T_C_S1);

  H5Tset_size (type, H5T_VARIABLE);
  H5Tset_cset (type, H5T_CSET_UTF8);
  return type;
}

hid_t
assay_hdf5_type (AssayStoreType type)
{
  switch (type)
    {
    case ASSAY_STORE_BOOL:
      return make_bool ();
    case ASSAY_STORE_U8:
      return H5Tcopy (H5T_STD_U8LE);
    case ASSAY_STORE_I8:
      return H5Tcopy (H5T_STD_I8LE);
    case ASSAY_STORE_U16: case ASSAY_STORE_BF16:
      return H5Tcopy (H5T_STD_U16LE);
    case ASSAY_STORE_I16:
      return H5Tcopy (H5T_STD_I16LE);
    case ASSAY_STORE_U32:
      return H5Tcopy (H5T_STD_U32LE);
    case ASSAY_STORE_I32:
      return H5Tcopy (H5T_STD_I32LE);
    case ASSAY_STORE_U64:
      return H5Tcopy (H5T_STD_U64LE);
    case ASSAY_STORE_I64:
      return H5Tcopy (H5T_STD_I64LE);
    case ASSAY_STORE_F16:
      return make_half ();
    case ASSAY_STORE_F32:
      return H5Tcopy (H5T_IEEE_F32LE);
    case ASSAY_STORE_F64:
      return H5Tcopy (H5T_IEEE_F64LE);
    case ASSAY_STORE_TEXT:
      return make_text ();
    default:
      return H5I_INVALID_HID;
    }
}

gboolean
assay_hdf5_type_of (hid_t dataset, AssayStoreType *type)
{
  g_auto (AssayHid) stored = H5Dget_type (dataset);

  if (H5Tget_class (stored) == H5T_STRING)
    {
      *type = ASSAY_STORE_TEXT;
      return H5Tis_variable_str (stored) > 0;
    }
  for (int t = 0; t < ASSAY_STORE_TEXT; t++)
    {
      g_auto (AssayHid) ours = H5I_INVALID_HID;

      if (t == ASSAY_STORE_BF16)
        continue;
      ours = assay_hdf5_type ((AssayStoreType) t);
      if (H5Tequal (stored, ours) > 0)
        {
          g_autofree char *value = t == ASSAY_STORE_U16 ? assay_hdf5_dup_text (dataset, "value_type") : NULL;

          *type = g_strcmp0 (value, "bfloat16") == 0 ? ASSAY_STORE_BF16 : (AssayStoreType) t;
          return TRUE;
        }
    }
  return FALSE;
}

gboolean
assay_hdf5_measure (AssayStoreType type, int rank, const hsize_t *dims, guint64 *bytes)
{
  guint64 n = MAX (assay_store_type_width (type), 1);

  for (int k = 0; k < rank; k++)
    if (!assay_size_mul (n, MAX (dims[k], 1), &n) || n > G_MAXINT64)
      return FALSE;
  *bytes = n;
  return TRUE;
}
