/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-trainer.c: what a training promises beside its optimum: the same bits for any crew, no allocation, batches and divisor that do not
 * move when an example is left out, faults named, contradictions refused. */
#include "fixtures.h"

#include "run/vector.h"

#include <math.h>
#include <string.h>

typedef Fixture *(*Make) (const char *options, guint threads);

static const struct { const char *name; Make make; const char *options; } trainings[] = {
  { "mlp, adamw", fixture_mlp, "{\"steps\": 25, \"batch\": 7, \"schedule\": \"cosine\", \"warmup\": 5, \"clip\": 1, \"seed\": 4}" },
  { "mlp, momentum, micro-batches", fixture_mlp, "{\"optimizer\": \"momentum\", \"learning-rate\": 0.05, \"steps\": 25, \"batch\": 10, \"micro-batch\": 4}" },
  { "transformer, adamw", fixture_transformer, "{\"epochs\": 3, \"batch\": 5, \"weight-decay\": 0.1, \"l2\": 1e-3}" },
  { "transformer, adamw, bf16", fixture_transformer, "{\"epochs\": 3, \"batch\": 5, \"micro-batch\": 2, \"compute\": \"bf16\"}" },
  { "sequences, adamw, buckets", fixture_lengths, "{\"epochs\": 3, \"batch\": 5, \"length-buckets\": 4, \"clip\": 1}" },
  { "sequences, adamw, buckets, micro-batches", fixture_lengths, "{\"epochs\": 3, \"batch\": 5, \"micro-batch\": 2, \"length-buckets\": 3, \"compute\": \"bf16\"}" },
  { "transformer, sgd, f64", fixture_transformer, "{\"optimizer\": \"sgd\", \"learning-rate\": 0.1, \"steps\": 12, \"batch\": 0, \"dtype\": \"f64\"}" },
  { "logistic, newton", fixture_logistic, "{\"optimizer\": \"newton\", \"l2\": 0.01, \"micro-batch\": 16}" },
  { "mlp, lbfgs", fixture_mlp, "{\"optimizer\": \"lbfgs\", \"l2\": 0.01, \"steps\": 40}" },
};

static void
run (Fixture *f, GArray *rows)
{
  g_autoptr (AssayTrainer) trainer = NULL;
  GError *error = NULL;

  trainer = assay_trainer_new (&f->training, &error);
  g_assert_no_error (error);
  while (!assay_trainer_is_done (trainer))
    {
      AssayTrainRow row = { 0 };

      assay_trainer_step (trainer, &row, &error);
      g_assert_no_error (error);
      if (rows != NULL)
        g_array_append_val (rows, row);
    }
}

static void
test_crews (void)
{
  for (guint k = 0; k < G_N_ELEMENTS (trainings); k++)
    {
      g_autofree char *first = NULL;
      g_autoptr (GArray) first_rows = NULL;

      for (guint threads = 1; threads <= 3; threads++)
        {
          g_autoptr (Fixture) f = trainings[k].make (trainings[k].options, threads);
          g_autoptr (GArray) rows = g_array_new (FALSE, TRUE, sizeof (AssayTrainRow));

          run (f, rows);
          g_assert_cmpint (memcmp (assay_model_get_theta (f->model), f->start, f->theta_bytes), !=, 0);
          if (first == NULL)
            {
              first = g_memdup2 (assay_model_get_theta (f->model), f->theta_bytes);
              first_rows = g_steal_pointer (&rows);
            }
          else
            {
              g_assert_cmpmem (assay_model_get_theta (f->model), f->theta_bytes, first, f->theta_bytes);
              g_assert_cmpmem (rows->data, rows->len * sizeof (AssayTrainRow), first_rows->data, first_rows->len * sizeof (AssayTrainRow));
            }
        }
    }
}

static void
test_no_allocation (void)
{
  for (guint k = 0; k < G_N_ELEMENTS (trainings); k++)
    {
      g_autoptr (Fixture) f = trainings[k].make (trainings[k].options, 2);
      GError *error = NULL;
      AssayTrainer *trainer = assay_trainer_new (&f->training, &error);
      guint64 count = assay_mem_get_count ();
      AssayTrainRow row;

      g_assert_no_error (error);
      assay_mem_forbid (TRUE);
      while (!assay_trainer_is_done (trainer) && assay_trainer_step (trainer, &row, &error))
        ;
      assay_mem_forbid (FALSE);
      g_assert_no_error (error);
      g_assert_cmpuint (assay_mem_get_count (), ==, count);
      assay_trainer_free (trainer);
    }
}

static void
test_out_of_memory (void)
{
  for (guint64 n = 1;; n++)
    {
      g_autoptr (Fixture) f = fixture_mlp ("{\"optimizer\": \"lbfgs\"}", 1);
      g_autoptr (GError) error = NULL;
      gsize live = assay_mem_get_live ();
      AssayTrainer *trainer;

      assay_mem_fail_at (n);
      trainer = assay_trainer_new (&f->training, &error);
      assay_mem_fail_at (0);
      if (trainer != NULL)
        {
          g_assert_cmpuint (n, >, 8);
          assay_trainer_free (trainer);
          break;
        }
      g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY);
      g_assert_cmpuint (assay_mem_get_live (), ==, live);
    }
}

/* One batch of all, one step of sgd at rate 1: theta moves by minus the gradient. */
static double *
get_gradient (Fixture *f)
{
  double *g;

  fixture_rewind (f);
  run (f, NULL);
  g = g_memdup2 (f->start, f->theta_bytes);
  assay_vector_add (NULL, ASSAY_F64, assay_model_get_n_params (f->model), -1, assay_model_get_theta (f->model), g);
  return g;
}

/* A first-order step is one gradient of a batch; operations are those that a plan of that walk counts. */
static void
test_operations (void)
{
  g_autoptr (Fixture) f = fixture_mlp ("{\"steps\": 9, \"batch\": 6, \"micro-batch\": 6}", 1);
  g_autoptr (AssayTrainer) trainer = assay_trainer_new (&f->training, NULL);
  g_autoptr (AssayGraph) graph = assay_model_build (f->model, 6, NULL);
  g_autoptr (AssayPlan) plan = assay_plan_new (graph, ASSAY_WALK_GRADIENT, assay_model_get_dtype (f->model), NULL);
  AssayTrainResult result;
  AssayTrainRow row;

  while (!assay_trainer_is_done (trainer))
    g_assert_true (assay_trainer_step (trainer, &row, NULL));
  g_assert_true (assay_trainer_get_result (trainer, &result, NULL));
  g_assert_cmpfloat (assay_plan_get_cost (plan, FALSE).flops, >, 0);
  g_assert_cmpfloat (result.operations, ==, 9 * assay_plan_get_cost (plan, FALSE).flops);
}

/* One step over all, each walked by itself: the operations of as many walks of just their lengths. */
static void
test_bucket_operations (void)
{
  g_autoptr (Fixture) f = fixture_lengths ("{\"epochs\": 1, \"batch\": 43, \"micro-batch\": 1, \"length-buckets\": 12}", 1);
  g_autoptr (AssayTrainer) trainer = assay_trainer_new (&f->training, NULL);
  AssayTrainResult result;
  AssayTrainRow row;
  double expected = 0;

  while (!assay_trainer_is_done (trainer))
    g_assert_true (assay_trainer_step (trainer, &row, NULL));
  g_assert_true (assay_trainer_get_result (trainer, &result, NULL));
  for (gint64 i = 0; i < f->training.N; i++)
    {
      g_autoptr (AssayGraph) graph = assay_model_build_sequences (f->model, 1, assay_dataset_get_length (f->dataset, f->training.train[i]), NULL);
      g_autoptr (AssayPlan) plan = assay_plan_new (graph, ASSAY_WALK_GRADIENT, assay_model_get_dtype (f->model), NULL);

      expected += assay_plan_get_cost (plan, FALSE).flops;
    }
  g_assert_cmpfloat (result.operations, ==, expected);
}

static void
test_divisor (void)
{
  g_autoptr (Fixture) f = fixture_mlp ("{\"optimizer\": \"sgd\", \"learning-rate\": 1, \"steps\": 1, \"batch\": 0, \"dtype\": \"f64\"}", 1);
  g_autofree double *all = get_gradient (f), *without = NULL, *alone = NULL;
  gint64 P = assay_model_get_n_params (f->model);

  f->training.weight = f->weight;
  f->weight[3] = 0;
  without = get_gradient (f);
  for (gint64 i = 0; i < f->training.N; i++)
    f->weight[i] = i == 3;
  alone = get_gradient (f);                                       /* of example 3, still divided by N */
  for (gint64 p = 0; p < P; p++)
    g_assert_cmpfloat (fabs (all[p] - without[p] - alone[p]), <=, 1e-15 * 40);
}

static void
test_order_stays (void)
{
  g_autoptr (Fixture) whole = fixture_mlp (trainings[0].options, 1), less = fixture_mlp (trainings[0].options, 1);
  g_autoptr (GArray) a = g_array_new (FALSE, TRUE, sizeof (AssayTrainRow)), b = g_array_new (FALSE, TRUE, sizeof (AssayTrainRow));
  g_autoptr (AssayBatchOrder) order = assay_batch_order_new (whole->training.N, 7, 4, NULL);
  gint64 places[7], first = -1;

  less->training.weight = less->weight;
  less->weight[11] = 0;
  run (whole, a);
  run (less, b);
  for (gint64 s = 0; s < a->len && first < 0; s++)
    {
      assay_batch_order_get (order, s, places);
      for (guint k = 0; k < 7; k++)
        if (places[k] == 11)
          first = s;
    }
  g_assert_cmpint (first, >, 0);
  for (guint s = 0; s < a->len; s++)                              /* the same until the example first comes, and then not */
    g_assert_cmpint (memcmp (&g_array_index (a, AssayTrainRow, s), &g_array_index (b, AssayTrainRow, s), sizeof (AssayTrainRow)) == 0, ==,
                     s < first);
}

static void
test_micro_batches (void)
{
  g_autoptr (Fixture) whole = fixture_mlp ("{\"steps\": 6, \"batch\": 10, \"dtype\": \"f64\"}", 1);
  g_autoptr (Fixture) parts = fixture_mlp ("{\"steps\": 6, \"batch\": 10, \"micro-batch\": 3, \"dtype\": \"f64\"}", 1);
  const double *a = assay_model_get_theta (whole->model), *b = assay_model_get_theta (parts->model);

  run (whole, NULL);
  run (parts, NULL);
  for (gint64 p = 0; p < assay_model_get_n_params (whole->model); p++)
    g_assert_cmpfloat (fabs (a[p] - b[p]), <=, 1e-11);
}

/* Products in bf16 train another model, and as well: the loss falls as far, but for a tenth of that. */
static void
test_compute (void)
{
  const char *options[] = { "{\"steps\": 60, \"batch\": 0, \"learning-rate\": 0.01}", "{\"steps\": 60, \"batch\": 0, \"learning-rate\": 0.01, \"compute\": \"bf16\"}" };
  double first[2], last[2];

  for (guint k = 0; k < 2; k++)
    {
      g_autoptr (Fixture) f = fixture_transformer (options[k], 1);
      g_autoptr (GArray) rows = g_array_new (FALSE, TRUE, sizeof (AssayTrainRow));

      run (f, rows);
      first[k] = g_array_index (rows, AssayTrainRow, 0).loss;
      last[k] = g_array_index (rows, AssayTrainRow, rows->len - 1).loss;
      g_assert_cmpfloat (last[k], <, 0.8 * first[k]);
    }
  g_assert_cmpfloat (last[1], !=, last[0]);
  g_assert_cmpfloat (fabs (last[1] - last[0]), <, 0.1 * (first[0] - last[0]));
}

/* --- faults --------------------------------------------------------------------------------------------------------------- */

static void
test_faults (void)
{
  g_autoptr (Fixture) f = fixture_diverging ();
  g_autoptr (AssayTrainer) trainer = assay_trainer_new (&f->training, NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *step = NULL, *before = NULL;
  AssayTrainRow row;

  g_assert_nonnull (trainer);
  do
    {
      g_free (before);
      before = g_memdup2 (assay_model_get_theta (f->model), f->theta_bytes);
    }
  while (!assay_trainer_is_done (trainer) && assay_trainer_step (trainer, &row, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN);
  step = g_strdup_printf ("training step %" G_GINT64_FORMAT ": ", assay_trainer_get_step (trainer) + 1);
  g_assert_true (g_str_has_prefix (error->message, step));
  g_assert_nonnull (strstr (error->message, " is not finite at element "));
  g_assert_cmpmem (assay_model_get_theta (f->model), f->theta_bytes, before, f->theta_bytes);
}

static void
test_fault_of_example (void)
{
  gint64 n = 12;
  g_autofree double *x = g_new (double, n * 6);
  g_autofree gint32 *label = g_new0 (gint32, n);
  AssayShape shape = ASSAY_SHAPE (6);
  g_autoptr (GError) error = NULL;
  AssayTrainResult result;
  g_autoptr (Fixture) f = NULL;

  for (gint64 i = 0; i < n * 6; i++)
    x[i] = 0.01 * (double) i;
  for (guint d = 0; d < 6; d++)
    x[5 * 6 + d] = 3e38;                                          /* finite in f32, until a layer multiplies it */
  f = fixture_new (assay_dataset_new_from_arrays (&shape, n, x, label, 3, NULL, "train", 0, NULL, NULL), "mlp",
                   "{\"widths\": [6, 8, 3], \"activations\": [\"none\"]}", "{\"steps\": 9, \"batch\": 12, \"micro-batch\": 5}", 1);
  for (gint64 p = 0; p < assay_model_get_n_params (f->model); p++)
    ((float *) assay_model_get_theta (f->model))[p] = 2;
  g_assert_false (assay_train (&f->training, NULL, &result, NULL, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN);
  g_assert_true (g_str_has_prefix (error->message, "training step 1: train:5"));
  g_assert_nonnull (strstr (error->message, "value of fc1 is not finite at element 0 of the example"));
}

static Fixture *
fixture_encoder (const char *options, guint threads)
{
  return fixture_new (fixture_sequences (20, 6, 11), "encoder", "{\"vocabulary\": 11, \"context\": 6, \"width\": 8, \"layers\": 1, \"heads\": 2}", options, threads);
}

static void
test_refusals (void)
{
  static const struct { Make make; const char *options, *text; } wrong[] = {
    { fixture_mlp, "{\"steps\": 5, \"epochs\": 2}", "not both" },
    { fixture_logistic, "{\"optimizer\": \"newton\", \"batch\": 16}", "see all examples" },
    { fixture_logistic, "{\"optimizer\": \"lbfgs\", \"epochs\": 2}", "see all examples" },
    { fixture_logistic, "{\"optimizer\": \"newton\", \"dtype\": \"f32\"}", "work in f64" },
    { fixture_logistic, "{\"optimizer\": \"newton\", \"compute\": \"bf16\"}", "of a training in f32" },
    { fixture_mlp, "{\"dtype\": \"f64\", \"compute\": \"bf16\"}", "of a training in f32" },
    { fixture_logistic, "{\"optimizer\": \"newton\", \"checkpoints\": 3}", "fixed number of steps" },
    { fixture_logistic, "{\"optimizer\": \"newton\", \"length-buckets\": 3}", "who shares a batch" },
    { fixture_mlp, "{\"length-buckets\": 3}", "a model of token sequences" },
    { fixture_encoder, "{\"length-buckets\": 3}", "do not look ahead" },
  };

  for (guint k = 0; k < G_N_ELEMENTS (wrong); k++)
    {
      g_autoptr (Fixture) f = wrong[k].make (wrong[k].options, 1);
      g_autoptr (GError) error = NULL;

      g_assert_null (assay_trainer_new (&f->training, &error));
      g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
      if (strstr (error->message, wrong[k].text) == NULL)
        g_error ("expected \"%s\" in: %s", wrong[k].text, error->message);
    }
}

/* Two things that say which examples share a batch. */
static void
test_order_with_buckets (void)
{
  static const gint64 order[] = { 0, 1, 2, 3 };
  g_autoptr (Fixture) f = fixture_lengths ("{\"length-buckets\": 3, \"batch\": 2}", 1);
  g_autoptr (GError) error = NULL;

  f->training.order = order;
  f->training.n_order = G_N_ELEMENTS (order);
  g_assert_null (assay_trainer_new (&f->training, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, "give one of them"));
}

static void
test_wrong_data (void)
{
  g_autoptr (Fixture) f = fixture_new (fixture_features (20, 6, 5), "mlp", "{\"widths\": [6, 3]}", "{}", 1);
  g_autoptr (Fixture) g = fixture_new (fixture_features (20, 4, 3), "mlp", "{\"widths\": [6, 3]}", "{}", 1);
  g_autoptr (GError) classes = NULL, width = NULL;

  g_assert_null (assay_trainer_new (&f->training, &classes));     /* labels up to 4, three logits */
  g_assert_nonnull (classes);
  g_assert_cmpint (assay_error_exit_status (classes), ==, 3);
  g_assert_null (assay_trainer_new (&g->training, &width));
  g_assert_error (width, ASSAY_ERROR, ASSAY_ERROR_SHAPE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/trainer/theta and log have the same bits for one, two and three threads", test_crews);
  g_test_add_func ("/trainer/a step allocates nothing", test_no_allocation);
  g_test_add_func ("/trainer/operations are counted as the plan of a step counts them", test_operations);
  g_test_add_func ("/trainer/with a bucket for each length no operation is spent on padding", test_bucket_operations);
  g_test_add_func ("/trainer/memory that runs out is reported and nothing leaks", test_out_of_memory);
  g_test_add_func ("/trainer/leaving an example out takes its gradient away and keeps the divisor", test_divisor);
  g_test_add_func ("/trainer/leaving an example out keeps the order of the batches", test_order_stays);
  g_test_add_func ("/trainer/micro-batches add up to the batch", test_micro_batches);
  g_test_add_func ("/trainer/products in bf16 let the loss fall as those in full do", test_compute);
  g_test_add_func ("/trainer/a divergence names step and tensor and leaves theta alone", test_faults);
  g_test_add_func ("/trainer/a bad example is named with step and tensor", test_fault_of_example);
  g_test_add_func ("/trainer/options that contradict each other are refused", test_refusals);
  g_test_add_func ("/trainer/length buckets beside a given order are refused", test_order_with_buckets);
  g_test_add_func ("/trainer/data that do not fit the model are refused", test_wrong_data);
  return g_test_run ();
}
