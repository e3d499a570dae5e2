/* A block of rows is cut into transfers that cover each of its elements once, in order, and none beyond the limit. */
#include <mpi.h>

#include "base/memory.h"
#include "check.h"
#include "table/transfer.h"

/* The first element of a transfer and its length, as a walk over the whole dataset counts them. */
static int64_t flat(const struct dataset *dataset, const int64_t index[TABLE_MAX_DIM])
{
    int64_t at = 0;
    for (int i = 0; i < dataset->n_dim; i++)
        at = at * dataset->dims[i] + index[i];
    return at;
}

static void check_block(const struct dataset *dataset, int64_t first, int64_t n, int64_t limit)
{
    struct transfers transfers;
    transfers_plan(dataset, first, n, limit, &transfers);
    int64_t element = dataset_element_bytes(dataset), row = dataset_row_bytes(dataset) / element, done = 0;
    bool good = true;
    for (int64_t i = 0; i < transfers.n_transfer; i++) {
        struct transfer transfer;
        transfers_get(&transfers, i, &transfer);
        int64_t last[TABLE_MAX_DIM] = {0};
        for (int j = 0; j < dataset->n_dim; j++) {
            good &= transfer.start[j] >= 0 && transfer.count[j] > 0;
            good &= transfer.start[j] <= dataset->dims[j] - transfer.count[j];
            last[j] = transfer.start[j] + transfer.count[j] - 1;
        }
        good &= transfer.offset == done * element && transfer.n_element * element <= limit;
        good &= flat(dataset, transfer.start) == first * row + done;
        /* From its first element to its last there are just as many as it counts: it has no holes. */
        good &= flat(dataset, last) - flat(dataset, transfer.start) + 1 == transfer.n_element;
        done += transfer.n_element;
    }
    CHECK(good && done == n * row);
}

static void test_small_shapes(void)
{
    struct dataset dataset = {.type = TABLE_I32};
    for (dataset.n_dim = 1; dataset.n_dim <= TABLE_MAX_DIM; dataset.n_dim++)
        for (int64_t a = 0; a < 6; a++)
            for (int64_t b = dataset.n_dim > 1 ? 0 : 1; b < (dataset.n_dim > 1 ? 5 : 2); b++)
                for (int64_t c = dataset.n_dim > 2 ? 0 : 1; c < (dataset.n_dim > 2 ? 5 : 2); c++)
                    for (int64_t limit = 4; limit < 110; limit += 3) {
                        int64_t dims[] = {a, b, c};
                        memcpy(dataset.dims, dims, sizeof dims);
                        check_block(&dataset, 0, a, limit);
                        if (a > 2)
                            check_block(&dataset, 1, a - 2, limit);
                    }
}

/* Sizes that nobody has the memory to try: only the arithmetic is. */
static void test_large_shapes(void)
{
    const int64_t limit = 1 << 30;
    const struct dataset tall = {.type = TABLE_F64, .n_dim = 1, .dims = {INT64_C(1) << 40}};
    const struct dataset wide = {.type = TABLE_I8, .n_dim = 2, .dims = {3, (INT64_C(5) << 30) + 1}};
    const struct dataset deep = {.type = TABLE_STRING, .n_dim = 3, .dims = {2, 2, INT64_C(1) << 31}, .string_bytes = 3};
    check_block(&tall, (INT64_C(1) << 40) - (INT64_C(1) << 33), INT64_C(1) << 33, limit);
    check_block(&wide, 1, 2, limit);
    check_block(&deep, 0, 2, limit);
    struct transfers transfers;
    transfers_plan(&tall, 0, INT64_C(1) << 33, limit, &transfers);
    CHECK(transfers.n_transfer == 64);
    transfers_plan(&wide, 1, 2, limit, &transfers);
    CHECK(transfers.n_transfer == 12 && transfers.dim == 1);
}

static void test_scalar(void)
{
    const struct dataset scalar = {.type = TABLE_F64};
    check_block(&scalar, 0, 1, 8);
    check_block(&scalar, 0, 0, 8);
}

static void test_bytes(void)
{
    int64_t bytes = -1;
    struct dataset dataset = {.type = TABLE_F64, .n_dim = 3, .dims = {1 << 20, 1 << 20, 1 << 19}};
    CHECK(dataset_bytes(&dataset, &bytes) && bytes == INT64_C(1) << 62);
    dataset.dims[2] *= 2;
    CHECK(!dataset_bytes(&dataset, &bytes));
    dataset.dims[0] = 0; /* its rows still have a size that must be one */
    CHECK(dataset_bytes(&dataset, &bytes) && bytes == 0 && dataset_row_bytes(&dataset) == INT64_C(1) << 43);
    dataset.dims[1] = INT64_C(1) << 60;
    CHECK(!dataset_bytes(&dataset, &bytes));
    dataset.dims[1] = -1;
    CHECK(!dataset_bytes(&dataset, &bytes));
    struct dataset string = {.type = TABLE_STRING, .n_dim = 1, .dims = {4}};
    CHECK(!dataset_bytes(&string, &bytes)); /* of no width */
    string.string_bytes = 7;
    CHECK(dataset_bytes(&string, &bytes) && bytes == 28);
}

int main(void)
{
    test_small_shapes();
    test_large_shapes();
    test_scalar();
    test_bytes();
    return check_end();
}
