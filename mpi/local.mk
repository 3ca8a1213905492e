# SPDX-License-Identifier: GPL-3.0-or-later
# mpi: a module of one file, by the MPI compiler, which the program loads where several ranks were started.
EXTRA_DIST += mpi/world.c mpi/world.h

if HAVE_MPI
mpimoduleexecdir = $(pkglibdir)
mpimoduleexec_DATA = mpi/assay-mpi.so

mpi/assay-mpi.so: mpi/world.c mpi/world.h
	$(AM_V_CCLD)$(MKDIR_P) $(@D) && $(MPICC) -I$(top_srcdir) $(AM_CFLAGS) $(CFLAGS) -fPIC -fvisibility=hidden -shared -o $@ $(srcdir)/mpi/world.c $(LDFLAGS)
CLEANFILES += mpi/assay-mpi.so
endif
