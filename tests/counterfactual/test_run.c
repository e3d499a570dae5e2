/* On one feature of ±1 everything has a closed form: the job's table holds it on any number of ranks, and what cannot
 * be meant is refused on all of them with one sentence. */
#include <mpi.h>

#include "counterfactual/counterfactual.h"

#include <math.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "check.h"
#include "comm/agree.h"
#include "table/load.h"

enum { ROWS = 24, QUERIES = 2, SETS = 9 };
#define LAMBDA 2.0

static MPI_Comm comm = MPI_COMM_NULL;
static int rank;
static char directory[4096];
static double x[ROWS], y[ROWS];

static void store(const char *name, const char *bytes, size_t n)
{
    char *path = path_join(directory, name);
    if (rank == 0)
        CHECK(file_store(path, bytes, n, 0666) == STATUS_OK);
    memory_free(path);
    MPI_Barrier(comm);
}

/* An npy file of doubles, n × m. */
static void store_matrix(const char *name, const double *values, int64_t n, int64_t m)
{
    struct text text;
    text_init(&text);
    text_add(&text, "{'descr': '<f8', 'fortran_order': False, 'shape': (%lld, %lld), }", (long long)n, (long long)m);
    while ((text.length + 11) % 64 != 0)
        text_add(&text, " ");
    text_add(&text, "\n");
    struct text file;
    text_init(&file);
    const uint8_t head[] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (uint8_t)text.length, 0};
    text_add_bytes(&file, head, sizeof head);
    text_add_bytes(&file, text.bytes, text.length);
    text_add_bytes(&file, values, (size_t)(n * m) * sizeof *values);
    store(name, file.bytes, file.length);
    text_clear(&file);
    text_clear(&text);
}

static void store_inputs(void)
{
    struct text lines;
    text_init(&lines);
    for (int i = 0; i < ROWS; i++) {
        x[i] = i % 2 ? 1 : -1;
        y[i] = 0.25 * i - 0.5 * x[i];
        text_add(&lines, "{\"id\": \"s%d\", \"third\": \"%c\", \"all\": \"same\"}\n", i, 'a' + i % 3);
    }
    store("samples.jsonl", lines.bytes, lines.length);
    text_clear(&lines);
    static const char queries[] = "{\"id\": \"up\"}\n{\"id\": \"down\"}\n";
    static const char scenarios[] = "{\"name\": \"pair\", \"ids\": [\"s4\", \"s9\", \"s4\"]}\n";
    store("queries.jsonl", queries, sizeof queries - 1);
    store("scenarios.jsonl", scenarios, sizeof scenarios - 1);
    const double asked[QUERIES] = {1, -1};
    store_matrix("x.npy", x, ROWS, 1);
    store_matrix("y.npy", y, ROWS, 1);
    store_matrix("asked.npy", asked, QUERIES, 1);
    double masks[SETS * ROWS], outputs[SETS * QUERIES], baseline[QUERIES] = {1, 2};
    for (int i = 0; i < SETS * ROWS; i++)
        masks[i] = (i * 7 + i / ROWS) % 3 != 0;
    for (int i = 0; i < SETS * QUERIES; i++)
        outputs[i] = (double)((i * 5) % 7);
    store_matrix("masks.npy", masks, SETS, ROWS);
    store_matrix("outputs.npy", outputs, SETS, QUERIES);
    store_matrix("baseline.npy", baseline, 1, QUERIES);
}

static enum status run(const char *more, struct counterfactual_outcome *outcome)
{
    static const struct section *const sections[] = {&samples_section, &counterfactual_section, NULL};
    struct text text;
    struct config config;
    struct strings also = {0};
    text_init(&text);
    text_add(&text,
             "{\"samples\": {\"file\": \"samples.jsonl\", \"group_by\": [\"third\", \"all\"]}, \"counterfactual\": "
             "{\"queries\": \"queries.jsonl\", \"block_rows\": 5, \"ridge\": {\"features\": \"x.npy\", \"targets\": "
             "\"y.npy\", \"queries\": \"asked.npy\", \"lambda\": 2, \"threshold\": 3}%s}}",
             more);
    CHECK(config_parse(text.bytes, text.length, "config.json", sections, &config) == STATUS_OK);
    struct inquiry_request request = {.directory = directory,
                                      .samples = config_get(&config, "samples"),
                                      .counterfactual = config_get(&config, "counterfactual"),
                                      .also = &also};
    enum status status = counterfactual_run(comm, &request, directory, text.bytes, false, outcome);
    config_clear(&config);
    text_clear(&text);
    return status;
}

/* The ridge of y on (1, x) without some rows: two unknowns. */
static void fit(bool (*gone)(int i), double outputs[QUERIES])
{
    double n = 0, sx = 0, sy = 0, sxy = 0;
    for (int i = 0; i < ROWS; i++)
        if (!gone(i)) {
            n++;
            sx += x[i];
            sy += y[i];
            sxy += x[i] * y[i];
        }
    double slope = (sxy - sx * sy / n) / (n + LAMBDA - sx * sx / n), intercept = (sy - slope * sx) / n;
    outputs[0] = intercept + slope;
    outputs[1] = intercept - slope;
}

static bool none(int i)
{
    return i < 0;
}
static bool first_third(int i)
{
    return i % 3 == 0;
}
static bool pair(int i)
{
    return i == 4 || i == 9;
}

static void check_scenario(struct table_reader *reader, const char *name, bool (*gone)(int i), int64_t count)
{
    int64_t n = table_extent_of(reader, "/scenarios/name", 0), s = 0;
    bool found = false;
    for (; s < n && !found; s++) {
        char *text = table_load_text(reader, "/scenarios/name", s);
        found = text != NULL && strcmp(text, name) == 0;
        memory_free(text);
    }
    CHECK(found);
    double before[QUERIES], after[QUERIES];
    fit(none, before);
    fit(gone, after);
    double *change = table_load(reader, "/ridge/change/prediction", TABLE_F64, n * QUERIES);
    int64_t *counts = table_load(reader, "/scenarios/count", TABLE_I64, n);
    for (int q = 0; q < QUERIES && change != NULL && found; q++)
        CHECK(fabs(change[(s - 1) * QUERIES + q] - (after[q] - before[q])) < 1e-13);
    CHECK(counts != NULL && found && counts[s - 1] == count);
    memory_free(counts);
    memory_free(change);
}

static void check_table(void)
{
    struct counterfactual_outcome outcome;
    CHECK(run(", \"scenarios\": \"scenarios.jsonl\"", &outcome) == STATUS_OK);
    CHECK(outcome.ridge && !outcome.network && outcome.n_scenario == 4 && !outcome.unchanged);
    CHECK(run(", \"scenarios\": \"scenarios.jsonl\"", &outcome) == STATUS_OK && outcome.unchanged);
    if (rank == 0) {
        struct table_reader *reader = NULL;
        char *path = path_join(directory, "counterfactual.h5");
        CHECK(table_open(path, &reader) == STATUS_OK);
        check_scenario(reader, "third=a", first_third, ROWS / 3);
        check_scenario(reader, "pair", pair, 2);
        CHECK(strcmp(table_attribute(reader, "left out"), "all=same") == 0);
        double *prediction = table_load(reader, "/ridge/prediction", TABLE_F64, QUERIES), expected[QUERIES];
        fit(none, expected);
        for (int q = 0; q < QUERIES && prediction != NULL; q++)
            CHECK(fabs(prediction[q] - expected[q]) < 1e-13);
        CHECK(prediction != NULL);
        memory_free(prediction);
        struct text summary;
        text_init(&summary);
        CHECK(counterfactual_summary(path, &summary) == STATUS_OK && strstr(summary.bytes, "third=a") != NULL);
        text_clear(&summary);
        table_reader_close(reader);
        memory_free(path);
    }
    MPI_Barrier(comm);
}

static void check_refusals(void)
{
    struct counterfactual_outcome outcome;
    CHECK_FAILS(run(", \"without\": [\"third=d\"]", &outcome), BAD_CONFIG, "names nothing");
    CHECK_FAILS(run(", \"without\": [\"all=same\"]", &outcome), BAD_CONFIG, "names everything");
    CHECK_FAILS(run(", \"without\": [\"id=s99\"]", &outcome), BAD_INPUT, "no training sample");
    CHECK_FAILS(run(", \"without\": [\"third\"]", &outcome), BAD_CONFIG, "COLUMN=VALUE");
    CHECK_FAILS(run(", \"without\": [\"fourth=a\"]", &outcome), BAD_CONFIG, "samples.group_by");
    CHECK_FAILS(run(", \"without\": [\"id=s1\", \"id=s1\"]", &outcome), BAD_CONFIG, "twice");
    CHECK_FAILS(run(", \"groups\": false", &outcome), BAD_CONFIG, "at least one scenario");
    CHECK_FAILS(run(", \"memory\": \"1 MiB\", \"flip\": {\"candidates\": 20000}", &outcome), CANNOT_FIT,
                "counterfactual.memory");
}

/* Every verdict of the job fails in turn on some rank: all leave together, and nothing incomplete has a
 * final name. */
static void check_faults(void)
{
    static const char *const all = ", \"scenarios\": \"scenarios.jsonl\", \"truth\": {\"baseline\": \"baseline.npy\", "
                                   "\"subsets\": \"masks.npy\", \"subset_outputs\": \"outputs.npy\"}";
    struct counterfactual_outcome outcome;
    char *path = path_join(directory, "counterfactual.h5");
    enum status status = FAULT_INJECTED;
    long k = 0, left = 0;
    int size;
    MPI_Comm_size(comm, &size);
    for (; status != STATUS_OK && k < 100; MPI_Barrier(comm)) {
        if (rank == 0)
            unlink(path);
        MPI_Barrier(comm);
        k++;
        agree_fail_at(k, (int)(k % size));
        status = run(all, &outcome);
        agree_fail_at(0, 0);
        CHECK(status == STATUS_OK || status == FAULT_INJECTED);
        CHECK(status != STATUS_OK || outcome.n_retrained == SETS);
        left += status != STATUS_OK && path_exists(path);
    }
    CHECK(k > 25 && k < 100);
    CHECK(left == 1); /* after the verdict on the last step alone: it had its name already */
    memory_free(path);
}

static void remove_files(void)
{
    static const char *const names[] = {"samples.jsonl", "queries.jsonl", "scenarios.jsonl",   "x.npy",
                                        "y.npy",         "asked.npy",     "counterfactual.h5", "masks.npy",
                                        "outputs.npy",   "baseline.npy"};
    for (size_t i = 0; i < sizeof names / sizeof *names && rank == 0; i++) {
        char *path = path_join(directory, names[i]);
        CHECK(unlink(path) == 0);
        memory_free(path);
    }
    if (rank == 0)
        CHECK(rmdir(directory) == 0); /* and nothing else was left */
}

int main(int n, char **arguments)
{
    MPI_Init(&n, &arguments);
    comm = MPI_COMM_WORLD;
    MPI_Comm_rank(comm, &rank);
    const char *base = getenv("TMPDIR");
    snprintf(directory, sizeof directory, "%s/assay-counterfactual-XXXXXX", base ? base : P_tmpdir);
    if (rank == 0)
        CHECK(mkdtemp(directory) != NULL);
    MPI_Bcast(directory, sizeof directory, MPI_CHAR, 0, comm);
    store_inputs();
    check_table();
    check_refusals();
    check_faults();
    remove_files();
    int failed = check_end_mpi(comm);
    MPI_Finalize();
    return failed;
}
