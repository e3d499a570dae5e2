/* Features given dense, sparse or through an encoder come out as they lie in the files, in blocks of any length, with
 * segments that cover every byte once; names, shapes and entries that cannot be right are refused by file and row. */
#include <math.h>

#include "policy/fixture.h"
#include "policy/source.h"
#include "tensor/safetensors.h"

/* ---- sparse features of our own --------------------------------------------------------------------------------- */

enum { N_ROW = 900, WIDTH = 1000, N_PROBE = 30 };

/* Compressed rows to be stored, some of them empty or full. */
struct sparse {
    int64_t n, n_row;
    int64_t *starts, *indices; /* owned */
    float *values;             /* owned */
};

static struct sparse sparse_make(void)
{
    uint64_t seed = 3;
    struct sparse sparse = {.n_row = N_ROW,
                            .starts = memory_allocate(N_ROW + 1, sizeof(int64_t)),
                            .indices = memory_allocate((int64_t)N_ROW * WIDTH, sizeof(int64_t)),
                            .values = memory_allocate((int64_t)N_ROW * WIDTH, sizeof(float))};
    for (int64_t i = 0; i < N_ROW; i++) {
        uint64_t density = i % 7 == 0 ? 0 : i % 11 == 0 ? 8 : fixture_random(&seed) % 8;
        for (int64_t j = 0; j < WIDTH; j++)
            if (fixture_random(&seed) % 8 < density) {
                sparse.indices[sparse.n] = j;
                sparse.values[sparse.n++] = (float)(fixture_random(&seed) % 9) - 4; /* zeros among them */
            }
        sparse.starts[i + 1] = sparse.n;
    }
    return sparse;
}

static void sparse_clear(struct sparse *sparse)
{
    memory_free(sparse->starts);
    memory_free(sparse->indices);
    memory_free(sparse->values);
}

static int32_t *narrow(const int64_t *values, int64_t n)
{
    int32_t *out = memory_allocate(n, sizeof *out);
    for (int64_t i = 0; i < n; i++)
        out[i] = (int32_t)values[i];
    return out;
}

static void sparse_store(const struct sparse *sparse, const char *file, enum tensor_type integers)
{
    bool is_narrow = integers == TENSOR_I32;
    int32_t *starts = narrow(sparse->starts, sparse->n_row + 1), *indices = narrow(sparse->indices, sparse->n);
    const struct safetensors_item items[] = {
        {"starts", integers, 1, {sparse->n_row + 1}, is_narrow ? (void *)starts : sparse->starts},
        {"indices", integers, 1, {sparse->n}, is_narrow ? (void *)indices : sparse->indices},
        {"values", TENSOR_F32, 1, {sparse->n}, sparse->values}};
    CHECK(safetensors_store(fixture_path(file), items, 3, NULL) == STATUS_OK);
    memory_free(indices);
    memory_free(starts);
}

static struct source_names sparse_names(void)
{
    return (struct source_names){.values = "sparse.safetensors#values",
                                 .indices = "sparse.safetensors#indices",
                                 .starts = "sparse.safetensors#starts",
                                 .width = WIDTH};
}

static enum status open_names(const struct source_names *names, int64_t n_probe, struct source **source)
{
    *source = NULL;
    return source_open(fixture_directory, "policy.features", names, n_probe, NULL, source);
}

/* ---- any source ------------------------------------------------------------------------------------------------- */

static bool same_place(const struct segment *a, const struct segment *b)
{
    return strcmp(a->path, b->path) == 0 && strcmp(a->object, b->object) == 0 && a->offset == b->offset &&
           a->bytes == b->bytes && a->row_first == b->row_first && a->n_row == b->n_row;
}

/* Reads all in blocks of `at_once` items (0: of any length) and checks that what was listed is what was hashed. */
static struct rows read_blocks(struct source *source, int64_t at_once, struct segment_list *segments)
{
    uint64_t seed = 17;
    struct rows all, some;
    rows_init_sparse(&some, 1);
    for (int64_t first = 0, n; first < source_items(source); first += n) {
        int64_t left = source_items(source) - first;
        n = at_once > 0 ? at_once : 1 + (int64_t)(fixture_random(&seed) % (uint64_t)left);
        n = n < left ? n : left;
        struct segment_list listed;
        segments_init(&listed);
        int64_t before = segments->n;
        CHECK(source_list(source, first, n, &listed) == STATUS_OK);
        CHECK(source_read(source, first, n, &some, segments) == STATUS_OK);
        CHECK(some.n_column == source_columns(source) && rows_are_dense(&some) == !source_is_sparse(source));
        /* What is read in pieces comes in another order. */
        int64_t n_same = 0;
        for (int64_t i = before; i < segments->n; i++)
            for (int64_t k = 0; k < listed.n; k++)
                n_same += same_place(&segments->items[i], &listed.items[k]);
        CHECK(n_same == listed.n && listed.n == segments->n - before);
        segments_clear(&listed);
        if (first == 0) {
            all = some;
            rows_init_sparse(&some, 1);
        } else {
            rows_append(&all, &some);
        }
    }
    rows_clear(&some);
    return all;
}

/* The rest of the files' bytes, and the check that nothing is covered twice or not at all. */
static void check_covered(struct source *source, struct segment_list *segments)
{
    struct tensor *tensors[SOURCE_MAX_TENSORS];
    struct segment_list gaps;
    segments_init(&gaps);
    CHECK(tensor_gaps(tensors, source_tensors(source, tensors), &gaps) == STATUS_OK);
    for (int64_t i = 0; i < gaps.n; i++) {
        CHECK(segment_hash(fixture_directory, &gaps.items[i]) == STATUS_OK);
        segments_add(segments, &gaps.items[i]);
    }
    CHECK(fixture_check_segments(segments));
    segments_clear(&gaps);
}

/* Row i of `rows` against n values. */
static bool row_is(const struct rows *rows, int64_t i, const double *expected)
{
    double *row = memory_allocate(rows->n_column, sizeof *row);
    rows_get(rows, i, row);
    bool same = true;
    for (int64_t j = 0; j < rows->n_column; j++)
        same = same && row[j] == expected[j];
    memory_free(row);
    return same;
}

/* ---- sparse ----------------------------------------------------------------------------------------------------- */

static void check_sparse_rows(const struct sparse *sparse, const struct rows *rows)
{
    bool same = true, lean = true;
    double expected[WIDTH];
    CHECK(rows->n_row == N_ROW);
    for (int64_t i = 0; i < N_ROW; i++) {
        memset(expected, 0, sizeof expected);
        for (int64_t e = sparse->starts[i]; e < sparse->starts[i + 1]; e++)
            expected[sparse->indices[e]] = (double)sparse->values[e];
        same = same && row_is(rows, i, expected);
        for (int64_t e = rows->start[i]; e < rows->start[i + 1]; e++)
            lean = lean && rows->value[e] != 0;
    }
    CHECK(same);
    CHECK(lean);
}

static void check_sparse(const struct sparse *sparse)
{
    static const int64_t at_once[] = {0, 0, 7, N_ROW};
    CHECK(sparse->n > (1 << 18)); /* more than is read at a time */
    for (int form = 0; form < 4; form++) {
        int64_t n_probe = form == 1 ? N_PROBE : 1;
        sparse_store(sparse, "sparse.safetensors", form % 2 == 0 ? TENSOR_I64 : TENSOR_I32);
        struct source_names names = sparse_names();
        struct source *source;
        struct segment_list segments;
        segments_init(&segments);
        CHECK(open_names(&names, n_probe, &source) == STATUS_OK);
        CHECK(source_items(source) == N_ROW / n_probe && source_columns(source) == WIDTH && source_is_sparse(source));
        CHECK(strcmp(source_description(source), "sparse features of sparse.safetensors#values, 1000 columns") == 0);
        CHECK(source_encoder_bytes(source) == 0 && source_workspace_bytes(source, 10) > 0);
        CHECK(source_workspace_bytes(source, INT64_MAX) == INT64_MAX);
        struct rows rows = read_blocks(source, at_once[form], &segments);
        check_sparse_rows(sparse, &rows);
        check_covered(source, &segments);
        rows_clear(&rows);
        segments_clear(&segments);
        source_close(source);
    }
}

/* Opens and reads everything; the first failure. */
static enum status try_all(const struct source_names *names, int64_t n_probe)
{
    struct source *source;
    struct rows rows;
    rows_init_sparse(&rows, 1);
    enum status status = open_names(names, n_probe, &source);
    for (int64_t i = 0; status == STATUS_OK && i < source_items(source); i++) {
        status = source_read(source, i, 1, &rows, NULL);
        CHECK(status == STATUS_OK || rows.n_row == 0);
    }
    rows_clear(&rows);
    source_close(source);
    return status;
}

/* One number of the good file is another one. */
static void check_entry_refused(struct sparse *sparse, int64_t *at, int64_t value, const char *part)
{
    struct source_names names = sparse_names();
    int64_t good = *at;
    *at = value;
    sparse_store(sparse, "sparse.safetensors", TENSOR_I64);
    CHECK_FAILS(try_all(&names, 1), BAD_INPUT, part);
    *at = good;
}

static void check_sparse_refused(struct sparse *sparse)
{
    int64_t row = 8, entry = sparse->starts[row];
    char part[200];
    CHECK(sparse->starts[row + 1] - entry > 3);
    snprintf(part, sizeof part, "#starts: expected starts from 0 to %lld", (long long)sparse->n);
    check_entry_refused(sparse, &sparse->starts[0], 1, part);
    check_entry_refused(sparse, &sparse->starts[0], -1, part);
    check_entry_refused(sparse, &sparse->starts[N_ROW], sparse->n + 1, part);
    check_entry_refused(sparse, &sparse->starts[N_ROW], sparse->n - 1, part);
    check_entry_refused(sparse, &sparse->starts[N_ROW], INT64_MAX, "from -2^53 to 2^53");
    check_entry_refused(sparse, &sparse->starts[row], -5, "expected starts in ascending order");
    check_entry_refused(sparse, &sparse->starts[row], sparse->starts[row - 1] - 1, "in row 8, counted from 0");
    check_entry_refused(sparse, &sparse->starts[row], sparse->n + 5, "expected starts in ascending order");
    check_entry_refused(sparse, &sparse->starts[row], sparse->starts[row - 1] + WIDTH + 1,
                        "no row longer than 1000 columns");
    check_entry_refused(sparse, &sparse->starts[row], INT64_C(1) << 60, "from -2^53 to 2^53");
    snprintf(part, sizeof part, "below 1000, found 1000 after %lld in entry %lld, which belongs to row 8",
             (long long)sparse->indices[entry + 1], (long long)entry + 2);
    check_entry_refused(sparse, &sparse->indices[entry + 2], WIDTH, part);
    snprintf(part, sizeof part,
             "#indices: expected columns in ascending order within a row, below 1000, found %lld after",
             (long long)sparse->indices[entry]);
    check_entry_refused(sparse, &sparse->indices[entry + 1], sparse->indices[entry], part);
    check_entry_refused(sparse, &sparse->indices[entry], -1, "found -1 after -1");
    check_entry_refused(sparse, &sparse->indices[sparse->n - 1], 3, "expected columns in ascending order");
    check_entry_refused(sparse, &sparse->indices[entry], INT64_MIN, "from -2^53 to 2^53");

    struct source_names names = sparse_names();
    float good = sparse->values[entry];
    sparse->values[entry] = NAN;
    sparse_store(sparse, "sparse.safetensors", TENSOR_I64);
    snprintf(part, sizeof part, "#values: expected finite numbers, found NaN in row %lld", (long long)entry);
    CHECK_FAILS(try_all(&names, 1), BAD_INPUT, part);
    sparse->values[entry] = good;
    sparse_store(sparse, "sparse.safetensors", TENSOR_I64);
    CHECK(try_all(&names, 1) == STATUS_OK);
    CHECK_FAILS(try_all(&names, 7), BAD_INPUT, "rows being a multiple of 7 probes, found 901 starts");
    names.width = 999;
    CHECK_FAILS(try_all(&names, 1), BAD_INPUT, "below 999");
    names.width = 0;
    CHECK_FAILS(try_all(&names, 1), BAD_CONFIG, "policy.features.width, 1 to 2147483647, found 0");
    names.width = INT64_C(1) << 40;
    CHECK_FAILS(try_all(&names, 1), BAD_CONFIG, "policy.features.width");
    names = sparse_names();
    names.indices = "sparse.safetensors#values";
    CHECK_FAILS(try_all(&names, 1), BAD_INPUT, "#values: expected integers (i64 or i32), found f32");
    names.indices = "sparse.safetensors#starts";
    CHECK_FAILS(try_all(&names, 1), BAD_INPUT, "#starts: expected one column for each of the");
    names = sparse_names();
    names.starts = "activations-48.safetensors#x";
    CHECK_FAILS(try_all(&names, 1), BAD_INPUT, "#x: expected a vector, found 48 columns");
}

/* Numbers changed at random: read or refused, and nothing else (run under the sanitizers). */
static void check_sparse_damaged(void)
{
    enum { N_DAMAGE = 3000, N_START = 6, N_NUMBER = 16 };
    int64_t starts[N_START] = {0, 3, 3, 5, 9, 10}, indices[] = {0, 2, 5, 1, 3, 0, 1, 2, 3, 6};
    float values[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    struct sparse sparse = {10, N_START - 1, starts, indices, values};
    struct source_names names = sparse_names();
    names.width = 7;
    uint64_t seed = 23;
    int n_good = 0;
    size_t n;
    sparse_store(&sparse, "sparse.safetensors", TENSOR_I64);
    char *bytes = fixture_load("sparse.safetensors", &n);
    char *numbers = bytes + n - sizeof values - N_NUMBER * sizeof(int64_t); /* starts, then indices */
    CHECK(memcmp(numbers, starts, sizeof starts) == 0);
    for (int i = 0; i < N_DAMAGE; i++) {
        char *at = numbers + fixture_random(&seed) % N_NUMBER * sizeof(int64_t);
        int64_t good, bad = fixture_random(&seed) % 4 < 3 ? (int64_t)(fixture_random(&seed) % 14) - 2
                                                          : (int64_t)fixture_random(&seed);
        memcpy(&good, at, sizeof good);
        memcpy(at, &bad, sizeof bad);
        fixture_store("sparse.safetensors", bytes, n);
        enum status status = try_all(&names, 1);
        CHECK(status == STATUS_OK || status == BAD_INPUT);
        n_good += status == STATUS_OK;
        memcpy(at, &good, sizeof good);
    }
    CHECK(n_good > N_DAMAGE / 50 && n_good < N_DAMAGE / 2);
    memory_free(bytes);
}

/* ---- dense ------------------------------------------------------------------------------------------------------ */

enum { N_ITEM = 6, N_DENSE = 11 };

static void check_dense(void)
{
    static float values[N_ITEM][N_PROBE][N_DENSE];
    uint64_t seed = 9;
    for (int64_t k = 0; k < N_ITEM * N_PROBE * N_DENSE; k++)
        ((float *)values)[k] = (float)(fixture_random(&seed) % 5);
    const struct safetensors_item items[] = {{"cube", TENSOR_F32, 3, {N_ITEM, N_PROBE, N_DENSE}, values},
                                             {"flat", TENSOR_F32, 2, {N_ITEM * N_PROBE, N_DENSE}, values},
                                             {"list", TENSOR_F32, 1, {N_ITEM * N_PROBE * N_DENSE}, values},
                                             {"four", TENSOR_F32, 4, {N_ITEM, N_PROBE, 1, N_DENSE}, values}};
    CHECK(safetensors_store(fixture_path("dense.safetensors"), items, 4, NULL) == STATUS_OK);
    for (int flat = 0; flat < 2; flat++) {
        struct source_names names = {.values = flat ? "dense.safetensors#flat" : "dense.safetensors#cube",
                                     .sae = "topk" /* which serves others */};
        struct source *source;
        struct segment_list segments;
        segments_init(&segments);
        CHECK(open_names(&names, N_PROBE, &source) == STATUS_OK);
        CHECK(source_items(source) == N_ITEM && source_columns(source) == N_DENSE && !source_is_sparse(source));
        CHECK(source_workspace_bytes(source, 2) == 2 * (int64_t)sizeof values[0]);
        struct rows rows = read_blocks(source, flat ? 0 : 4, &segments);
        CHECK(rows.n_row == N_ITEM * N_PROBE);
        for (int64_t i = 0; i < N_ITEM * N_PROBE; i++) {
            double expected[N_DENSE];
            for (int j = 0; j < N_DENSE; j++)
                expected[j] = (double)values[i / N_PROBE][i % N_PROBE][j];
            CHECK(row_is(&rows, i, expected));
        }
        check_covered(source, &segments);
        CHECK(source_list_encoder(source, &segments) == STATUS_OK);
        rows_clear(&rows);
        segments_clear(&segments);
        source_close(source);
    }
    struct source_names names = {.values = "dense.safetensors#cube"};
    CHECK_FAILS(try_all(&names, 15), BAD_INPUT, "#cube: expected items x 15 probes x columns, found 30 in place");
    names.values = "dense.safetensors#flat";
    CHECK_FAILS(try_all(&names, 7), BAD_INPUT, "#flat: expected a multiple of 7 rows, one per probe for each item");
    names.values = "dense.safetensors#list";
    CHECK_FAILS(try_all(&names, 1), BAD_INPUT, "#list: expected a matrix, rows x columns, found 1 dimension");
    names.values = "dense.safetensors#four";
    CHECK_FAILS(try_all(&names, N_PROBE), BAD_INPUT, "or items x probes x columns, found 4 dimensions");
    names.values = "dense.safetensors#absent";
    CHECK_FAILS(try_all(&names, 1), BAD_INPUT, "expected a tensor \"absent\"");
    values[2][7][3] = INFINITY;
    CHECK(safetensors_store(fixture_path("dense.safetensors"), items, 2, NULL) == STATUS_OK);
    names.values = "dense.safetensors#flat";
    CHECK_FAILS(try_all(&names, N_PROBE), BAD_INPUT, "#flat: expected finite numbers, found inf in row 67, column 3");
}

/* ---- encoded ---------------------------------------------------------------------------------------------------- */

static bool same_rows(const struct rows *a, const struct rows *b)
{
    size_t n = (size_t)a->start[a->n_row];
    return a->n_row == b->n_row && a->start[a->n_row] == b->start[b->n_row] &&
           memcmp(a->start, b->start, (size_t)(a->n_row + 1) * sizeof *a->start) == 0 &&
           memcmp(a->column, b->column, n * sizeof *a->column) == 0 &&
           memcmp(a->value, b->value, n * sizeof *a->value) == 0;
}

/* Activations of 1,200 rows as items of 30 probes each, both ways of storing them. */
static void store_items(void)
{
    enum { N = 1200, D = 48 };
    float *values = memory_allocate((int64_t)N * D, sizeof *values);
    uint64_t seed = 31;
    for (int64_t k = 0; k < N * D; k++)
        values[k] = (float)(fixture_random(&seed) % 1001) / 250 - 2;
    const struct safetensors_item items[] = {{"cube", TENSOR_F32, 3, {N / N_PROBE, N_PROBE, D}, values},
                                             {"flat", TENSOR_F32, 2, {N, D}, values}};
    CHECK(safetensors_store(fixture_path("items.safetensors"), items, 2, NULL) == STATUS_OK);
    memory_free(values);
}

static void check_encoded(void)
{
    struct source_names names = {
        .activations = "items.safetensors#flat", .sae = "topk", .sae_digits = 3, .backend = "auto"};
    struct source *flat, *cube, *other;
    struct segment_list segments, listed, none;
    segments_init(&segments);
    segments_init(&listed);
    segments_init(&none);
    store_items();
    CHECK(source_open(fixture_directory, "policy.features", &names, 1, &segments, &flat) == STATUS_OK);
    CHECK(source_items(flat) == 1200 && source_columns(flat) == 96 && source_is_sparse(flat));
    CHECK(strcmp(source_description(flat), "top-k encoder of topk, 7 of 96 features") == 0);
    CHECK(source_encoder_bytes(flat) >= 96 * 48 * 3 && source_workspace_bytes(flat, 100) > 100 * 48 * 4);
    CHECK(source_list_encoder(flat, &listed) == STATUS_OK && listed.n == segments.n && listed.n > 4);
    struct rows rows = read_blocks(flat, 0, &segments);
    CHECK(rows.n_row == 1200);
    check_covered(flat, &segments);

    names.activations = "items.safetensors#cube";
    names.backend = NULL;
    names.encoder_of = flat;
    CHECK(source_open(fixture_directory, "policy.pairs", &names, N_PROBE, &none, &cube) == STATUS_OK);
    CHECK(none.n == 0 && source_encoder_bytes(cube) == 0);
    CHECK(source_list_encoder(cube, &none) == STATUS_OK && none.n == 0);
    CHECK(source_items(cube) == 1200 / N_PROBE);
    source_close(flat); /* the encoder stays for the other */
    segments_clear(&segments);
    struct rows again = read_blocks(cube, 3, &segments);
    CHECK(same_rows(&rows, &again));
    rows_clear(&again);
    check_covered(cube, &segments);

    names.sae_digits = 2; /* another encoder: it is opened for itself */
    names.encoder_of = cube;
    CHECK(source_open(fixture_directory, "policy.pairs", &names, N_PROBE, &none, &other) == STATUS_OK);
    CHECK(none.n == listed.n && source_encoder_bytes(other) > 0);
    source_close(other);
    source_close(cube);
    rows_clear(&rows);
    segments_clear(&none);
    segments_clear(&listed);
    segments_clear(&segments);
}

static void check_encoded_refused(void)
{
    static float rows[3][48];
    static const double far[2][48] = {{0}, {-1.7e308, 1.7e308, 1.7e308}};
    for (int k = 0; k < 48; k++)
        rows[0][k] = rows[2][k] = 1;
    const struct safetensors_item items[] = {{"zero", TENSOR_F32, 2, {3, 48}, rows},
                                             {"far", TENSOR_F64, 2, {2, 48}, far}};
    CHECK(safetensors_store(fixture_path("rows.safetensors"), items, 2, NULL) == STATUS_OK);
    struct source_names names = {.activations = "rows.safetensors#zero", .sae = "constant", .sae_digits = 3};
    CHECK_FAILS(try_all(&names, 1), BAD_INPUT,
                "#zero: row 1 of activations, counted from 0: expected a norm above zero");
    names.sae = "layer";
    CHECK(try_all(&names, 1) == STATUS_OK); /* nothing is nothing: SAELens' epsilon */
    names.activations = "rows.safetensors#far";
    CHECK_FAILS(try_all(&names, 1), BAD_INPUT,
                "#far: row 1 of activations, counted from 0: expected a variance within");
    names.sae = "standard";
    CHECK_FAILS(try_all(&names, 1), BAD_INPUT, "expected features within the range of doubles (standard encoder");
    names.sae = "wide";
    CHECK_FAILS(try_all(&names, 1), BAD_INPUT,
                "rows.safetensors#far: expected 64 activations per row, which the encoder in "
                "wide/sae_weights.safetensors takes, found 48");
    names.sae = "bad/nan-weight";
    CHECK_FAILS(try_all(&names, 1), BAD_INPUT, "bad/nan-weight/sae_weights.safetensors#W_enc");
    names.sae = "standard";
    names.sae_digits = 5;
    CHECK_FAILS(try_all(&names, 1), BAD_CONFIG, "expected 1 to 4 digits for the encoder, found 5");
    names.sae_digits = 0;
    CHECK_FAILS(try_all(&names, 1), BAD_CONFIG, "found 0");
    names.sae_digits = 2;
    names.backend = "mkl";
    CHECK_FAILS(try_all(&names, 1), BAD_CONFIG, "policy.backend: expected auto, onednn or blas, found \"mkl\"");
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

static void check_names(void)
{
    static const char found[] = "policy.features: expected values (dense), or values, indices and starts";
    static const struct {
        struct source_names names;
        const char *part;
    } cases[] = {
        {{.width = 3}, "found nothing"},
        {{.sae = "topk"}, "found nothing"},
        {{.indices = "i", .starts = "s"}, "found indices starts"},
        {{.values = "v", .indices = "i"}, "found values indices"},
        {{.values = "v", .starts = "s"}, "found values starts"},
        {{.values = "v", .activations = "a"}, "found values activations"},
        {{.indices = "i", .starts = "s", .activations = "a"}, "found indices starts activations"},
        {{.starts = "s", .activations = "a"}, "found starts activations"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_FAILS(try_all(&cases[i].names, 1), BAD_CONFIG, cases[i].part);
        CHECK_FAILS(try_all(&cases[i].names, 1), BAD_CONFIG, found);
    }
    struct source_names names = {.activations = "activations-48.safetensors#x"};
    CHECK_FAILS(try_all(&names, 1), BAD_CONFIG, "policy.features.activations: activations need an encoder");
}

int main(void)
{
    policy_fixture_write();
    struct sparse sparse = sparse_make();
    check_sparse(&sparse);
    check_sparse_refused(&sparse);
    check_sparse_damaged();
    sparse_clear(&sparse);
    check_dense();
    check_encoded();
    check_encoded_refused();
    check_names();
    fixture_end();
    return check_end();
}
