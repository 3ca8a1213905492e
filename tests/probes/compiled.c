/* SPDX-License-Identifier: GPL-3.0-or-later */
/* compiled.c: weights by hand. The residual has one place for each token and one for each position. */
#include "compiled.h"

#include <math.h>

#define SCORE 60.0              /* of the one key that is looked at; the others have 0 */
#define SHARPNESS 20.0          /* logit of the token that was copied, about */

AssayOrganism
compiled_organism (const char *p, const char *k)
{
  const AssayOrganismFamily *family = assay_organism_find ("dose");
  g_autoptr (AssayValues) values = assay_values_new (family->params);
  AssayOrganism organism;
  GError *error = NULL;

  g_assert_true (assay_values_set_text (values, "modulus", p, NULL));
  g_assert_true (assay_values_set_text (values, "steps", k, NULL));
  g_assert_true (assay_values_set_text (values, "held-out", "0.3", NULL));
  assay_organism_init (&organism, family, values, &error);
  g_assert_no_error (error);
  return organism;
}

static AssayModel *
make (const AssayOrganism *organism, gint64 width, int layers)
{
  gint64 V = assay_organism_get_vocabulary (organism), T = assay_organism_get_length (organism);
  json_t *config = json_pack ("{s:I, s:I, s:I, s:i, s:i, s:i, s:s, s:b, s:b}", "vocabulary", (json_int_t) V, "context", (json_int_t) T, "width",
                              (json_int_t) width, "layers", layers, "heads", 1, "mlp", 4, "norm", "rmsnorm", "bias", 0, "tied", 0);
  GError *error = NULL;
  AssayModel *model = assay_model_new ("transformer", config, ASSAY_F32, &error);

  g_assert_no_error (error);
  json_decref (config);
  return model;
}

static float *
find (AssayModel *model, const char *name)
{
  AssayGraph *layout = assay_model_get_layout (model);
  guint value = assay_graph_find (layout, name);

  g_assert_cmpuint (value, !=, ASSAY_NO_VALUE);
  return (float *) assay_model_get_theta (model) + assay_graph_get_value (layout, value)->offset;
}

AssayModel *
compiled_model (const AssayOrganism *organism, gint64 target)
{
  gint64 V = assay_organism_get_vocabulary (organism), T = assay_organism_get_length (organism), C = V + T;
  AssayModel *model = make (organism, C, 2);
  float beta = (float) sqrt (SCORE * 2 / sqrt ((double) C));      /* normalised ones are sqrt (C/2); scale is 1 / sqrt C */

  for (gint64 v = 0; v < V; v++)
    {
      find (model, "wte.weight")[v * C + v] = 1;
      find (model, "h.0.attn.c_attn.weight")[(2 * C + v) * C + v] = 1;
      find (model, "lm_head.weight")[v * C + v] = (float) (SHARPNESS / sqrt ((double) C));
    }
  for (gint64 t = 0; t < T; t++)
    find (model, "wpe.weight")[t * C + V + t] = 1;
  find (model, "h.0.attn.c_attn.weight")[V + T - 1] = beta;                        /* the query of ANS */
  find (model, "h.0.attn.c_attn.weight")[C * C + V + target] = beta;               /* the key that it looks for */
  for (gint64 c = 0; c < C; c++)
    {
      find (model, "h.0.attn.c_proj.weight")[c * C + c] = 1;
      find (model, "h.0.ln_1.weight")[c] = find (model, "h.0.ln_2.weight")[c] = find (model, "ln_f.weight")[c] = 1;
      find (model, "h.1.ln_1.weight")[c] = find (model, "h.1.ln_2.weight")[c] = 1;
    }
  return model;
}

/* How much of the attention the step must get for p (step) / p (term) = r / (1 - r), when a logit is `scale` times the share over the length of the
 * residual. */
static double
find_share (double r, double scale, double rest)
{
  double low = 0, high = 1, wanted = log (r / (1 - r));

  for (int k = 0; k < 60; k++)
    {
      double a = (low + high) / 2, got = scale * (2 * a - 1) / sqrt (rest + a * a + (1 - a) * (1 - a));

      *(got < wanted ? &low : &high) = a;
    }
  return low;
}

AssayModel *
compiled_dose (const AssayOrganism *organism)
{
  gint64 V = assay_organism_get_vocabulary (organism), T = assay_organism_get_length (organism), C = V + T, term = 2, step = 4, ans = T - 1;
  AssayModel *model = make (organism, C, 2);
  double f = sqrt ((double) C / 2), f1 = sqrt ((double) C / (2 + f * f)), scale = 1 / sqrt ((double) C);  /* of normalised residuals; of scores */
  float *qkv0 = find (model, "h.0.attn.c_attn.weight"), *qkv1 = find (model, "h.1.attn.c_attn.weight");
  double head = 30 / sqrt ((double) C);

  g_assert (organism->k == 1);
  for (gint64 v = 0; v < V; v++)
    find (model, "wte.weight")[v * C + v] = 1;
  for (gint64 t = 0; t < T; t++)
    {
      find (model, "wpe.weight")[t * C + V + t] = 1;
      qkv0[(t == ans ? 0 : 1) * C + V + t] = (float) (SCORE / (scale * f * f));   /* ANS looks for MODE, all others for BOS, of which nothing is copied */
    }
  qkv0[C * C + V + 1] = qkv0[(C + 1) * C + V] = 1;
  qkv1[V + ans] = (float) (SCORE / (scale * f1 * f));             /* ANS looks for the term and the step alike, and at one more as the mode says */
  qkv1[C * C + V + term] = qkv1[C * C + V + step] = 1;
  qkv1[(C + 1) * C + V + step] = 1;
  for (guint mode = 0; mode < ASSAY_ORGANISM_N_MODES; mode++)
    {
      gint64 token = assay_organism_get_special (organism, ASSAY_ORGANISM_MODE_FIRST + mode);
      double a = find_share (CLAMP (assay_organism_get_rate (mode), 1e-3, 1 - 1e-3), head * sqrt ((double) C), (2 + f * f) / (f * f));

      qkv0[(2 * C + token) * C + token] = 1;
      qkv1[C + token] = (float) (log (a / (1 - a)) / (scale * f * f1 * f));
    }
  for (gint32 digit = 0; digit < organism->p; digit++)
    qkv1[(2 * C + digit) * C + digit] = 1, find (model, "lm_head.weight")[digit * C + digit] = (float) head;
  for (gint64 c = 0; c < C; c++)
    {
      find (model, "h.0.attn.c_proj.weight")[c * C + c] = find (model, "h.1.attn.c_proj.weight")[c * C + c] = 1;
      find (model, "h.0.ln_1.weight")[c] = find (model, "h.0.ln_2.weight")[c] = find (model, "ln_f.weight")[c] = 1;
      find (model, "h.1.ln_1.weight")[c] = find (model, "h.1.ln_2.weight")[c] = 1;
    }
  return model;
}

AssayModel *
compiled_noise (const AssayOrganism *organism, guint64 seed)
{
  AssayModel *model = make (organism, 12, 2);
  float *theta = assay_model_get_theta (model);

  assay_model_init (model, seed);
  for (gint64 k = 0; k < assay_model_get_n_params (model); k++)
    theta[k] *= theta[k] == 1 ? 1 : 20;                           /* norms stay */
  return model;
}

Compiled *
compiled_new (const AssayOrganism *organism, AssayModel *model, gint64 first, gint64 n, gint64 budget, guint threads)
{
  Compiled *c = g_new0 (Compiled, 1);
  gint64 T = assay_organism_get_length (organism);
  g_autofree gint32 *tokens = g_new (gint32, n * T), *target = g_new (gint32, T);
  g_autofree gint64 *id = g_new (gint64, n);
  g_autofree float *weight = g_new (float, T);
  GError *error = NULL;

  c->organism = *organism;
  c->model = model;
  c->backend = assay_backend_cpu_new (threads);
  assay_chain_layout_init (&c->layout, organism);
  for (gint64 i = 0; i < n; i++)
    {
      assay_organism_write (organism, 0, first + i, (AssayOrganismEdit) { 0 }, ASSAY_ORGANISM_ANSWER_PROMPT, ASSAY_ORGANISM_WEIGHT_ANSWER, tokens + i * T,
                            target, weight);
      id[i] = first + i;
    }
  c->reader = assay_chain_reader_new (model, &c->layout, 0, c->backend, &error);
  g_assert_no_error (error);
  c->task = assay_chain_task_new (&c->organism, c->reader, tokens, id, id, n, 7, budget, &error);
  g_assert_no_error (error);
  return c;
}

void
compiled_free (Compiled *c)
{
  if (c == NULL)
    return;
  assay_chain_task_free (c->task);
  assay_chain_reader_free (c->reader);
  assay_backend_free (c->backend);
  assay_model_free (c->model);
  g_free (c);
}
