# SPDX-License-Identifier: GPL-3.0-or-later
# cli: the program `assay`.  What the tests look into is a library of its own.
noinst_LTLIBRARIES += src/cli/libcli.la
src_cli_libcli_la_SOURCES = \
  src/cli/completion.c \
  src/cli/help.c src/cli/help.h \
  src/cli/interrupt.c src/cli/interrupt.h \
  src/cli/manual.c src/cli/manual.h \
  src/cli/output.c src/cli/output.h \
  src/cli/progress_bar.c src/cli/progress_bar.h \
  src/cli/settings.c src/cli/settings.h \
  src/cli/stream.c src/cli/stream.h \
  src/cli/table.c src/cli/table.h \
  src/cli/text.c src/cli/text.h

bin_PROGRAMS += assay
assay_SOURCES = src/cli/main.c src/cli/many_devices.c src/cli/many_devices.h
assay_LDADD = src/cli/libcli.la $(LDADD)

# For readers of reports: of the libraries it needs those for JSON, digests and reading HDF5, and nothing of models, figures or windows.
bin_PROGRAMS += assay-verify
assay_verify_SOURCES = src/cli/verifier.c
assay_verify_LDADD = src/cli/libcli.la src/libassay.la $(HDF5_LIBS) $(CRYPTO_LIBS) $(JANSSON_LIBS) $(GLIB_LIBS) -lpthread -lm
