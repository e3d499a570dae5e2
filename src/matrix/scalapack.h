/* What is called of ScaLAPACK and BLACS, which come without headers. */
#ifndef ASSAY_MATRIX_SCALAPACK_H
#define ASSAY_MATRIX_SCALAPACK_H

#include <mpi.h>
#include <stddef.h>

/* Of BLACS' C interface. */
int Csys2blacs_handle(MPI_Comm comm);
void Cfree_blacs_system_handle(int handle);
void Cblacs_gridinit(int *context, const char *order, int n_row, int n_column);
void Cblacs_gridinfo(int context, int *n_row, int *n_column, int *row, int *column);
void Cblacs_gridexit(int context);

/* An array descriptor of a block-cyclic matrix whose first block is at place (0, 0). */
enum { DESCRIPTOR_LENGTH = 9, DESCRIPTOR_DENSE = 1 };

/* Fortran: everything by address, and the lengths of strings at the end, by value. */
double pdlansy_(const char *norm, const char *uplo, const int *n, const double *a, const int *ia, const int *ja,
                const int *desc_a, double *work, size_t norm_length, size_t uplo_length);
void pdpotrf_(const char *uplo, const int *n, double *a, const int *ia, const int *ja, const int *desc_a, int *info,
              size_t uplo_length);
void pdpotrs_(const char *uplo, const int *n, const int *n_side, const double *a, const int *ia, const int *ja,
              const int *desc_a, double *b, const int *ib, const int *jb, const int *desc_b, int *info,
              size_t uplo_length);

/* Of PBLAS, which is written in C: no lengths. */
void pdsyrk_(const char *uplo, const char *transposed, const int *n, const int *k, const double *alpha, const double *a,
             const int *ia, const int *ja, const int *desc_a, const double *beta, double *c, const int *ic,
             const int *jc, const int *desc_c);
void pdgemm_(const char *transposed_a, const char *transposed_b, const int *m, const int *n, const int *k,
             const double *alpha, const double *a, const int *ia, const int *ja, const int *desc_a, const double *b,
             const int *ib, const int *jb, const int *desc_b, const double *beta, double *c, const int *ic,
             const int *jc, const int *desc_c);
void pdtrsm_(const char *side, const char *uplo, const char *transposed, const char *diagonal, const int *m,
             const int *n, const double *alpha, const double *a, const int *ia, const int *ja, const int *desc_a,
             double *b, const int *ib, const int *jb, const int *desc_b);
void pdtrsv_(const char *uplo, const char *transposed, const char *diagonal, const int *n, const double *a,
             const int *ia, const int *ja, const int *desc_a, double *x, const int *ix, const int *jx,
             const int *desc_x, const int *increment);
/* PBLAS calls it; who defines it, decides. */
int pilaenv_(const int *context, const char *precision);

#endif
