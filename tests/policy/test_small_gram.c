/* The small matrices are those of sums in order, the same bits for dense and sparse rows and on any number of ranks;
 * and values and rows arrive on all ranks bit for bit. */
#include <mpi.h>

#include <math.h>

#include "base/memory.h"
#include "check.h"
#include "comm/share.h"
#include "policy/gather.h"
#include "policy/small_gram.h"

static MPI_Comm comm;
static int rank, size;

static uint64_t state = 3;
static double draw(void)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return ((double)(state >> 11) + 0.5) * 0x1p-52 - 1;
}

static void make(int64_t n, int64_t m, struct rows *dense, struct rows *sparse)
{
    rows_init_dense(dense, n, m);
    rows_init_sparse(sparse, m);
    int32_t *column = memory_allocate(m, sizeof *column);
    double *value = memory_allocate(m, sizeof *value);
    for (int64_t i = 0; i < n; i++) {
        int64_t count = 0;
        for (int64_t j = 0; j < m; j++)
            if (draw() < 0 && i % 5 != 4) {
                dense->dense[i * m + j] = value[count] = draw() * ldexp(1, (int)(j % 9) * 4);
                column[count++] = (int32_t)j;
            }
        rows_add(sparse, count, column, value);
    }
    memory_free(value);
    memory_free(column);
}

static void check_rows(const struct rows *dense, const double *out)
{
    int64_t n = dense->n_row, m = dense->n_column;
    bool same = true;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) {
            double sum = 0;
            for (int64_t k = 0; k < m; k++)
                sum += dense->dense[i * m + k] * dense->dense[j * m + k];
            same = same && out[i * n + j] == sum;
        }
    CHECK(same);
}

static void check_columns(const struct rows *dense, const double *out)
{
    int64_t n = dense->n_row, m = dense->n_column, s = m + 1;
    bool same = true;
    for (int64_t i = 0; i < s; i++)
        for (int64_t j = 0; j < s; j++) {
            double sum = 0;
            for (int64_t k = 0; k < n; k++)
                sum += (i ? dense->dense[k * m + i - 1] : 1) * (j ? dense->dense[k * m + j - 1] : 1);
            same = same && out[i * s + j] == sum;
        }
    CHECK(same);
}

static void test_matrices(int64_t n, int64_t m)
{
    struct rows dense, sparse;
    make(n, m, &dense, &sparse);
    for (int k = 0; k < 2; k++) {
        const struct rows *rows = k == 0 ? &dense : &sparse;
        double *by_rows = small_gram_rows(comm, rows), *by_columns = small_gram_columns(comm, rows);
        check_rows(&dense, by_rows);
        check_columns(&dense, by_columns);
        memory_free(by_columns);
        memory_free(by_rows);
    }
    rows_clear(&sparse);
    rows_clear(&dense);
}

static void test_values(void)
{
    enum { N = 1000 };
    double values[N] = {0}, expected[N];
    for (int i = 0; i < N; i++) {
        expected[i] = i == 3 ? -0.0 : i == 4 ? (double)NAN : i == 5 ? -INFINITY : i == 6 ? 0x1p-1074 : draw();
        if (i % size == rank)
            values[i] = expected[i];
    }
    share_doubles(comm, values, N);
    CHECK(memcmp(values, expected, sizeof values) == 0);
    share_doubles(comm, values, 0);
}

static void test_rows(bool is_sparse)
{
    struct rows dense, sparse, all;
    make(40, 11, &dense, &sparse);
    const struct rows *from = is_sparse ? &sparse : &dense;
    if (is_sparse)
        rows_init_sparse(&all, 11);
    else
        rows_init_dense(&all, 0, 11);
    for (int root = 0; root < size; root++)
        gather_rows(comm, root, root == rank ? from : NULL, &all);
    CHECK(all.n_row == 40 * size);
    double row[11], expected[11];
    bool same = true;
    for (int64_t i = 0; i < all.n_row; i++) {
        rows_get(&all, i, row);
        rows_get(from, i % 40, expected);
        same = same && memcmp(row, expected, sizeof row) == 0;
    }
    CHECK(same);
    rows_clear(&all);
    rows_clear(&sparse);
    rows_clear(&dense);
}

int main(int n, char **arguments)
{
    MPI_Init(&n, &arguments);
    comm = MPI_COMM_WORLD;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    test_matrices(1, 1);
    test_matrices(63, 70);
    test_matrices(200, 130);
    test_values();
    test_rows(false);
    test_rows(true);
    int code = check_end_mpi(comm);
    MPI_Finalize();
    return code;
}
