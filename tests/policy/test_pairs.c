/* The table of the pairs is what refits say, the same bytes on any number of ranks; what does not fit the policy is
 * refused on all ranks, and so are failures and stops half way. */
#include <mpi.h>

#include <math.h>
#include <signal.h>

#include "base/stop.h"
#include "comm/agree.h"
#include "comm/share.h"
#include "policy/pairs.h"
#include "policy/small_gram.h"
#include "tensor/fixture.h"
#include "tensor/safetensors.h"

enum { KEEP_FEATURES = 5, KEEP_PAIRS = 6, WATCHED = 4, MOST_COLUMNS = 64 };
static const double lambda = 0.25;

static int world_rank, world_size;
static int stops = -1; /* the rank that is asked to stop just before pairs are measured */

/* pairs_reference.py VERB DIR [CASE TABLE] on rank 0; true on all ranks if it succeeded. */
static bool run_python(const char *verb, const char *name, const char *table)
{
    int code = 0;
    if (world_rank == 0) {
        const char *source = getenv("ASSAY_SOURCE"), *python = getenv("ASSAY_PYTHON");
        char *folder = source ? path_join(source, "tests/policy") : path_directory(__FILE__);
        struct text command;
        text_init(&command);
        text_add(&command, "'%s' '%s/pairs_reference.py' %s '%s' '%s' '%s'", python ? python : "/usr/bin/python3",
                 folder, verb, fixture_directory, name, table);
        code = system(command.bytes);
        text_clear(&command);
        memory_free(folder);
    }
    MPI_Bcast(&code, 1, MPI_INT, 0, MPI_COMM_WORLD);
    return code == 0;
}

/* ---- one case -------------------------------------------------------------------------------------------------- */

struct shape { /* of a case of pairs_reference.py */
    const char *name;
    int64_t n_probe, n_feature, n_behaviour;
    bool sparse_probes, sparse_pairs, is_change;
};

struct study {
    struct shape shape;
    char *directory; /* owned */
    struct policy_config config;
    struct source_names features;
    char *behaviours[3], *keys[2], *labels[MOST_COLUMNS];
    char label_text[MOST_COLUMNS][32];
    struct pairs_request request;
};

static struct source_names names_of(const char *name, bool sparse, int64_t width)
{
    static char names[2][3][64];
    char(*own)[64] = names[name[0] == 'p'];
    snprintf(own[0], sizeof own[0], sparse ? "%s_values.npy" : "%s.npy", name);
    snprintf(own[1], sizeof own[1], "%s_indices.npy", name);
    snprintf(own[2], sizeof own[2], "%s_starts.npy", name);
    return (struct source_names){
        .values = own[0], .indices = sparse ? own[1] : NULL, .starts = sparse ? own[2] : NULL, .width = width};
}

static const struct shape cases[] = {
    {"dense", 24, 40, 2, false, false, false}, {"change", 24, 40, 2, false, true, true},
    {"tall", 60, 21, 3, true, true, false},    {"mixed", 30, 29, 1, true, false, false},
    {"few", 9, 3, 1, false, true, false},
};

static void study_clear(struct study *study)
{
    memory_free(study->directory);
}

static void study_init(const struct shape *shape, struct study *study)
{
    *study = (struct study){.shape = *shape, .directory = path_join(fixture_directory, shape->name)};
    for (int b = 0; b < 3; b++)
        study->behaviours[b] = (char *)"behaves";
    study->keys[0] = (char *)"policy";
    study->keys[1] = (char *)"license";
    for (int64_t j = 0; j < study->shape.n_feature; j++) {
        snprintf(study->label_text[j], sizeof study->label_text[j], "label %lld", (long long)j / 2);
        study->labels[j] = study->label_text[j];
    }
    study->config = (struct policy_config){.behaviours = {study->behaviours, study->shape.n_behaviour},
                                           .keep_features = KEEP_FEATURES,
                                           .keep_pairs = KEEP_PAIRS,
                                           .keep_watched = WATCHED};
    study->config.pairs.file = (char *)"pairs.jsonl";
    study->config.pairs.group_by = (struct strings){study->keys, 2};
    study->config.pairs.state = study->shape.is_change ? STATE_CHANGE : STATE_AFTER;
    study->config.pairs.behaviour = (char *)"pair_behaviour.npy";
    study->features = names_of("pair_x", study->shape.sparse_pairs, study->shape.n_feature);
    study->request = (struct pairs_request){.directory = study->directory,
                                            .config = &study->config,
                                            .features = &study->features,
                                            .n_probe = study->shape.n_probe,
                                            .n_feature = study->shape.n_feature,
                                            .labels = study->labels};
}

/* The policy's side, as the job hands it over. */
struct ground {
    struct rows x;
    double *y, *small, *deviation;
    int64_t *watched;
    struct shift_base base;
};

static double *read_behaviour(const struct study *study)
{
    struct tensor *tensor = NULL;
    int64_t n = study->shape.n_probe, b = study->shape.n_behaviour;
    double *raw = memory_allocate(n * b, sizeof *raw), *y = memory_allocate(n * b, sizeof *y);
    CHECK(tensor_open(study->directory, "behaviour.npy", &tensor) == STATUS_OK);
    CHECK(tensor_read(tensor, 0, n, raw, NULL) == STATUS_OK);
    for (int64_t i = 0; i < n * b; i++)
        y[i % b * n + i / b] = raw[i];
    tensor_close(tensor);
    memory_free(raw);
    return y;
}

static void ground_init(MPI_Comm comm, const struct study *study, bool dual, struct ground *ground)
{
    struct source_names names = names_of("x", study->shape.sparse_probes, study->shape.n_feature);
    struct source *source = NULL;
    int64_t n = study->shape.n_probe, m = study->shape.n_feature;
    *ground = (struct ground){.deviation = memory_allocate(m, sizeof(double)),
                              .watched = memory_allocate(study->shape.n_behaviour * WATCHED, sizeof(int64_t))};
    CHECK(source_open(study->directory, "x", &names, 1, NULL, &source) == STATUS_OK);
    if (source_is_sparse(source))
        rows_init_sparse(&ground->x, m);
    else
        rows_init_dense(&ground->x, 0, m);
    CHECK(source_read(source, 0, n, &ground->x, NULL) == STATUS_OK);
    source_close(source);
    ground->y = read_behaviour(study);
    ground->small = dual ? small_gram_rows(comm, &ground->x) : small_gram_columns(comm, &ground->x);
    double *sums = memory_allocate(2 * m, sizeof *sums), *row = memory_allocate(m, sizeof *row);
    for (int pass = 0; pass < 2; pass++)
        for (int64_t p = 0; p < n; p++) {
            rows_get(&ground->x, p, row);
            for (int64_t j = 0; j < m; j++)
                sums[pass * m + j] += pass == 0 ? row[j] / (double)n : (row[j] - sums[j]) * (row[j] - sums[j]);
        }
    for (int64_t j = 0; j < m; j++)
        ground->deviation[j] = sqrt(sums[m + j] / (double)n);
    int64_t n_watched = m < WATCHED ? m : WATCHED;
    for (int64_t i = 0; i < study->shape.n_behaviour * n_watched; i++)
        ground->watched[i] = (3 * i + 1) % m;
    memory_free(row);
    memory_free(sums);
    ground->base = (struct shift_base){.dual = dual,
                                       .x = &ground->x,
                                       .y = ground->y,
                                       .small = ground->small,
                                       .n_behaviour = study->shape.n_behaviour,
                                       .lambda = lambda,
                                       .deviation = ground->deviation};
}

static void ground_clear(struct ground *ground)
{
    rows_clear(&ground->x);
    memory_free(ground->y);
    memory_free(ground->small);
    memory_free(ground->deviation);
    memory_free(ground->watched);
}

/* Opens, lays the table out, runs and closes: what the job does.  What was read must be what was announced. */
static enum status run_study(MPI_Comm comm, const struct study *study, bool dual, const char *path)
{
    struct pairs *pairs = NULL;
    struct ground ground;
    struct segment_list read, announced;
    struct table *table = NULL;
    int rank;
    MPI_Comm_rank(comm, &rank);
    segments_init(&read);
    segments_init(&announced);
    enum status status = pairs_open(comm, &study->request, NULL, &pairs);
    if (status != STATUS_OK)
        return status;
    ground_init(comm, study, dual, &ground);
    CHECK(pairs_list_segments(pairs, &announced) == STATUS_OK);
    CHECK(pairs_bytes(pairs, dual) > 0 && pairs_operations(pairs, dual) > 0);
    CHECK(pairs_watched(pairs) == (study->shape.n_feature < WATCHED ? study->shape.n_feature : WATCHED));
    struct dataset *datasets = memory_allocate(pairs_n_dataset(pairs), sizeof *datasets);
    pairs_datasets(pairs, datasets);
    status = table_create(comm, path, datasets, pairs_n_dataset(pairs), NULL, 0, &table);
    struct pairs_output output = {.table = table, .segments = &read, .watched = ground.watched};
    if (world_rank == stops) {
        stop_listen();
        raise(SIGUSR1);
    }
    if (status == STATUS_OK)
        status = pairs_run(comm, pairs, &ground.base, &output);
    char *sentence = memory_copy_text(failure_sentence());
    enum status closed = table != NULL ? table_close(table, status == STATUS_OK) : STATUS_OK;
    if (status == STATUS_OK)
        status = closed;
    else
        fail(status, "%s", sentence);
    memory_free(sentence);
    if (status == STATUS_OK && share_segments(comm, &read) == STATUS_OK && rank == 0) {
        CHECK(segments_sort(&announced) == STATUS_OK && read.n == announced.n);
        for (int64_t i = 0; i < read.n && i < announced.n; i++)
            CHECK(strcmp(read.items[i].path, announced.items[i].path) == 0 &&
                  read.items[i].offset == announced.items[i].offset && read.items[i].bytes == announced.items[i].bytes);
    }
    memory_free(datasets);
    segments_clear(&read);
    segments_clear(&announced);
    ground_clear(&ground);
    pairs_close(pairs);
    return status;
}

/* ---- results --------------------------------------------------------------------------------------------------- */

/* The table of all ranks equals that of the first k of them, for smaller k; and refits. */
static void test_case(const struct shape *shape)
{
    struct study study;
    study_init(shape, &study);
    bool dual = study.shape.n_probe <= study.shape.n_feature + 1;
    char *path = path_join(study.directory, "all.h5"), *other = path_join(study.directory, "some.h5");
    CHECK(run_study(MPI_COMM_WORLD, &study, dual, path) == STATUS_OK);
    CHECK(run_python("check", study.shape.name, path));
    for (int n = world_size / 2; n >= 1; n /= 2) {
        MPI_Comm some;
        MPI_Comm_split(MPI_COMM_WORLD, world_rank < n ? 0 : MPI_UNDEFINED, 0, &some);
        if (some == MPI_COMM_NULL)
            continue;
        CHECK(run_study(some, &study, dual, other) == STATUS_OK);
        if (world_rank == 0) {
            char *a = NULL, *b = NULL;
            size_t n_a = 0, n_b = 0;
            CHECK(file_load(path, INT64_C(1) << 30, &a, &n_a) == STATUS_OK);
            CHECK(file_load(other, INT64_C(1) << 30, &b, &n_b) == STATUS_OK);
            CHECK(n_a == n_b && n_a > 0 && memcmp(a, b, n_a) == 0);
            memory_free(a);
            memory_free(b);
        }
        MPI_Comm_free(&some);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK(run_study(MPI_COMM_WORLD, &study, !dual, other) == STATUS_OK); /* a base of the other form */
    CHECK(run_python("check", study.shape.name, other));
    memory_free(other);
    memory_free(path);
    study_clear(&study);
}

/* ---- refusals -------------------------------------------------------------------------------------------------- */

/* A file beside those of the case, written by rank 0 alone. */
static void store_text(const struct study *study, const char *name, const char *text)
{
    char *path = path_join(study->directory, name);
    if (world_rank == 0)
        CHECK(file_store(path, text, strlen(text), 0644) == STATUS_OK);
    memory_free(path);
    MPI_Barrier(MPI_COMM_WORLD);
}

static void store_numbers(const struct study *study, const char *name, int n_dim, const int64_t *dims, double bad)
{
    char *path = path_join(study->directory, name);
    int64_t n = 1;
    struct safetensors_item item = {.name = "t", .type = TENSOR_F64, .n_dim = n_dim};
    for (int i = 0; i < n_dim; i++) {
        item.dims[i] = dims[i];
        n *= dims[i];
    }
    double *values = memory_allocate(n, sizeof *values);
    values[n - 1] = bad;
    item.data = values;
    if (world_rank == 0)
        CHECK(safetensors_store(path, &item, 1, NULL) == STATUS_OK);
    memory_free(values);
    memory_free(path);
    MPI_Barrier(MPI_COMM_WORLD);
}

/* The same refusal on all ranks, and by one process alone. */
static void check_refused(const struct study *study, enum status expected, const char *part)
{
    struct pairs *pairs = NULL;
    CHECK_FAILS(pairs_open(MPI_COMM_WORLD, &study->request, NULL, &pairs), expected, part);
    CHECK_FAILS(pairs_open_local(&study->request, NULL, &pairs), expected, part);
    CHECK(pairs == NULL);
}

static void test_shapes_refused(void)
{
    struct study study;
    study_init(&cases[1], &study); /* 33 pairs × 24 probes × 40 features, two behaviours */
    store_text(&study, "two.jsonl", "{\"id\": 1}\n{\"id\": 2}\n");
    study.config.pairs.file = (char *)"two.jsonl";
    study.config.pairs.group_by.n = 0;
    check_refused(&study, BAD_INPUT, "the 2 pairs of two.jsonl for each of 24 probes, found 33");
    study.config.pairs.file = (char *)"none.jsonl";
    check_refused(&study, BAD_INPUT, "none.jsonl");
    study_clear(&study);
    study_init(&cases[1], &study);
    study.request.n_probe = 25;
    check_refused(&study, BAD_INPUT, "25");
    study_clear(&study);
    study_init(&cases[1], &study);
    study.config.behaviours.n = 3;
    check_refused(&study, BAD_INPUT, "expected pairs x probes x behaviours, 33 x 24 x 3, found 33 x 24 x 2");
    study.config.pairs.behaviour = (char *)"none.npy";
    check_refused(&study, BAD_INPUT, "none.npy");
    study_clear(&study);
    study_init(&cases[0], &study); /* dense */
    study.labels[40] = (char *)"of none";
    study.request.n_feature = 41;
    check_refused(&study, BAD_INPUT, "expected the policy's 41 features, found 40");
    study.request.n_feature = 40;
    study.features.activations = study.features.values;
    study.features.values = NULL;
    study.config.pairs.state = STATE_CHANGE;
    check_refused(&study, BAD_CONFIG, "policy.pairs.state: expected \"after\"");
    study_clear(&study);
    study_init(&cases[0], &study);
    study.keys[1] = (char *)"nobody";
    check_refused(&study, BAD_CONFIG, "policy.pairs.group_by");
    study_clear(&study);
}

/* What only shows while pairs are read or measured: the same on all ranks, and no table. */
static void test_numbers_refused(void)
{
    struct study study;
    study_init(&cases[4], &study); /* 2 pairs × 9 probes × 3 features */
    char *path = path_join(study.directory, "refused.h5");
    const int64_t rows[] = {2, 9, 3}, behaviours[] = {2, 9, 1};
    store_numbers(&study, "nan.safetensors", 3, rows, (double)NAN);
    store_numbers(&study, "huge.safetensors", 3, rows, 1e200);
    store_numbers(&study, "infinite.safetensors", 3, behaviours, (double)INFINITY);
    study.features = (struct source_names){.values = "nan.safetensors#t"};
    CHECK_FAILS(run_study(MPI_COMM_WORLD, &study, false, path), BAD_INPUT, "nan.safetensors");
    study.features.values = "huge.safetensors#t";
    CHECK_FAILS(run_study(MPI_COMM_WORLD, &study, false, path), NOT_CONVERGED, "policy: pair \"pair-001\": expected");
    study_clear(&study);
    study_init(&cases[4], &study);
    study.config.pairs.behaviour = (char *)"infinite.safetensors#t";
    CHECK_FAILS(run_study(MPI_COMM_WORLD, &study, false, path), BAD_INPUT, "infinite.safetensors");
    CHECK(!path_exists(path));
    memory_free(path);
    study_clear(&study);
}

/* Whatever agreement fails, on whatever rank, all ranks leave with the same failure and can begin again. */
static void test_faults(void)
{
    struct study study;
    study_init(&cases[0], &study);
    char *path = path_join(study.directory, "faults.h5");
    enum status status = FAULT_INJECTED;
    for (long k = 1; status != STATUS_OK && k < 60; k++) {
        agree_fail_at(k, (int)(k % world_size));
        status = run_study(MPI_COMM_WORLD, &study, true, path);
        agree_fail_at(0, 0);
        int codes[2] = {(int)status, -(int)status};
        MPI_Allreduce(MPI_IN_PLACE, codes, 2, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
        CHECK(codes[0] == -codes[1]);
        CHECK(status == STATUS_OK || strstr(failure_sentence(), "fault") != NULL || failure_sentence()[0] != 0);
    }
    CHECK(status == STATUS_OK);
    memory_free(path);
    study_clear(&study);
}

/* One rank is asked to stop: all stop, in the same round. */
static void test_stop(void)
{
    struct study study;
    study_init(&cases[0], &study);
    char *path = path_join(study.directory, "stopped.h5");
    stops = world_size - 1;
    /* The last of many ranks may have no pairs: then nobody is asked. */
    enum status status = run_study(MPI_COMM_WORLD, &study, true, path);
    int has_pairs = world_size <= 4;
    CHECK(status == (has_pairs ? STOPPED : STATUS_OK));
    if (has_pairs)
        CHECK(strstr(failure_sentence(), "begin anew") != NULL && !path_exists(path));
    MPI_Barrier(MPI_COMM_WORLD);
    memory_free(path);
    study_clear(&study);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &world_rank);
    MPI_Comm_size(MPI_COMM_WORLD, &world_size);
    if (world_rank == 0)
        fixture_begin();
    MPI_Bcast(fixture_directory, sizeof fixture_directory, MPI_CHAR, 0, MPI_COMM_WORLD);
    CHECK(run_python("write", "", ""));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        test_case(&cases[i]);
    test_shapes_refused();
    test_numbers_refused();
    test_faults();
    test_stop();
    MPI_Barrier(MPI_COMM_WORLD);
    if (world_rank == 0)
        fixture_end();
    int code = check_end_mpi(MPI_COMM_WORLD);
    MPI_Finalize();
    return code;
}
