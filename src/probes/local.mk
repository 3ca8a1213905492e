# SPDX-License-Identifier: GPL-3.0-or-later
# probes: what a model does inside, measured.
noinst_LTLIBRARIES += src/probes/libprobes.la
ASSAY_FLOORS += src/probes/libprobes.la
src_probes_libprobes_la_LIBADD =
src_probes_libprobes_la_SOURCES = \
  src/probes/certificate.c src/probes/certificate.h

# Explanations of single decisions.
src_probes_libprobes_la_SOURCES += \
  src/probes/deletion.c src/probes/deletion.h \
  src/probes/integrated_gradients.c src/probes/integrated_gradients.h \
  src/probes/margin.c src/probes/margin.h \
  src/probes/neighbours.c src/probes/neighbours.h \
  src/probes/observed.c src/probes/observed.h

# Units.
src_probes_libprobes_la_SOURCES += \
  src/probes/ablation.c src/probes/ablation.h \
  src/probes/unit_ablation.c src/probes/unit_ablation.h \
  src/probes/unit_directions.c src/probes/unit_directions.h \
  src/probes/unit_draw.c src/probes/unit_draw.h \
  src/probes/unit_effects.c src/probes/unit_effects.h \
  src/probes/unit_histogram.c src/probes/unit_histogram.h \
  src/probes/unit_kernel.h \
  src/probes/unit_rows.c src/probes/unit_rows.h \
  src/probes/unit_similarity.c src/probes/unit_similarity.h \
  src/probes/unit_summary.c src/probes/unit_summary.h \
  src/probes/unit_tally.c src/probes/unit_tally.h \
  src/probes/units.c src/probes/units.h \
  src/probes/units_measure.c \
  src/probes/units_part.c src/probes/units_part.h \
  src/probes/units_store.c src/probes/units_store.h \
  src/probes/units_stream.c src/probes/units_stream.h \
  src/probes/units_there.c src/probes/units_there.h

# The loops over all recorded values once per instruction set, as the products of the tensor floor are.
noinst_LTLIBRARIES += src/probes/libunits-baseline.la
src_probes_libprobes_la_LIBADD += src/probes/libunits-baseline.la
UNIT_KERNEL_CFLAGS = -O3
src_probes_libunits_baseline_la_SOURCES = src/probes/unit_kernel.c
src_probes_libunits_baseline_la_CFLAGS = $(AM_CFLAGS) $(UNIT_KERNEL_CFLAGS)
src_probes_libunits_baseline_la_CPPFLAGS = $(AM_CPPFLAGS) -DASSAY_ISA=baseline
if HAVE_X86
noinst_LTLIBRARIES += src/probes/libunits-v3.la src/probes/libunits-v4.la
src_probes_libprobes_la_LIBADD += src/probes/libunits-v3.la src/probes/libunits-v4.la
src_probes_libunits_v3_la_SOURCES = src/probes/unit_kernel.c
src_probes_libunits_v3_la_CFLAGS = $(AM_CFLAGS) $(UNIT_KERNEL_CFLAGS) $(ISA_V3_CFLAGS)
src_probes_libunits_v3_la_CPPFLAGS = $(AM_CPPFLAGS) -DASSAY_ISA=x86_64_v3
src_probes_libunits_v4_la_SOURCES = src/probes/unit_kernel.c
src_probes_libunits_v4_la_CFLAGS = $(AM_CFLAGS) $(UNIT_KERNEL_CFLAGS) $(ISA_V4_CFLAGS)
src_probes_libunits_v4_la_CPPFLAGS = $(AM_CPPFLAGS) -DASSAY_ISA=x86_64_v4
endif

# One file, one probe of a written chain.
PROBES_LIST = \
  src/probes/probe_early.c \
  src/probes/probe_mistakes.c \
  src/probes/probe_follow.c \
  src/probes/probe_filler.c \
  src/probes/probe_delete.c \
  src/probes/probe_swap.c \
  src/probes/probe_patch.c \
  src/probes/probe_cut.c \
  src/probes/probe_prechain.c \
  src/probes/probe_position.c

src/probes/probes.def: src/probes/local.mk build-aux/make-registry.sh
	$(registry) probe_ $(PROBES_LIST)
BUILT_SOURCES += src/probes/probes.def
CLEANFILES += src/probes/probes.def

# Chains.
src_probes_libprobes_la_SOURCES += $(PROBES_LIST) \
  src/probes/battery.c src/probes/battery.h \
  src/probes/chain.c src/probes/chain.h \
  src/probes/chain_bench.c src/probes/chain_bench.h \
  src/probes/chain_calibration.c src/probes/chain_calibration.h \
  src/probes/chain_edit.c src/probes/chain_edit.h \
  src/probes/cot.c src/probes/cot.h \
  src/probes/cot_record.c src/probes/cot_record.h \
  src/probes/operating.c src/probes/operating.h \
  src/probes/probe.c src/probes/probe.h \
  src/probes/softmax_fit.c src/probes/softmax_fit.h \
  src/probes/state_probe.c src/probes/state_probe.h
src/probes/probe.lo: src/probes/probes.def
