# SPDX-License-Identifier: GPL-3.0-or-later
# mutate.awk: copies an op's mathematics with a switch at every sign of its derivative rules.
#
#   awk -v first=N -v list=FILE -f mutate.awk op_add.inc >mutated/op_add.inc
#
# A sign becomes  + MUTANT (n) *  and a call of a part of the rule  MUTANT_IS (n) ? (void) 0 : call;  tests/ops/mutant.h says what n does.
# Which functions: those named bwd, rfwd, rbwd, ggn, dphi, ddphi, or after the adjoint that they write, such as conv2d_dw.
# Which signs: of terms in expressions of REAL, of what is added to an array, of the factor of a matrix product. Subscripts, loop heads,
# conditions, pointer and integer arithmetic, and arguments of functions are left alone: there a sign is an address, or e^(x - max x),
# in which the maximum may cancel.
# The list gets one line for each: n, file, function.

{ text = text $0 "\n" }

END {
  name_of_file = FILENAME
  sub (/.*\//, "", name_of_file)
  n = first
  chosen = "bwd|BWD|rfwd|RFWD|ggn|dphi|scatter|_d[a-z](_|$)"
  printf "#include \"mutant.h\"\n"
  while (match (text, /\n(FN \([a-z_0-9]+\)|[A-Z_]+_ROWS) \([^;{]*\)\n\{\n/)) {
    head = substr (text, 1, RSTART + RLENGTH - 1)
    name = substr (text, RSTART + 1, RLENGTH)
    sub (/^FN \(/, "", name)
    sub (/[^A-Za-z_0-9].*/, "", name)
    text = substr (text, RSTART + RLENGTH)
    end = index (text, "\n}\n")
    body = substr (text, 1, end)
    text = substr (text, end + 1)
    printf "%s%s", head, name ~ chosen ? mutate(body) : body
  }
  printf "%s", text
}

# --- pieces ------------------------------------------------------------------

function mark()
{
  n++
  print n, name_of_file, name >>list
  return n
}

# What stands before the first c at depth 0, from place p on; 0 when there is none.
function find(s, p, c,    i, d, x)
{
  d = 0
  for (i = p; i <= length (s); i++) {
    x = substr (s, i, 1)
    if (d == 0 && substr (s, i, length (c)) == c)
      return i
    if (x == "(" || x == "[")
      d++
    else if (x == ")" || x == "]")
      d--
  }
  return 0
}

function matching(s, p,    i, d, x)
{
  d = 0
  for (i = p; i <= length (s); i++) {
    x = substr (s, i, 1)
    if (x == "(" || x == "[")
      d++
    else if ((x == ")" || x == "]") && --d == 0)
      return i
  }
  return length (s)
}

function trim(s)
{
  gsub (/^[ \n]+|[ \n]+$/, "", s)
  return s
}

# Signs of the terms of an expression. A parenthesis after a name or another parenthesis holds arguments.
function signs(s,    out, i, x, e, before)
{
  out = before = ""
  for (i = 1; i <= length (s); i++) {
    x = substr (s, i, 1)
    if (x == "[" || (x == "(" && before ~ /[A-Za-z_0-9)]/)) {
      e = matching(s, i)
      out = out substr (s, i, e - i + 1)
      i = e
      before = ")"
      continue
    }
    if (substr (s, i, 2) ~ /^(->|\+\+|--)$/) {
      out = out substr (s, i, 2)
      i++
      before = "x"
      continue
    }
    out = out x
    if (x == "+" || x == "-")
      out = out " MUTANT (" mark() ") *"
    if (x !~ /[ \n]/)
      before = x
  }
  return out
}

# One assignment or initialiser; `store` when its left side is in memory.
function assignment(s,    p, op, left, right, store)
{
  p = 0
  if (match (s, / [-+*\/]?= /)) {
    p = RSTART
    op = substr (s, RSTART, RLENGTH)
  }
  if (!p)
    return s
  left = substr (s, 1, p - 1)
  right = substr (s, p + length (op))
  store = left ~ /\[|^[ \n]*\*/
  base = left
  gsub (/[ \n*]/, "", base)
  sub (/[^A-Za-z_0-9].*/, "", base)
  if (!(base in real) || trim(right) ~ /^[0-9.]+$/)
    return s
  before_signs = n
  right = signs(right)
  if (op ~ /[-+]=/ || (store && n == before_signs))
    right = "MUTANT (" mark() ") * (" right ")"
  return left op right
}

function by_commas(s,    out, p)
{
  out = ""
  while (p = find(s, 1, ",")) {
    out = out assignment(substr (s, 1, p - 1)) ","
    s = substr (s, p + 1)
  }
  return out assignment(s)
}

# Names that a declaration of REALs introduces.
function declare(s,    rest, p, one)
{
  rest = s
  sub (/^(const )?REAL /, "", rest)
  while (rest != "") {
    p = find(rest, 1, ",")
    one = p ? substr (rest, 1, p - 1) : rest
    rest = p ? substr (rest, p + 1) : ""
    gsub (/restrict|[* \n]/, "", one)
    sub (/[^A-Za-z_0-9].*/, "", one)
    real[one] = 1
  }
}

function product(s,    p, e, i, out)
{
  p = index (s, "(") + 1
  out = substr (s, 1, p - 1)
  s = substr (s, p)
  for (i = 1; i <= 6; i++) {
    e = find(s, 1, ",")
    out = out substr (s, 1, e)
    s = substr (s, e + 1)
  }
  return out " MUTANT (" mark() ") *" s
}

function statement(s,    t)
{
  t = trim(s)
  if (t ~ /^(const )?REAL /) {
    declare(t)
    return t ~ /\*[a-z]/ ? s : by_commas(s)
  }
  if (t ~ /^return /) {
    sub (/return /, "", s)
    if (t ~ /^return [0-9.]+$/)
      return "return " trim(s)
    before_signs = n
    s = signs(s)
    return "return " (n == before_signs ? "MUTANT (" mark() ") * (" s ")" : s)
  }
  if (t ~ /^GEMM \(/)
    return product(s)
  if (t ~ /^(FN \([a-z_0-9]+\)|assay_op_rows) \(/)
    return "MUTANT_IS (" mark() ") ? (void) 0 : " trim(s)
  if (t ~ /^[A-Za-z_]+ [a-z_]|^[A-Za-z_]+ \*|^\(void\)|^FN \([A-Za-z]+\) [a-z]|^mem(cpy|set) /)
    return s
  return by_commas(s)
}

function mutate(body,    out, e, s)
{
  split ("", real)
  out = ""
  gsub (/\/\*[^*]*\*\//, "", body)
  while (body != "") {
    if (match (body, /^[ \n{}]+/) || match (body, /^else[ \n]/) || match (body, /^#[^\n]*\n/))
      e = RLENGTH
    else if (match (body, /^(for|if|while|switch) \(/))
      e = matching(body, RLENGTH)
    else {
      e = find(body, 1, ";")
      s = substr (body, 1, e - 1)
      out = out statement(s) ";"
      body = substr (body, e + 1)
      continue
    }
    out = out substr (body, 1, e)
    body = substr (body, e + 1)
  }
  return out
}
