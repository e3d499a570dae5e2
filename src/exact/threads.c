#include "exact/threads.h"

#include <cblas.h>
#include <stddef.h>

/* Of the OpenMP library that oneDNN brings along, if it was built with one: nothing else here needs OpenMP. */
extern void omp_set_num_threads(int n) __attribute__((weak));

void gemm_use_threads(int n)
{
    if (omp_set_num_threads != NULL)
        omp_set_num_threads(n);
    openblas_set_num_threads(n);
}
