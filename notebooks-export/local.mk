# SPDX-License-Identifier: GPL-3.0-or-later
# What exported notebooks hold beside the report's own text. The program carries it, so that it can write notebooks wherever it stands.
EXTRA_DIST += notebooks-export/report_preamble.py
src/report/notebook_preamble.def: notebooks-export/report_preamble.py
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(SED) -e 's/[\\"]/\\&/g' -e 's/^/"/' -e 's/$$/\\n"/' $< >$@.tmp && mv -f $@.tmp $@
BUILT_SOURCES += src/report/notebook_preamble.def
CLEANFILES += src/report/notebook_preamble.def
