/* Block-cyclic arithmetic is that of dealing out blocks one by one, and grids are as square as can be without a row or
 * column that has no block. */
#include <mpi.h>

#include "check.h"
#include "matrix/grid.h"

/* Deals out n elements and compares every answer. */
static void check_dealt(int64_t n, int64_t block, int n_place)
{
    int64_t held[16] = {0};
    for (int64_t i = 0; i < n; i++) {
        int place = (int)((i / block) % n_place);
        CHECK(cyclic_owner(i, block, n_place) == place);
        CHECK(cyclic_local(i, block, n_place) == held[place]);
        CHECK(cyclic_global(held[place], block, place, n_place) == i);
        held[place]++;
        for (int p = 0; p < n_place; p++)
            CHECK(cyclic_count(i + 1, block, p, n_place) == held[p]);
    }
    for (int p = 0; p < n_place; p++)
        CHECK(cyclic_count(0, block, p, n_place) == 0);
    CHECK(cyclic_count(n, block, -1, n_place) == 0);
}

static void check_shape(int n_rank, int64_t n, int64_t block, int rows, int columns)
{
    int n_row = 0, n_column = 0;
    grid_shape(n_rank, n, block, &n_row, &n_column);
    CHECK(n_row == rows && n_column == columns);
}

int main(void)
{
    const int64_t blocks[] = {1, 2, 3, 7, 64};
    for (size_t b = 0; b < sizeof blocks / sizeof *blocks; b++)
        for (int n_place = 1; n_place <= 7; n_place++)
            check_dealt(150, blocks[b], n_place);
    check_dealt(0, 4, 3);

    const int64_t large = INT64_C(1) << 40; /* beyond int */
    CHECK(cyclic_global(cyclic_local(large + 5, 64, 7), 64, cyclic_owner(large + 5, 64, 7), 7) == large + 5);

    check_shape(1, 1000, 10, 1, 1);
    check_shape(2, 1000, 10, 2, 1);
    check_shape(3, 1000, 10, 3, 1);
    check_shape(4, 1000, 10, 2, 2);
    check_shape(6, 1000, 10, 3, 2);
    check_shape(7, 1000, 10, 3, 2);
    check_shape(12, 1000, 10, 4, 3);
    check_shape(1000, 100000, 64, 32, 31);
    check_shape(7, 10, 10, 1, 1);
    check_shape(7, 11, 10, 2, 2);
    check_shape(7, 1, 10, 1, 1);
    check_shape(16, 30, 10, 3, 3);
    for (int n_rank = 1; n_rank < 300; n_rank++) {
        int n_row, n_column;
        grid_shape(n_rank, 1000, 64, &n_row, &n_column);
        CHECK(n_column >= 1 && n_column <= n_row && n_row * n_column <= n_rank && n_row <= 16);
        CHECK(n_rank > 256 || n_row * n_column > n_rank * 3 / 4 || n_row == 16);
    }
    return check_end();
}
