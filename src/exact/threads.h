/* How many threads the libraries behind the matrix products use. */
#ifndef ASSAY_EXACT_THREADS_H
#define ASSAY_EXACT_THREADS_H

/* From now on products on this thread use at most n threads, whatever the environment says.  @local */
void gemm_use_threads(int n);

#endif
