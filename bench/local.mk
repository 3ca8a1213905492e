# SPDX-License-Identifier: GPL-3.0-or-later
# bench: measurements beside peers and limits, and figures to look at.  Built by `make bench`, never part of `make check`.
BENCHMARKS = \
  bench/gallery \
  bench/gemm \
  bench/language \
  bench/model \
  bench/record \
  bench/recorded \
  bench/rows \
  bench/search \
  bench/tokenize \
  bench/train \
  bench/units
EXTRA_PROGRAMS += bench/chain_edit bench/gallery bench/gemm bench/language bench/model bench/record bench/recorded bench/rows bench/search bench/table_view bench/tokenize bench/train bench/units
bench_gallery_SOURCES = bench/gallery.c
bench_gallery_CFLAGS = $(AM_CFLAGS) $(CAIRO_CFLAGS)
bench_gemm_SOURCES = bench/gemm.c
bench_gemm_CFLAGS = $(AM_CFLAGS) $(OPENBLAS_CFLAGS)
bench_gemm_LDADD = $(LDADD) -ldl
bench_language_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
bench_language_SOURCES = bench/language.c bench/case_dir.h
bench_model_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
bench_model_SOURCES = bench/model.c bench/case_dir.h bench/peak.h
bench_record_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
bench_record_SOURCES = bench/record.c bench/case_dir.h
bench_recorded_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
bench_recorded_SOURCES = bench/recorded.c bench/case_dir.h
bench_rows_SOURCES = bench/rows.c
bench_search_SOURCES = bench/search.c
bench_tokenize_SOURCES = bench/tokenize.c
bench_train_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
bench_train_SOURCES = bench/train.c bench/case_dir.h bench/peak.h
bench_units_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
bench_units_SOURCES = bench/units.c bench/case_dir.h
if HAVE_GTK
BENCHMARKS += bench/chain_edit bench/table_view
bench_chain_edit_CPPFLAGS = $(gui_libgui_la_CPPFLAGS)
bench_chain_edit_CFLAGS = $(AM_CFLAGS) $(GTK_CFLAGS)
bench_chain_edit_SOURCES = bench/chain_edit.c
bench_chain_edit_LDADD = gui/libgui.la $(LDADD) $(GTK_LIBS)
bench_table_view_CPPFLAGS = $(gui_libgui_la_CPPFLAGS)
bench_table_view_CFLAGS = $(AM_CFLAGS) $(GTK_CFLAGS)
bench_table_view_SOURCES = bench/table_view.c
bench_table_view_LDADD = gui/libgui.la $(LDADD) $(GTK_LIBS)
endif
EXTRA_DIST += bench/README.md bench/compare.py bench/growth.sh bench/language.py bench/loo_mnist.sh bench/methods.sh bench/reasoning.py bench/record.py bench/factors.py bench/search.py bench/solve.py bench/tokenizer.py bench/train.py bench/peers/requirements.txt bench/peers/llama_language.py bench/peers/torch_language.py bench/peers/torch_model.py bench/peers/torch_record.py bench/peers/torch_solve.py bench/peers/torch_train.py bench/peers/kronfluence_factors.py bench/peers/faiss_search.py bench/peers/tokenizers_encode.py
EXTRA_DIST += bench/results/h200.jsonl bench/results/h200.txt bench/results/resources.txt
include bench/gpu/local.mk
CLEANFILES += $(BENCHMARKS)
.PHONY: bench
bench: $(BENCHMARKS)
