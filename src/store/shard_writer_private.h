/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shard_writer_private.h: what writing one shard and recording many have in common. Internal to this floor. */
#pragma once

#include "store/shard_file.h"

gboolean assay_object_name_check   (const char *kind, const char *name, GError **error);
gboolean assay_case_check_writable (AssayCase *cas, GError **error);

/* Ends the file and publishes it as a part of object (0: as a new one). On the store's thread. */
gboolean assay_shard_file_publish  (AssayShardFile *file, AssayCase *cas, const AssayShardIdentity *identity, guint64 object,
                                    AssayObject **out, GError **error);
