/* Any number of ranks finds the same in a samples file, by digest of all that is found: counts, values, segments, rows;
 * with one bad line, a value too many or an id twice, wherever they are, every rank says the same sentence, the one
 * that one process says without MPI; a file that changes between two readings is refused. */
#include <mpi.h>

#include "records/file_of.h"

#include "comm/agree.h"
#include "comm/share.h"

static char *group_keys[] = {"policy", "n"};
static const struct samples_config grouped = {
    .file = "s.jsonl", .id = "id", .split = "split", .train = "train", .group_by = {group_keys, 2}};
static int rank, size;

/* Rank 0 writes, when nobody reads any more. */
static void put(const struct text *text)
{
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0)
        records_write("s.jsonl", text->bytes, text->length);
    MPI_Barrier(MPI_COMM_WORLD);
}

static void add_line(struct text *text, int64_t i)
{
    if (i % 5 == 2)
        text_add(text, "{\"id\": \"held-%lld\", \"split\": \"test\", \"more\": [1, {\"a\": null}]}\r\n", (long long)i);
    else
        text_add(
            text,
            "{\"id\": \"sample-%lld\", \"split\": \"train\", \"policy\": \"p%lld\", \"n\": %lld, \"t\": \"%.*s\"}\n",
            (long long)i, (long long)(i * i % 11), (long long)(i % 3), (int)(i % 97),
            "the text of a sample, which is longer in some lines than in others, as texts of samples mostly are");
}

static void make(struct text *text, int64_t n)
{
    text->length = 0;
    for (int64_t i = 0; i < n; i++)
        add_line(text, i);
}

/* All that is known of a file, row by row in blocks of `block`, as one digest. */
static void digest_all(const struct samples *samples, const struct segment_list *segments, int64_t block,
                       uint8_t sha256[DIGEST_BYTES])
{
    struct digest *digest = digest_create();
    struct sample_rows rows;
    struct sample_reader reader;
    int64_t figures[] = {samples->n, samples->n_record, samples->id_bytes, samples->n_column};
    digest_begin(digest);
    digest_add(digest, figures, sizeof figures);
    for (int64_t c = 0; c < samples->n_column; c++)
        for (int64_t v = 0; v < samples->columns[c].n_value; v++) {
            digest_add(digest, samples->columns[c].values[v], strlen(samples->columns[c].values[v]) + 1);
            digest_add(digest, &samples->columns[c].count[v], sizeof(int64_t));
        }
    for (int64_t s = 0; s < segments->n; s++)
        digest_add(digest, segments->items[s].sha256, DIGEST_BYTES);
    sample_reader_init(samples, &reader);
    sample_rows_init(samples, block, &rows);
    for (int64_t first = 0; first < samples->n; first += block) {
        int64_t n = samples->n - first < block ? samples->n - first : block;
        CHECK(sample_rows_read(&rows, &reader, first, n) == STATUS_OK && rows.first == first && rows.n == n);
        digest_add(digest, rows.ids, (size_t)(n * samples->id_bytes));
        for (int64_t i = 0; i < n; i++)
            for (int64_t c = 0; c < samples->n_column; c++)
                digest_add(digest, sample_rows_codes(&rows, c) + i, sizeof(int32_t));
    }
    sample_rows_clear(&rows);
    sample_reader_clear(&reader);
    digest_end(digest, sha256);
    digest_destroy(digest);
}

/* With all ranks, and in this process alone with other memory: the same. */
static void compare(int64_t memory, int64_t n_train)
{
    struct samples together, alone;
    struct segment_list gathered, own;
    uint8_t found[DIGEST_BYTES], expected[DIGEST_BYTES];
    segments_init(&gathered);
    segments_init(&own);
    CHECK(samples_open(MPI_COMM_WORLD, records_folder, &grouped, memory, &together, &gathered) == STATUS_OK);
    CHECK(samples_open(MPI_COMM_NULL, records_folder, &grouped, 1 << 26, &alone, &own) == STATUS_OK);
    CHECK(together.n == n_train && own.n == 1 && gathered.n == (rank == 0));
    CHECK(own.items[0].bytes == together.pieces.bytes && own.items[0].offset == 0);
    digest_all(&alone, &own, 777, expected);
    digest_all(&together, rank == 0 ? &gathered : &own, 777, found);
    CHECK(memcmp(found, expected, DIGEST_BYTES) == 0);
    samples_clear(&together);
    samples_clear(&alone);
    segments_clear(&gathered);
    segments_clear(&own);
}

static void test_same(void)
{
    static const int64_t lengths[] = {1, 2, 13, 800, 6000};
    struct text text;
    text_init(&text);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        int64_t n = lengths[i], held = (n + 2) / 5;
        make(&text, n);
        put(&text);
        compare(1 << 20, n - held);
        compare(1 << 17, n - held); /* several passes over the ids */
        text.length--;              /* the last line ends with the file */
        put(&text);
        compare(1 << 20, n - held);
    }
    text_clear(&text);
}

/* Rows in any order of blocks, and of a block again. */
static void test_blocks(void)
{
    enum { N = 5000, BLOCK = 64 };
    struct text text;
    struct samples samples;
    struct sample_rows all, some;
    struct sample_reader reader;
    text_init(&text);
    make(&text, N);
    put(&text);
    CHECK(samples_open(MPI_COMM_WORLD, records_folder, &grouped, 1 << 20, &samples, NULL) == STATUS_OK);
    CHECK(samples.pieces.n > 4);
    sample_reader_init(&samples, &reader);
    sample_rows_init(&samples, samples.n, &all);
    sample_rows_init(&samples, BLOCK, &some);
    CHECK(sample_rows_read(&all, &reader, 0, samples.n) == STATUS_OK);
    for (int64_t k = 0; k < 200; k++) {
        int64_t first = k * (k % 3 ? 17 : 1237) % (samples.n - BLOCK + 1), n = 1 + k % BLOCK;
        CHECK(sample_rows_read(&some, &reader, first, n) == STATUS_OK);
        CHECK(memcmp(some.ids, all.ids + first * samples.id_bytes, (size_t)(n * samples.id_bytes)) == 0);
        for (int64_t c = 0; c < samples.n_column; c++)
            CHECK(memcmp(sample_rows_codes(&some, c), sample_rows_codes(&all, c) + first,
                         (size_t)n * sizeof(int32_t)) == 0);
    }
    CHECK(strcmp(row_id(&all, 2), "sample-3") == 0);
    sample_rows_clear(&all);
    sample_rows_clear(&some);
    sample_reader_clear(&reader);
    samples_clear(&samples);
    text_clear(&text);
}

/* All ranks fail with this sentence, and so does one process alone. */
static void check_refused(const struct text *text, const char *expected)
{
    struct samples samples;
    put(text);
    CHECK_FAILS(samples_open(MPI_COMM_WORLD, records_folder, &grouped, 1 << 20, &samples, NULL), BAD_INPUT, expected);
    CHECK(samples.n == 0 && samples.pieces.items == NULL);
    CHECK_FAILS(samples_open(MPI_COMM_WORLD, records_folder, &grouped, 1 << 17, &samples, NULL), BAD_INPUT, expected);
    if (rank == 0)
        CHECK_FAILS(samples_open(MPI_COMM_NULL, records_folder, &grouped, 1 << 20, &samples, NULL), BAD_INPUT,
                    expected);
}

enum { LINES = 3001 };

/* `bad` in the place of one line, or of two. */
static void check_line(int64_t at, int64_t and_at, const char *bad, const char *expected)
{
    struct text text;
    text_init(&text);
    for (int64_t i = 0; i < LINES; i++)
        if (i == at || i == and_at)
            text_add(&text, "%s\n", bad);
        else
            add_line(&text, i);
    check_refused(&text, expected);
    text_clear(&text);
}

static void test_bad_lines(void)
{
    static const int64_t places[] = {0, 1733, LINES - 1};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char expected[128];
        snprintf(expected, sizeof expected, "s.jsonl: line %lld: expected a JSON object, found a blank line",
                 (long long)places[i] + 1);
        check_line(places[i], -1, " ", expected);
        snprintf(expected, sizeof expected, "s.jsonl: line %lld, column 8: expected a value", (long long)places[i] + 1);
        check_line(places[i], LINES - 1, "{\"id\": }", expected);
        snprintf(expected, sizeof expected, "s.jsonl: line %lld: policy: expected a string, number",
                 (long long)places[i] + 1);
        check_line(places[i], -1, "{\"id\": \"x\", \"split\": \"train\", \"policy\": [1]}", expected);
    }
    check_line(3, 3000, "{\"id\": \"twice\", \"split\": \"test\"}",
               "s.jsonl: line 3001: id: expected an id of its own, found \"twice\", which line 4 has too");
    check_line(1698, 1700, "{\"id\": \"twice\", \"split\": \"train\"}",
               "s.jsonl: line 1701: id: expected an id of its own, found \"twice\", which line 1699 has too");
}

/* Every id comes twice: the first repetition is told. */
static void test_all_twice(void)
{
    struct text text;
    text_init(&text);
    make(&text, 3000);
    for (int64_t i = 0; i < 3000; i++)
        add_line(&text, (i + 1700) % 3000);
    check_refused(&text,
                  "s.jsonl: line 3001: id: expected an id of its own, found \"sample-1700\", which line 1701 has too");
    text_clear(&text);
}

/* More values than a key may have, of which no rank need see more than its part. */
static void test_values(void)
{
    struct text text;
    text_init(&text);
    for (int i = 0; i < 70000; i++)
        text_add(&text, "{\"id\": %d, \"split\": \"train\", \"policy\": \"v%d\"}\n", i, i < 60000 ? i / 2 : i);
    /* 30,000 values in 60,000 lines, then one more in each. */
    text_add(&text, "{\"id\": \"end\", \"split\": \"train\"}");
    for (int i = 70000; i < 100000; i++)
        text_add(&text, "\n{\"id\": %d, \"split\": \"train\", \"policy\": \"v%d\"}", i, i);
    /* 65,536 of them are reached in line 70,001 + 25,536 − 1 (the empty one is among them). */
    check_refused(&text,
                  "s.jsonl: line 95537: policy: expected at most 65,536 different values in the file (leave the key "
                  "out of group_by), found \"v95535\"");
    text_clear(&text);
}

static void test_empty(void)
{
    struct text text;
    text_init(&text);
    text_add_bytes(&text, "", 0);
    check_refused(&text, "s.jsonl: expected at least one sample, found an empty file");
    for (int i = 0; i < 4000; i++)
        text_add(&text, "{\"id\": %d, \"split\": \"test\", \"note\": \"%064d\"}\n", i, i);
    check_refused(&text, "s.jsonl: expected at least one training sample, found none of 4000 with split \"train\"");
    text_clear(&text);
    const struct samples_config none = {.file = "none.jsonl", .id = "id", .train = "train"};
    struct samples samples;
    CHECK_FAILS(samples_open(MPI_COMM_WORLD, records_folder, &none, 1 << 20, &samples, NULL), BAD_INPUT, "none.jsonl");
    CHECK_FAILS(samples_open(MPI_COMM_NULL, records_folder, &none, 1 << 20, &samples, NULL), BAD_INPUT, "none.jsonl");
}

/* The same length, other bytes; and a shorter file. */
static void test_changed(void)
{
    struct text text;
    struct samples samples;
    struct sample_rows rows;
    struct sample_reader reader;
    text_init(&text);
    make(&text, 4000);
    put(&text);
    CHECK(samples_open(MPI_COMM_WORLD, records_folder, &grouped, 1 << 20, &samples, NULL) == STATUS_OK);
    char *at = strstr(text.bytes, "sample-2003");
    at[10] = '4';
    put(&text);
    sample_reader_init(&samples, &reader);
    sample_rows_init(&samples, 100, &rows);
    CHECK(sample_rows_read(&rows, &reader, 0, 100) == STATUS_OK);
    CHECK_FAILS(sample_rows_read(&rows, &reader, 1600, 100), BAD_INPUT, "the file changed during the job");
    CHECK(sample_rows_read(&rows, &reader, 100, 100) == STATUS_OK); /* what is sound can still be read */
    text.length = 70000;
    put(&text);
    CHECK_FAILS(sample_rows_read(&rows, &reader, 3000, 100), BAD_INPUT, "s.jsonl");
    sample_rows_clear(&rows);
    sample_reader_clear(&reader);
    samples_clear(&samples);
    text_clear(&text);
}

/* Whichever agreement fails, all ranks leave together, and nothing is left. */
static void test_faults(void)
{
    struct text text;
    text_init(&text);
    make(&text, 500);
    put(&text);
    bool failed = true;
    for (long k = 1; failed; k++) {
        struct samples samples;
        agree_fail_at(agree_calls() + k, (int)(k % size));
        enum status status = samples_open(MPI_COMM_WORLD, records_folder, &grouped, 1 << 20, &samples, NULL);
        failed = status != STATUS_OK;
        CHECK(!failed || (status == FAULT_INJECTED && samples.pieces.items == NULL));
        samples_clear(&samples);
        CHECK(k < 100);
    }
    agree_fail_at(0, 0);
    text_clear(&text);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (rank == 0)
        records_folder_make();
    MPI_Bcast(records_folder, sizeof records_folder, MPI_CHAR, 0, MPI_COMM_WORLD);
    test_same();
    test_blocks();
    test_bad_lines();
    test_all_twice();
    test_values();
    test_empty();
    test_changed();
    test_faults();
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0)
        records_folder_remove("s.jsonl");
    int code = check_end_mpi(MPI_COMM_WORLD);
    MPI_Finalize();
    return code;
}
