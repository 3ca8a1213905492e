/* SPDX-License-Identifier: GPL-3.0-or-later */
/* time_token.h: RFC 3161 time stamps: the request that is sent to an authority, and what its answer shows. Nothing here opens a connection.
 *
 * Ownership: the caller. Thread rule: pure functions.
 */
#pragma once

#include <glib.h>

/* A request over the SHA-256 of the bytes, in DER: version 1, no nonce, with the authority's certificate asked for. Equal bytes give an equal
 * request. Owns: the caller. */
GBytes  *assay_time_request     (GBytes *stamped, GError **error);

/* What an answer says before anybody vouches for it: RFC 3339. Errors: INPUT for what is no granted answer, CHECK_FAILED when it is about
 * other bytes than stamped. Owns: the caller. */
char    *assay_time_token_read  (GBytes *response, GBytes *stamped, GError **error);

/* Whether the answer is signed by an authority whose certificate, or whose issuer's, is in the PEM file, at the time that it states. authority:
 * its name, of the certificate. Errors: CHECK_FAILED, INPUT. Owns: the caller, authority. */
gboolean assay_time_token_check (GBytes *response, GBytes *stamped, const char *certificates, char **authority, GError **error);
