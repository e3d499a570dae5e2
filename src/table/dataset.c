#include "table/table.h"

static const struct {
    const char *name;
    int bytes; /* per element; 0: as the dataset says */
} types[] = {
    [TABLE_I8] = {"i8", 1},     [TABLE_U8] = {"u8", 1},     [TABLE_I32] = {"i32le", 4},
    [TABLE_I64] = {"i64le", 8}, [TABLE_F64] = {"f64le", 8}, [TABLE_STRING] = {"string", 0},
};

const char *table_type_name(enum table_type type)
{
    return types[type].name;
}

int64_t dataset_element_bytes(const struct dataset *dataset)
{
    return dataset->type == TABLE_STRING ? dataset->string_bytes : types[dataset->type].bytes;
}

int64_t dataset_rows(const struct dataset *dataset)
{
    return dataset->n_dim == 0 ? 1 : dataset->dims[0];
}

int64_t dataset_row_bytes(const struct dataset *dataset)
{
    int64_t bytes = dataset_element_bytes(dataset);
    for (int i = 1; i < dataset->n_dim; i++)
        bytes *= dataset->dims[i];
    return bytes;
}

bool dataset_bytes(const struct dataset *dataset, int64_t *bytes)
{
    int64_t element = dataset_element_bytes(dataset), product = element;
    bool empty = false, fits = element > 0 && dataset->n_dim >= 0 && dataset->n_dim <= TABLE_MAX_DIM;
    /* The dimensions that are 0 come last, so that what the others say is checked all the same: rows of an empty
     * dataset have a size, too. */
    for (int i = 0; fits && i < dataset->n_dim; i++) {
        empty |= dataset->dims[i] == 0;
        fits = dataset->dims[i] >= 0 &&
               (dataset->dims[i] == 0 || !__builtin_mul_overflow(product, dataset->dims[i], &product));
    }
    *bytes = empty ? 0 : product;
    return fits;
}
