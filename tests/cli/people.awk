# SPDX-License-Identifier: GPL-3.0-or-later
# Prints the table that the examples of the help speak of: people with a score that depends on age, group and priors.
#   awk -v rows=60 -f people.awk

# The minimal standard generator: the same numbers everywhere, since products stay below 2^53.
function uniform ()
{
  state = (state * 16807) % 2147483647
  return state / 2147483647
}

BEGIN {
  state = 20 + seed
  print "id,age,group,priors,score"
  for (k = 0; k < rows; k++) {
    age = 18 + int (50 * uniform ())
    group = substr ("abc", 1 + int (3 * uniform ()), 1)
    priors = int (6 * uniform () * uniform ())
    risk = 0.5 * priors - 0.06 * (age - 40) + (group == "c") + 3 * (uniform () - 0.5)
    print k "," age "," group "," priors "," (risk > 1.4 ? "High" : risk > 0.6 ? "Medium" : "Low")
  }
}
