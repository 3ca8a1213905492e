/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_reset.h: forgets the macros of one instance. */
#undef REAL
#undef FN
#undef EXP
#undef LOG
#undef SQRT
#undef TANH
#undef ERF
#undef RE
#undef GEMM
