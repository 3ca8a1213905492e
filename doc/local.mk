# SPDX-License-Identifier: GPL-3.0-or-later
# The manual page and the completion for bash are written by the program itself, from its declared parameters, and go into the tarball.
# Where the program does not run, a cross build takes ASSAY_FOR_BUILD, else what the tarball brought.
dist_doc_DATA += README.md
dist_doc_DATA += doc/assay_verify.py
dist_doc_DATA += doc/audit.md
dist_doc_DATA += doc/devices.md
dist_doc_DATA += doc/device-kernels.md
dist_doc_DATA += doc/evidence.md
dist_doc_DATA += doc/exact-products.md
dist_doc_DATA += doc/fine-tuning.md
dist_doc_DATA += doc/fields.md
dist_doc_DATA += doc/from-python.md
dist_doc_DATA += doc/influence.md doc/validity.md
dist_doc_DATA += doc/language-models.md
dist_doc_DATA += doc/many-machines.md doc/assay.sbatch
dist_doc_DATA += doc/reasoning.md
dist_doc_DATA += doc/report.md
dist_doc_DATA += doc/search.md
dist_doc_DATA += doc/store-format.md
dist_doc_DATA += doc/units.md
dist_doc_DATA += doc/window.md
picturesdir = $(docdir)/pictures
dist_pictures_DATA = doc/pictures/examples.png doc/pictures/influence.png \
  doc/pictures/reasoning.png doc/pictures/report.png doc/pictures/units.png
dist_man_MANS += doc/assay.1
dist_man_MANS += doc/assay-verify.1
if HAVE_GTK
man_MANS += doc/assay-workbench.1
endif
EXTRA_DIST += doc/assay-workbench.1
bashcompletiondir = $(datadir)/bash-completion/completions
dist_bashcompletion_DATA = data/completions/assay

if CROSS_COMPILING
document_writer = $(or $(ASSAY_FOR_BUILD),$(error $@ is written by assay, which does not run here: give ASSAY_FOR_BUILD=PROGRAM, or build from a tarball))
document_needs =
else
document_writer = ./assay$(EXEEXT)
document_needs = assay$(EXEEXT)
endif
document = $(AM_V_GEN)$(MKDIR_P) $(@D) && $(document_writer) documentation

doc/assay.1: $(document_needs)
	$(document) man >$@.tmp && mv -f $@.tmp $@
data/completions/assay: $(document_needs)
	$(document) completion >$@.tmp && mv -f $@.tmp $@

# What a tarball brought stays in its tree.
distclean-local:
	test '$(srcdir)' = . || rm -f doc/assay.1 data/completions/assay data/regimes
MAINTAINERCLEANFILES = doc/assay.1 data/completions/assay
