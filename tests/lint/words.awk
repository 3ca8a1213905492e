# SPDX-License-Identifier: GPL-3.0-or-later
# Prints one line for each thing that a source file must not say.  Variable:
# library=1 for code that never prints and never ends the program.
#
# Words are looked for everywhere; calls in the code alone, so that a comment or
# a message may speak of abort ().

function breach (text) { printf "%s:%d: %s\n", FILENAME, FNR, text; found = 1 }

# The line without strings and comments; in_comment lasts over lines.
function code_of (line,   out, two, one) {
  out = ""
  while (line != "") {
    two = substr(line, 1, 2)
    one = substr(line, 1, 1)
    if (in_comment) {
      if (two == "*/") { in_comment = 0; line = substr(line, 3) }
      else line = substr(line, 2)
    } else if (two == "/*") { in_comment = 1; line = substr(line, 3) }
    else if (two == "//") break
    else if (one == "\"" || one == "'") {
      line = substr(line, 2)
      while (line != "" && substr(line, 1, 1) != one)
        line = substr(line, substr(line, 1, 1) == "\\" ? 3 : 2)
      line = substr(line, 2)
      out = out one one
    } else { out = out one; line = substr(line, 2) }
  }
  return out
}

FNR == 1 { in_comment = 0 }

/(^|[^A-Za-z0-9_])(TODO|FIXME|XXX|HACK)([^A-Za-z0-9_]|$)/ { breach("unfinished: " $0) }
/nan_to_num/ { breach("NaN is located and named, never replaced: " $0) }

{
  code = code_of($0)
  if (code ~ /is(nan|finite)[ \t]*\([^?]*\)[ \t]*\?[^:?]*:?[ \t]*[-+]?(0|0\.0*f?|1e[0-9]+)[ \t]*[:;,)]/)
    breach("NaN is located and named, never replaced: " $0)
  if (library && code ~ /(^|[^A-Za-z0-9_])(exit|_exit|_Exit|quick_exit|abort|g_abort|g_error)[ \t]*\(/)
    breach("a library never ends the program: " $0)
  if (library && code ~ /(^|[^A-Za-z0-9_])(printf|puts|putchar|perror|vprintf|g_print|g_printerr|g_warning|g_message|g_info|g_critical)[ \t]*\(/)
    breach("a library never prints: " $0)
  if (library && code ~ /(^|[^A-Za-z0-9_])(stdout|stderr)([^A-Za-z0-9_]|$)/)
    breach("a library never prints: " $0)
}

END { exit found }
