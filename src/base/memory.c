#include "base/memory.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/status.h"

enum { ALIGNMENT = 64, HUGE_PAGE = 2 << 20 };

static size_t byte_count(int64_t count, size_t size)
{
    ASSERT(count >= 0 && size > 0);
    ASSERT((uint64_t)count <= (SIZE_MAX - ALIGNMENT) / size);
    size_t bytes = (size_t)count * size;
    return (bytes + ALIGNMENT) / ALIGNMENT * ALIGNMENT; /* never 0 */
}

/* Pages of 2 MiB for as much as fills them: what is large is read from end to end, and 512 page faults become one.
 * Where the kernel has none to give, all is as before. */
static void *allocate_large(size_t bytes)
{
    void *memory = NULL;
    if (posix_memalign(&memory, HUGE_PAGE, bytes) == 0)
        madvise(memory, bytes / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
    return memory;
}

void *memory_allocate_raw(int64_t count, size_t size)
{
    size_t bytes = byte_count(count, size);
    void *memory = bytes >= HUGE_PAGE ? allocate_large(bytes) : aligned_alloc(ALIGNMENT, bytes);
    if (memory == NULL) {
        fprintf(stderr, "assay: out of memory: %zu bytes are not to be had\n", bytes);
        if (on_abort)
            on_abort();
        abort();
    }
    return memory;
}

void *memory_allocate(int64_t count, size_t size)
{
    return memset(memory_allocate_raw(count, size), 0, byte_count(count, size));
}

void *memory_resize(void *memory, int64_t old_count, int64_t count, size_t size)
{
    void *larger = memory_allocate(count, size);
    if (memory != NULL)
        memcpy(larger, memory, (size_t)(old_count < count ? old_count : count) * size);
    free(memory);
    return larger;
}

char *memory_copy_text(const char *text)
{
    size_t n = strlen(text) + 1;
    return memcpy(memory_allocate((int64_t)n, 1), text, n);
}

void memory_free(void *memory)
{
    free(memory);
}

int to_int(int64_t value)
{
    ASSERT(value >= INT_MIN && value <= INT_MAX);
    return (int)value;
}
