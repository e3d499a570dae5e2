/* What must hold: memory is aligned and as asked for, zeroed where that is promised, whether it is small or large
 * enough for pages of 2 MiB; and what is resized keeps its content. */
#include "base/memory.h"

#include <string.h>

#include "check.h"

static const int64_t sizes[] = {0, 1, 63, 64, 4095, (2 << 20) - 64, 2 << 20, (2 << 20) + 1, (9 << 20) + 12345};
enum { N_SIZES = sizeof sizes / sizeof *sizes };

static bool all_are(const unsigned char *bytes, int64_t n, unsigned char value)
{
    for (int64_t i = 0; i < n; i++)
        if (bytes[i] != value)
            return false;
    return true;
}

static void test_allocation(void)
{
    for (int s = 0; s < N_SIZES; s++) {
        unsigned char *raw = memory_allocate_raw(sizes[s], 1);
        CHECK(raw != NULL && (uintptr_t)raw % 64 == 0);
        memset(raw, 0xA5, (size_t)sizes[s]); /* every byte is there, and free memory is not zero */
        memory_free(raw);
        unsigned char *zeroed = memory_allocate(sizes[s], 1);
        CHECK(zeroed != NULL && (uintptr_t)zeroed % 64 == 0 && all_are(zeroed, sizes[s], 0));
        memory_free(zeroed);
    }
}

static void test_resizing(void)
{
    for (int from = 0; from < N_SIZES; from++)
        for (int to = 0; to < N_SIZES; to++) {
            int64_t kept = sizes[from] < sizes[to] ? sizes[from] : sizes[to];
            unsigned char *bytes = memory_allocate_raw(sizes[from], 1);
            memset(bytes, 0x5A, (size_t)sizes[from]);
            bytes = memory_resize(bytes, sizes[from], sizes[to], 1);
            CHECK((uintptr_t)bytes % 64 == 0 && all_are(bytes, kept, 0x5A));
            CHECK(all_are(bytes + kept, sizes[to] - kept, 0));
            memset(bytes, 0, (size_t)sizes[to]);
            memory_free(bytes);
        }
    unsigned char *grown = memory_resize(NULL, 0, 10, 4);
    memset(grown, 1, 40);
    memory_free(grown);
}

int main(void)
{
    test_allocation();
    test_resizing();
    return check_end();
}
