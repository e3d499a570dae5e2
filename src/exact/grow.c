#include "exact/grow.h"

#include <string.h>

#include "base/memory.h"

void *grow(void *list, int64_t used, int64_t n, size_t size, int64_t *capacity)
{
    if (n <= *capacity && list != NULL)
        return list;
    int64_t more = *capacity + *capacity / 2;
    *capacity = more > n ? more : n;
    void *larger = memory_allocate_raw(*capacity, size);
    if (list != NULL)
        memcpy(larger, list, (size_t)used * size);
    memory_free(list);
    return larger;
}
