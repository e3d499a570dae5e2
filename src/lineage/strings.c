#include "lineage/strings.h"

#include <string.h>

#include "base/memory.h"

int64_t strings_width(char *const *texts, int64_t n)
{
    size_t width = 1;
    for (int64_t i = 0; i < n; i++)
        width = strlen(texts[i]) > width ? strlen(texts[i]) : width;
    return (int64_t)width;
}

char *strings_pad(char *const *texts, int64_t n)
{
    size_t width = (size_t)strings_width(texts, n);
    char *padded = memory_allocate(n, width);
    for (int64_t i = 0; i < n; i++)
        memcpy(padded + (size_t)i * width, texts[i], strlen(texts[i]));
    return padded;
}
