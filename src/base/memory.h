/* Heap memory that is either there or ends the program: the plan refuses beforehand what cannot fit. */
#ifndef ASSAY_BASE_MEMORY_H
#define ASSAY_BASE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* count * size zeroed bytes, aligned to 64; aborts when there are none or the product overflows.
 * The caller owns them: memory_free.  A count of 0 gives a valid pointer.  @local */
void *memory_allocate(int64_t count, size_t size);

/* The same, with bytes of any value: for buffers that are filled before they are read.  @local */
void *memory_allocate_raw(int64_t count, size_t size);

/* Like realloc to count * size bytes, for growing lists (memory of these functions or NULL only; new bytes are
 * zero).  @local */
void *memory_resize(void *memory, int64_t old_count, int64_t count, size_t size);

/* A copy of a string; the caller owns it.  @local */
char *memory_copy_text(const char *text);

void memory_free(void *memory);

/* `value` as an int where MPI, BLAS or HDF5 want one; asserts that it fits.  @local */
int to_int(int64_t value);

#endif
