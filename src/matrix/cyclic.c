#include "matrix/grid.h"

int64_t cyclic_count(int64_t n, int64_t block, int place, int n_place)
{
    if (place < 0) /* outside of the grid */
        return 0;
    int64_t whole = n / block, round = whole / n_place;
    int64_t over = whole % n_place; /* the place that has the last, shorter block */
    if (place < over)
        return (round + 1) * block;
    return round * block + (place == over ? n % block : 0);
}

int cyclic_owner(int64_t global, int64_t block, int n_place)
{
    return (int)(global / block % n_place);
}

int64_t cyclic_local(int64_t global, int64_t block, int n_place)
{
    return global / block / n_place * block + global % block;
}

int64_t cyclic_global(int64_t local, int64_t block, int place, int n_place)
{
    return (local / block * n_place + place) * block + local % block;
}
