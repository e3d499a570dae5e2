/* The lowest values of every query are those of one sorted list, whichever rank had which, ties to the lower row. */
#include <mpi.h>

#include "counterfactual/extremes.h"

#include <math.h>

#include "check.h"

enum { QUERIES = 3, ROWS = 200, MOST = 7 };

/* Many ties, both signs, some unknown; query 2 has fewer values than are wanted. */
static double value_of(int64_t query, int64_t row)
{
    if (row % 11 == 3 || (query == 2 && row >= 5))
        return NAN;
    return (double)((row * 37 + query * 13) % 23) - 11;
}

static int64_t expect(int64_t query, struct extreme *expected)
{
    int64_t n = 0;
    for (int value = -20; value < 20; value++)
        for (int64_t row = 0; row < ROWS && n < MOST; row++)
            if (value_of(query, row) == (double)value)
                expected[n++] = (struct extreme){(double)value, row};
    return n;
}

static void check_merge(MPI_Comm comm, int rank, int size, bool one_has_all)
{
    struct extremes extremes;
    extremes_init(QUERIES, MOST, &extremes);
    for (int64_t row = ROWS - 1; row >= 0; row--)
        for (int64_t q = 0; q < QUERIES; q++)
            if (one_has_all ? rank == size - 1 : (row / 9) % size == rank)
                extremes_add(&extremes, q, row, value_of(q, row));
    extremes_merge(comm, &extremes);
    for (int64_t q = 0; q < QUERIES; q++) {
        struct extreme expected[MOST];
        int64_t n = expect(q, expected);
        CHECK(extremes.count[q] == n && (q == 2) == (n < MOST));
        for (int64_t i = 0; i < n; i++)
            CHECK(extremes_of(&extremes, q)[i].row == expected[i].row &&
                  extremes_of(&extremes, q)[i].value == expected[i].value);
    }
    extremes_clear(&extremes);
}

int main(int n, char **arguments)
{
    MPI_Init(&n, &arguments);
    int rank, size;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    check_merge(MPI_COMM_WORLD, rank, size, false);
    check_merge(MPI_COMM_WORLD, rank, size, true);
    int failed = check_end_mpi(MPI_COMM_WORLD);
    MPI_Finalize();
    return failed;
}
