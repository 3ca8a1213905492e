# SPDX-License-Identifier: GPL-3.0-or-later
# Reads the #include lines of the files given (paths below src/, such as
# store/shard.c) and prints one line for each breach of the floors.
#
# The house: a file includes its own floor and the floors below it.  ops, stats
# and dataset are siblings; so are model and dataset, influence and probes, cli
# and gui.

function floor_above (floor, below) { may[floor] = " " floor " " below " " }

# A heavy library has one door: only these floors include its headers.
function door (pattern, floors) { doors++; door_pattern[doors] = pattern; door_floors[doors] = " " floors " " }

function breach (text) { printf "%s:%d: %s\n", FILENAME, FNR, text; found = 1 }

BEGIN {
  floor_above("base", "")
  floor_above("tensor", "base")
  floor_above("store", "base tensor")
  floor_above("ops", "base tensor store")
  floor_above("stats", "base tensor store")
  floor_above("dataset", "base tensor store")
  floor_above("model", "base tensor store ops")
  floor_above("run", "base tensor store ops stats dataset model")
  floor_above("hessian", "base tensor store ops stats dataset model run")
  floor_above("influence", "base tensor store ops stats dataset model run hessian")
  floor_above("probes", "base tensor store ops stats dataset model run hessian")
  floor_above("report", "base tensor store ops stats dataset model run hessian influence probes")
  floor_above("job", "base tensor store ops stats dataset model run hessian influence probes report")
  floor_above("cli", "base tensor store ops stats dataset model run hessian influence probes report job")
  floor_above("gui", "base tensor store ops stats dataset model run hessian influence probes report job")

  door("^(hdf5|hdf5_hl|H5[A-Za-z]*)\\.h$", "store")
  door("^(lapacke|lapack)(_[a-z]*)?\\.h$", "hessian stats probes")
  door("^cblas\\.h$", "tensor")
  door("^gsl/", "stats")
  door("^openssl/", "store report")
  door("^Random123/", "base")
  door("^cu(da|blas|solver|sparse|rand)[A-Za-z0-9_]*\\.h$", "tensor")
  door("^(gtk/|gdk/|gsk/|adwaita\\.h)", "gui")
  door("^(cairo|pango|fontconfig/)", "report gui")
  door("^qpdf/", "report")
  door("^kernels/launch\\.h$", "tensor")
  door("^mpi/world\\.h$", "base")
  door("^mpi\\.h$", "mpi")
  door("^kernels/rope_frequencies\\.h$", "ops")
}

FNR == 1 {
  floor = FILENAME
  sub(/^\.\//, "", floor)
  if (!sub(/\/.*/, "", floor) || !(floor in may)) {
    breach("this folder is not a floor of the house")
    floor = ""
  }
}

# header is what the line includes, in quotes or brackets as mark says.
function look (header, mark,   target, i) {
  for (i = 1; i <= doors; i++)
    if (header ~ door_pattern[i] && !index(door_floors[i], " " floor " "))
      breach(header " is included by " floor ", its door is" door_floors[i])
  if (mark == "<" || header == "config.h" || header == "kernels/launch.h" || header == "mpi/world.h" || header == "kernels/rope_frequencies.h")
    return
  target = header
  if (!sub(/\/.*/, "", target))
    breach("\"" header "\": expected \"floor/" header "\"")
  else if (!(target in may))
    breach("\"" header "\": " target " is not a floor of the house")
  else if (!index(may[floor], " " target " "))
    breach("\"" header "\": " floor " must not include " target)
}

/^[ \t]*#[ \t]*include/ && floor != "" {
  header = $0
  sub(/^[ \t]*#[ \t]*include[ \t]*/, "", header)
  mark = substr(header, 1, 1)
  if (mark == "\"" || mark == "<") {
    header = substr(header, 2)
    sub(/[">].*/, "", header)
    look(header, mark)
  } else {
    # A name for a file, which some file of this floor must define.
    sub(/[ \t].*/, "", header)
    wanted[floor, header] = FILENAME ":" FNR
  }
}

# #define NAME "floor/file.inc" is as good as including it.
/^[ \t]*#[ \t]*define[ \t]+[A-Za-z_0-9]+[ \t]+"[^" ]*\.(inc|h|def)"/ && floor != "" {
  split($0, quoted, "\"")
  name = $0
  sub(/^[ \t]*#[ \t]*define[ \t]+/, "", name)
  sub(/[ \t].*/, "", name)
  defined[floor, name] = 1
  look(quoted[2], "\"")
}

END {
  for (name in wanted)
    if (!(name in defined)) {
      print wanted[name] ": includes by a name that no file of its floor defines as a file"
      found = 1
    }
  exit found
}
