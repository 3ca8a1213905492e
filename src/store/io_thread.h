/* SPDX-License-Identifier: GPL-3.0-or-later */
/* io_thread.h: the one thread on which all HDF5 work happens.
 *
 * The serial HDF5 library has one global lock, so a second thread inside it gains nothing, and a caller that would wait for that
 * lock (a window's main loop) must never meet it. The thread starts with the first use and lives as long as the process.
 * Thread rule: any thread.
 */
#pragma once

#include <glib.h>

typedef gboolean (*AssayStoreFunc) (gpointer data, GError **error);

/* Runs func on the store's thread and sleeps until it has ended. Called on that thread itself, it just runs. */
gboolean assay_store_call (AssayStoreFunc func, gpointer data, GError **error);

/* Runs func later, in the order of the calls. What it has to say it must leave in data. */
void     assay_store_post (void (*func) (gpointer data), gpointer data);
