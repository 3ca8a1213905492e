# SPDX-License-Identifier: GPL-3.0-or-later
# run: a model meets data.  A new optimizer is one file and one line in OPTIMIZERS_LIST.
OPTIMIZERS_LIST = \
  src/run/optimizer_adamw.c \
  src/run/optimizer_lbfgs.c \
  src/run/optimizer_momentum.c \
  src/run/optimizer_newton.c \
  src/run/optimizer_sgd.c

noinst_LTLIBRARIES += src/run/librun.la
ASSAY_FLOORS += src/run/librun.la
src_run_librun_la_SOURCES = $(OPTIMIZERS_LIST) \
  src/run/backend_vector.c src/run/backend_vector.h \
  src/run/batch_order.c src/run/batch_order.h \
  src/run/cholesky.c src/run/cholesky.h \
  src/run/course.c src/run/course.h \
  src/run/evaluate.c src/run/evaluate.h \
  src/run/generate.c src/run/generate.h \
  src/run/identity.c src/run/identity.h \
  src/run/intervention.c src/run/intervention.h \
  src/run/kept_rows.c src/run/kept_rows.h \
  src/run/language_model.c src/run/language_model.h \
  src/run/length_buckets.c src/run/length_buckets.h \
  src/run/lens.c src/run/lens.h \
  src/run/objective.c src/run/objective.h \
  src/run/optimizer.c src/run/optimizer.h \
  src/run/order_store.c src/run/order_store.h \
  src/run/pass.c src/run/pass.h \
  src/run/predict.c src/run/predict.h \
  src/run/recipe.c src/run/recipe.h \
  src/run/record.h \
  src/run/record_activations.c \
  src/run/record_gradients.c \
  src/run/record_rows.c src/run/record_rows.h \
  src/run/record_sparse.c \
  src/run/record_taps.c src/run/record_taps.h \
  src/run/record_there.c src/run/record_there.h \
  src/run/record_walk.c src/run/record_walk.h \
  src/run/recorded.c src/run/recorded.h \
  src/run/recording.c src/run/recording.h \
  src/run/replay.c src/run/replay.h \
  src/run/retrain.c src/run/retrain.h \
  src/run/retrain_bank.c \
  src/run/retrain_known.c src/run/retrain_known.h \
  src/run/sampler.c src/run/sampler.h \
  src/run/scan_matrix.c src/run/scan_matrix.h \
  src/run/schedule.c src/run/schedule.h \
  src/run/train.c src/run/train.h \
  src/run/train_store.c src/run/train_store.h \
  src/run/trainer.c src/run/trainer.h \
  src/run/vector.c src/run/vector.h
# Updates of parameter vectors are plain loops that the compiler vectorises; sqrt need not set errno for that.
src_run_librun_la_CFLAGS = $(AM_CFLAGS) -O3 -fno-math-errno -fno-trapping-math

src/run/optimizers.def: src/run/local.mk build-aux/make-registry.sh
	$(registry) optimizer_ $(OPTIMIZERS_LIST)
$(src_run_librun_la_OBJECTS): src/run/optimizers.def
BUILT_SOURCES += src/run/optimizers.def
CLEANFILES += src/run/optimizers.def
