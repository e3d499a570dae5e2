/* Whatever numpy, h5py and plain Python wrote is read back bit for bit, in blocks of any size, and hashed as read. */
#include "tensor/fixture.h"
#include "tensor/tensor.h"

static int parse_dims(const char *text, int64_t dims[TENSOR_MAX_DIM])
{
    int n = 0;
    for (char *end = (char *)text; n < TENSOR_MAX_DIM; text = end + 1) {
        dims[n++] = strtoll(text, &end, 10);
        if (*end == 0)
            break;
    }
    return n;
}

/* Reads all rows in blocks of random size, a block of none among them. */
static void read_all(struct tensor *tensor, uint64_t *seed, char *raw, struct segment_list *segments)
{
    int64_t rows = tensor_rows(tensor);
    int64_t row_bytes = tensor_columns(tensor) * (int64_t)tensor_type_size(tensor_type(tensor));
    CHECK(tensor_read(tensor, rows, 0, raw, segments) == STATUS_OK);
    for (int64_t first = 0, n; first < rows; first += n) {
        n = 1 + (int64_t)(fixture_random(seed) % (uint64_t)(rows - first));
        CHECK(tensor_read(tensor, first, n, raw + first * row_bytes, segments) == STATUS_OK);
    }
}

static void check_values(struct tensor *tensor, const char *stem, uint64_t *seed, struct segment_list *segments)
{
    char name[64];
    size_t n_raw, n_doubles;
    snprintf(name, sizeof name, "%s.raw", stem);
    char *expected = fixture_load(name, &n_raw);
    snprintf(name, sizeof name, "%s.f64", stem);
    char *doubles = fixture_load(name, &n_doubles);
    int64_t rows = tensor_rows(tensor), n = rows * tensor_columns(tensor);
    CHECK(n_raw == (size_t)n * tensor_type_size(tensor_type(tensor)) && n_doubles == (size_t)n * sizeof(double));

    char *raw = memory_allocate((int64_t)n_raw, 1);
    read_all(tensor, seed, raw, segments);
    CHECK(memcmp(raw, expected, n_raw) == 0);
    memset(raw, 0, n_raw);
    CHECK(tensor_read(tensor, 0, rows, raw, NULL) == STATUS_OK);
    CHECK(memcmp(raw, expected, n_raw) == 0);

    double *values = memory_allocate(n, sizeof *values);
    CHECK(tensor_to_double(tensor, 0, rows, raw, values) == STATUS_OK);
    CHECK(memcmp(values, doubles, n_doubles) == 0);
    float *floats = memory_allocate(n, sizeof *floats);
    bool exact =
        tensor_type(tensor) != TENSOR_F64 && tensor_type(tensor) != TENSOR_I32 && tensor_type(tensor) != TENSOR_I64;
    if (exact) {
        CHECK(tensor_to_float(tensor, 0, rows, raw, floats) == STATUS_OK);
        for (int64_t i = 0; i < n; i++)
            values[i] = floats[i];
        CHECK(memcmp(values, doubles, n_doubles) == 0);
    } else {
        CHECK_FAILS(tensor_to_float(tensor, 0, rows, raw, floats), BAD_INPUT, tensor_type_name(tensor_type(tensor)));
    }
    memory_free(floats);
    memory_free(values);
    memory_free(raw);
    memory_free(doubles);
    memory_free(expected);
}

static void check_case(const char *directory, char *const *fields, uint64_t *seed, bool ask_python)
{
    struct tensor *tensor = NULL;
    CHECK(tensor_open(directory, fields[0], &tensor) == STATUS_OK);
    if (tensor == NULL)
        return;
    int64_t expected[TENSOR_MAX_DIM] = {0}, dims[TENSOR_MAX_DIM], columns = 1;
    int n_dim = parse_dims(fields[2], expected);
    CHECK(strcmp(tensor_name(tensor), fields[0]) == 0);
    CHECK(strcmp(tensor_type_name(tensor_type(tensor)), fields[1]) == 0);
    CHECK(tensor_dimensions(tensor, dims) == n_dim);
    for (int k = 0; k < n_dim; k++) {
        CHECK(dims[k] == expected[k]);
        columns *= k ? dims[k] : 1;
    }
    CHECK(tensor_rows(tensor) == expected[0] && tensor_columns(tensor) == columns);

    struct segment_list own;
    segments_init(&own);
    check_values(tensor, fields[3], seed, &own);
    for (int64_t i = 0; i < own.n; i++) {
        struct segment again = own.items[i];
        memset(again.sha256, 0, sizeof again.sha256);
        CHECK(segment_hash(directory, &again) == STATUS_OK);
        CHECK(memcmp(again.sha256, own.items[i].sha256, DIGEST_BYTES) == 0);
    }
    if (ask_python) { /* with the rest of its files */
        CHECK(tensor_gaps(&tensor, 1, &own) == STATUS_OK);
        for (int64_t i = 0; i < own.n; i++)
            CHECK(segment_hash(directory, &own.items[i]) == STATUS_OK);
        CHECK(fixture_check_segments(&own));
    }
    segments_clear(&own);
    tensor_close(tensor);
}

/* The same shards by a pattern below a directory whose own name looks like a pattern. */
static void check_odd_directory(char *const *fields, uint64_t *seed)
{
    static const char prefix[] = "good/part-";
    if (strncmp(fields[0], prefix, sizeof prefix - 1) != 0)
        return;
    char *inner[4] = {fields[0] + 5, fields[1], fields[2], fields[3]};
    const char *odd = fixture_path("good/odd[1]*? \\{x}");
    check_case(odd, inner, seed, false);
    char *absolute = memory_copy_text(fixture_path(fields[0]));
    inner[0] = absolute;
    check_case("/nowhere", inner, seed, false);
    memory_free(absolute);
}

int main(void)
{
    fixture_write();
    size_t n;
    char *lines = fixture_load("good.tsv", &n), *at = lines, *fields[4];
    uint64_t seed = 1;
    int64_t n_case = 0;
    for (; fixture_line(&at, fields, 4) == 4; n_case++) {
        check_case(fixture_directory, fields, &seed, n_case % 32 == 0); /* Python takes a while to start */
        check_odd_directory(fields, &seed);
    }
    CHECK(n_case > 150);
    memory_free(lines);
    fixture_end();
    return check_end();
}
