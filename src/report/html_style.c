/* SPDX-License-Identifier: GPL-3.0-or-later */
/* html_style.c: how report.html looks. */
#include "report/html_style.h"

#include "report/figure.h"

static const char light[] =
  ":root{color-scheme:light dark;--paper:#fff;--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--wash:#f6f8fa;--accent:#0b5cad;--warn:#8a4600;--warn-wash:#fff4e5;"
  "--claim:#f3f7fc}";

static const char dark[] =
  "--paper:#14171b;--ink:#e6e9ed;--soft:#9aa4af;--line:#353c45;--wash:#1c2127;--accent:#79b8ff;--warn:#ffb86b;--warn-wash:#2b2115;--claim:#182230";

static const char layout[] =
  "*{box-sizing:border-box}"
  "html{background:var(--paper);color:var(--ink);font:16px/1.55 'DejaVu Sans',Cantarell,'Segoe UI',Helvetica,Arial,sans-serif}"
  "body{margin:0 auto;max-width:60rem;padding:2.5rem 1.5rem 6rem}"
  "h1{font-size:1.9rem;line-height:1.2;margin:0 0 .4rem}"
  "h2{font-size:1.35rem;line-height:1.25;margin:3.2rem 0 .8rem;padding-top:.8rem;border-top:1px solid var(--line)}"
  "h3{font-size:1.05rem;margin:2rem 0 .5rem}"
  "p{margin:.6rem 0;max-width:46rem}ul{max-width:46rem}"
  "a{color:var(--accent)}a:focus-visible,summary:focus-visible{outline:2px solid var(--accent);outline-offset:2px}"
  ".subtitle{color:var(--soft);margin:0 0 1.2rem}"
  ".stamp{display:inline-block;border:2px solid var(--warn);color:var(--warn);font-weight:700;letter-spacing:.08em;padding:.1rem .6rem;border-radius:.2rem}"
  "dl.facts{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.2rem;margin:1.2rem 0;font-size:.9rem}"
  "dl.facts dt{color:var(--soft)}dl.facts dd{margin:0;overflow-wrap:anywhere}"
  "nav ol{columns:2;column-gap:2.5rem;padding-left:1.5rem;font-size:.92rem}nav li{break-inside:avoid;margin:.15rem 0}"
  "code,pre,.root{font-family:'DejaVu Sans Mono',Menlo,Consolas,monospace;font-size:.86em}"
  "code{overflow-wrap:anywhere}"
  "pre{background:var(--wash);border:1px solid var(--line);border-radius:.35rem;padding:.8rem 1rem;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere}"
  ".command{display:grid;grid-template-columns:6.2rem 1fr;align-items:start}.command>span{color:var(--soft);font-size:.86rem;padding-top:.85rem}"
  ".command>pre{margin:.25rem 0;padding:.6rem .9rem}.command:target{outline:2px solid var(--accent);outline-offset:3px}"
  ".scroll{overflow-x:auto;margin:1rem 0 1.4rem}"
  "table{border-collapse:collapse;font-size:.88rem;min-width:20rem}"
  "caption{caption-side:top;text-align:left;color:var(--soft);padding-bottom:.45rem;max-width:46rem}"
  "th,td{padding:.38rem .9rem .38rem 0;text-align:left;vertical-align:top}"
  "thead th{border-bottom:1.5px solid var(--ink);font-weight:600}tbody tr{border-bottom:1px solid var(--line)}"
  "tbody th{font-weight:400}"
  ".right{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
  "data{font-variant-numeric:tabular-nums;border-bottom:1px dotted var(--line)}"
  "figure{margin:1.4rem 0}figure svg{max-width:100%;height:auto;display:block}"
  "figcaption{color:var(--soft);font-size:.88rem;margin-top:.4rem;max-width:46rem}"
  "details{font-size:.88rem;margin-top:.4rem}summary{cursor:pointer;color:var(--accent)}"
  ".claim{background:var(--claim);border-left:4px solid var(--accent);border-radius:0 .35rem .35rem 0;padding:.8rem 1.1rem;margin:1.2rem 0}"
  ".claim p{margin:0 0 .5rem;font-weight:600}.claim.withheld{border-color:var(--warn)}"
  ".claim dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:0;font-size:.86rem}.claim dt{color:var(--soft)}.claim dd{margin:0;overflow-wrap:anywhere}"
  ".note,.warning{border-left:4px solid var(--line);background:var(--wash);padding:.7rem 1.1rem;margin:1.2rem 0;border-radius:0 .35rem .35rem 0}"
  ".warning{border-color:var(--warn);background:var(--warn-wash)}.warning strong{color:var(--warn)}"
  "footer{margin-top:4rem;padding-top:1rem;border-top:1px solid var(--line);color:var(--soft);font-size:.82rem;overflow-wrap:anywhere}"
  "@media (max-width:40rem){nav ol{columns:1}}"
  "@media print{html{font-size:10.5pt;background:#fff;color:#000}body{max-width:none;padding:0}h2{break-after:avoid}.claim,figure,tr{break-inside:avoid}"
  "nav{break-after:page}.scroll{overflow:visible}details{display:none}}";

char *
assay_html_dup_style (void)
{
  g_autofree char *figures = assay_figure_dup_style (ASSAY_THEME_LIGHT), *figures_dark = assay_figure_dup_style (ASSAY_THEME_DARK);

  return g_strconcat (light, "@media screen and (prefers-color-scheme:dark){:root{", dark, "}}", layout, figures,
                      "@media screen and (prefers-color-scheme:dark){", figures_dark, "}", NULL);
}
