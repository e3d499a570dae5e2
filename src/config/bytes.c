#include "config/bytes.h"

#include <string.h>

static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
enum { UNITS = sizeof units / sizeof units[0] };

bool bytes_parse(const char *size, int64_t *bytes)
{
    int64_t count = 0;
    size_t n = 0;
    for (; size[n] >= '0' && size[n] <= '9'; n++) {
        if (count > (INT64_MAX - 9) / 10)
            return false;
        count = 10 * count + (size[n] - '0');
    }
    if (n == 0 || (n > 1 && size[0] == '0'))
        return false;
    const char *name = size + n + (size[n] == ' ');
    for (int unit = 0; unit < UNITS; unit++) {
        if (strcmp(name, units[unit]) != 0)
            continue;
        if (count > INT64_MAX >> (10 * unit))
            return false;
        *bytes = count << (10 * unit);
        return true;
    }
    return false;
}

void bytes_add(struct text *text, int64_t bytes)
{
    int unit = 0;
    for (; bytes != 0 && bytes % 1024 == 0 && unit < UNITS - 1; unit++)
        bytes /= 1024;
    text_add(text, "%lld %s", (long long)bytes, units[unit]);
}
