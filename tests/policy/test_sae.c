/* Encoders in the published layouts give the features that plain float64 arithmetic gives, the same bits with every
 * backend and any cut of rows; every byte of their files is hashed; what is wrong or damaged is refused. */
#include <math.h>

#include "policy/fixture.h"
#include "policy/sae_active.h"
#include "policy/sae_encode.h"
#include "policy/source.h"

enum { N_FIELD = 6, FIELD_NAME = 0, FIELD_ACTIVATIONS, FIELD_STEM, FIELD_ROWS, FIELD_FEATURES, FIELD_K };

static struct source *open_source(const char *sae, const char *activations, int64_t n_digit, const char *backend)
{
    struct source_names names = {.activations = activations, .sae = sae, .sae_digits = n_digit, .backend = backend};
    struct source *source = NULL;
    CHECK(source_open(fixture_directory, "policy.features", &names, 1, NULL, &source) == STATUS_OK);
    return source;
}

static struct rows read_all(struct source *source, int64_t at_once)
{
    struct rows all, some;
    rows_init_sparse(&all, source_columns(source));
    rows_init_sparse(&some, source_columns(source));
    for (int64_t first = 0; first < source_items(source); first += at_once) {
        int64_t n = at_once < source_items(source) - first ? at_once : source_items(source) - first;
        CHECK(source_read(source, first, n, &some, NULL) == STATUS_OK);
        CHECK(some.n_row == n);
        rows_append(&all, &some);
    }
    rows_clear(&some);
    return all;
}

static double *load_doubles(const char *stem, const char *end, int64_t n)
{
    char name[256];
    size_t bytes;
    snprintf(name, sizeof name, "%s.%s", stem, end);
    char *content = fixture_load(name, &bytes);
    CHECK(bytes == (size_t)n * sizeof(double));
    return (double *)content;
}

struct judgement {
    double worst; /* |value − expected| in units of the largest feature of the row, or of 1 */
    int64_t n_feature, n_wrong, n_close;
};

/* Rows against `expected`; a feature that is closer than `sure` to being switched over may be either. */
static struct judgement judge(const struct rows *rows, const double *expected, const double *margin, double sure)
{
    struct judgement result = {0};
    double *row = memory_allocate(rows->n_column, sizeof *row);
    for (int64_t i = 0; i < rows->n_row; i++, expected += rows->n_column, margin += rows->n_column) {
        double largest = 0;
        rows_get(rows, i, row);
        for (int64_t j = 0; j < rows->n_column; j++)
            largest = fmax(largest, expected[j]);
        for (int64_t j = 0; j < rows->n_column; j++) {
            bool same = (row[j] > 0) == (expected[j] > 0), is_close = margin[j] < sure * (1 + largest);
            result.n_feature += row[j] > 0;
            result.n_close += is_close;
            result.n_wrong += row[j] < 0 || (!same && !is_close);
            if (same)
                result.worst = fmax(result.worst, fabs(row[j] - expected[j]) / fmax(largest, 1));
        }
    }
    memory_free(row);
    return result;
}

static bool same_rows(const struct rows *a, const struct rows *b)
{
    if (a->n_row != b->n_row || a->n_column != b->n_column ||
        memcmp(a->start, b->start, (size_t)(a->n_row + 1) * sizeof *a->start) != 0)
        return false;
    size_t n = (size_t)a->start[a->n_row];
    return memcmp(a->column, b->column, n * sizeof *a->column) == 0 &&
           memcmp(a->value, b->value, n * sizeof *a->value) == 0;
}

static void check_ordered(const struct rows *rows, int64_t k)
{
    bool ordered = true, few = true;
    for (int64_t i = 0; i < rows->n_row; i++) {
        few = few && (k == 0 || rows->start[i + 1] - rows->start[i] <= k);
        for (int64_t e = rows->start[i]; e < rows->start[i + 1]; e++)
            ordered = ordered && rows->value[e] > 0 && (e == rows->start[i] || rows->column[e - 1] < rows->column[e]);
    }
    CHECK(ordered);
    CHECK(few);
}

/* Both backends, and rows in pieces of another length, give the same bits as the first reading. */
static void check_same_bits(char **fields, int64_t n_digit, const struct rows *rows)
{
    static const char *const backends[] = {"onednn", "blas"};
    for (int b = 0; b < 2; b++) {
        struct source *source = open_source(fields[FIELD_NAME], fields[FIELD_ACTIVATIONS], n_digit, backends[b]);
        struct rows again = read_all(source, b == 0 ? 37 : 131);
        CHECK(same_rows(rows, &again));
        rows_clear(&again);
        source_close(source);
    }
}

static void check_case(char **fields)
{
    static const double tolerance[] = {0, 4e-1, 2e-3, 1e-5, 1e-7};
    int64_t n_row = atoll(fields[FIELD_ROWS]), n_column = atoll(fields[FIELD_FEATURES]);
    double *expected = load_doubles(fields[FIELD_STEM], "values", n_row * n_column);
    double *margin = load_doubles(fields[FIELD_STEM], "margin", n_row * n_column);
    for (int64_t n_digit = 1; n_digit <= MAX_DIGITS; n_digit++) {
        struct source *source = open_source(fields[FIELD_NAME], fields[FIELD_ACTIVATIONS], n_digit, "auto");
        CHECK(source_items(source) == n_row && source_columns(source) == n_column && source_is_sparse(source));
        struct rows rows = read_all(source, 4096);
        struct judgement found = judge(&rows, expected, margin, tolerance[n_digit]);
        CHECK(found.n_wrong == 0);
        CHECK(found.worst < tolerance[n_digit]);
        CHECK(found.n_feature > 0);
        if (n_digit >= 3) /* the margin excuses almost nothing */
            CHECK(found.n_close * 100 <= n_row * n_column);
        printf("%-20s %-28s %d digits: %7lld features, off by %.1e, %lld too close to call\n", fields[FIELD_NAME],
               fields[FIELD_ACTIVATIONS], (int)n_digit, (long long)found.n_feature, found.worst,
               (long long)found.n_close);
        check_ordered(&rows, atoll(fields[FIELD_K]));
        if (n_digit == 2 || n_digit == 4)
            check_same_bits(fields, n_digit, &rows);
        rows_clear(&rows);
        source_close(source);
    }
    memory_free(margin);
    memory_free(expected);
}

static void check_cases(void)
{
    size_t n;
    char *lines = fixture_load("cases.tsv", &n), *at = lines, *fields[N_FIELD];
    int n_case = 0;
    for (; fixture_line(&at, fields, N_FIELD) == N_FIELD; n_case++)
        check_case(fields);
    CHECK(n_case >= 30);
    memory_free(lines);
}

/* Of features that are exactly equal, top-k keeps those with the lower numbers. */
static void check_ties(void)
{
    static const int32_t tied[] = {5, 17, 18, 40, 41, 63, 90};
    struct source *source = open_source("topk-ties", "activations-48.safetensors#x", 3, "auto");
    struct rows rows = read_all(source, 4096);
    int64_t n_cut = 0, n_wrong = 0;
    for (int64_t i = 0; i < rows.n_row; i++) {
        int found = 0;
        bool gap = false;
        for (int t = 0; t < 7; t++) {
            bool has = false;
            for (int64_t e = rows.start[i]; e < rows.start[i + 1]; e++)
                has = has || rows.column[e] == tied[t];
            n_wrong += has && gap;
            gap = gap || !has;
            found += has;
        }
        n_cut += found > 0 && found < 7;
    }
    CHECK(n_wrong == 0);
    printf("%lld rows with a cut between equals\n", (long long)n_cut);
    CHECK(n_cut > 50); /* ties were there to be decided */
    rows_clear(&rows);
    source_close(source);
}

/* The heap against a plain sort, for every k. */
static void check_active(void)
{
    enum { N = 60 };
    uint64_t seed = 5;
    for (int64_t k = 0; k <= N; k++) {
        double values[N];
        bool kept[N] = {false};
        struct sae_active active;
        sae_active_init(&active, k);
        for (int round = 0; round < 3; round++) {
            sae_active_empty(&active);
            for (int j = 0; j < N; j++) {
                values[j] = (double)(1 + fixture_random(&seed) % 20);
                sae_active_add(&active, j, values[j]);
            }
            sae_active_sort(&active);
            for (int j = 0; j < N; j++) {
                int64_t before = 0; /* entries that go first */
                for (int i = 0; i < N; i++)
                    before += values[i] > values[j] || (values[i] == values[j] && i < j);
                kept[j] = k == 0 || before < k;
            }
            int64_t at = 0;
            for (int j = 0; j < N; j++)
                if (kept[j]) {
                    CHECK(at < active.n && active.column[at] == j && active.value[at] == values[j]);
                    at++;
                }
            CHECK(at == active.n);
        }
        sae_active_clear(&active);
    }
}

static void check_refused(void)
{
    size_t n;
    char *lines = fixture_load("refused.tsv", &n), *at = lines, *fields[2];
    int n_case = 0;
    for (; fixture_line(&at, fields, 2) == 2; n_case++) {
        struct sae *sae = NULL;
        struct segment_list segments;
        segments_init(&segments);
        CHECK_FAILS(sae_open(fixture_directory, fields[0], 3, &segments, &sae), BAD_INPUT, fields[1]);
        CHECK(segments.n == 0 && sae == NULL);
        segments_clear(&segments);
    }
    CHECK(n_case > 60);
    memory_free(lines);
}

/* Every byte of both files, once, and what is listed beforehand is what is hashed. */
static void check_segments(const char *name)
{
    struct segment_list hashed, listed;
    segments_init(&hashed);
    segments_init(&listed);
    struct sae *sae = NULL, *quiet = NULL;
    CHECK(sae_open(fixture_directory, name, 2, &hashed, &sae) == STATUS_OK);
    CHECK(sae_open(fixture_directory, name, 2, NULL, &quiet) == STATUS_OK);
    CHECK(fixture_check_segments(&hashed));
    CHECK(sae->files.n == hashed.n && quiet->files.n == hashed.n);
    for (int64_t i = 0; i < hashed.n; i++)
        segments_add(&listed, &quiet->files.items[i]);
    CHECK(segments_sort(&hashed) == STATUS_OK && segments_sort(&listed) == STATUS_OK);
    for (int64_t i = 0; i < hashed.n && listed.n == hashed.n; i++) {
        const struct segment *a = &hashed.items[i], *b = &listed.items[i];
        CHECK(strcmp(a->path, b->path) == 0 && strcmp(a->object, b->object) == 0 && a->offset == b->offset &&
              a->bytes == b->bytes && a->row_first == b->row_first && a->n_row == b->n_row);
    }
    sae_close(quiet);
    CHECK(sae_share(sae) == sae);
    sae_close(sae);
    CHECK(sae_bytes(sae) > 0); /* still there */
    sae_close(sae);
    segments_clear(&listed);
    segments_clear(&hashed);
}

static void check_description(const char *name, const char *expected)
{
    struct sae *sae = NULL;
    CHECK(sae_open(fixture_directory, name, 1, NULL, &sae) == STATUS_OK);
    CHECK(strcmp(sae->description, expected) == 0);
    sae_close(sae);
}

/* A byte or a few changed anywhere in the description or the header: encoded or refused, and nothing else. */
static void check_mutations(const char *from, const char *file, size_t limit)
{
    enum { N_MUTATION = 400 };
    static const char usual[] = "0123456789[]{}\":,-.truefalsnk";
    char source[256], target[256];
    uint64_t seed = 11;
    size_t n;
    int n_opened = 0;
    snprintf(source, sizeof source, "%s/%s", from, file);
    snprintf(target, sizeof target, "mutant/%s", file);
    char *bytes = fixture_load(source, &n), *changed = memory_allocate((int64_t)n, 1);
    for (int i = 0; i < N_MUTATION; i++) {
        memcpy(changed, bytes, n);
        for (uint64_t times = 1 + fixture_random(&seed) % 3; times > 0; times--) {
            uint64_t random = fixture_random(&seed);
            changed[(random >> 32) % (limit < n ? limit : n)] =
                (char)(random & 128 ? usual[(random >> 8) % (sizeof usual - 1)] : (char)(random >> 8));
        }
        fixture_store(target, changed, n);
        struct source_names names = {
            .activations = "activations-48.safetensors#x", .sae = "mutant", .sae_digits = 1, .backend = "auto"};
        struct source *opened = NULL;
        enum status status = source_open(fixture_directory, "policy.features", &names, 1, NULL, &opened);
        CHECK(status == STATUS_OK || status == BAD_INPUT);
        n_opened += status == STATUS_OK;
        struct rows rows;
        rows_init_sparse(&rows, 1);
        if (status == STATUS_OK) {
            status = source_read(opened, 0, 3, &rows, NULL);
            CHECK(status == STATUS_OK || status == BAD_INPUT);
        }
        rows_clear(&rows);
        source_close(opened);
    }
    CHECK(n_opened < N_MUTATION);
    fixture_store(target, bytes, n);
    memory_free(changed);
    memory_free(bytes);
}

static void check_damaged(void)
{
    CHECK(directory_make(fixture_path("mutant")) == STATUS_OK);
    fixture_copy("gated/cfg.json", "mutant/cfg.json");
    check_mutations("gated", "sae_weights.safetensors", 600);
    fixture_copy("topk-rescaled/sae_weights.safetensors", "mutant/sae_weights.safetensors");
    check_mutations("topk-rescaled", "cfg.json", 1 << 20);
}

int main(void)
{
    policy_fixture_write();
    check_cases();
    check_ties();
    check_active();
    check_refused();
    check_segments("gated");
    check_segments("jumprelu");
    check_segments("topk-rescaled");
    check_segments("sparsify");
    check_segments("wide");
    check_description("topk", "top-k encoder of topk, 7 of 96 features");
    check_description("one", "top-k encoder of one, 1 of 1 feature");
    check_description("jumprelu", "jumprelu encoder of jumprelu, 96 features");
    check_description("gated-layer", "gated encoder of gated-layer, 96 features, activations layer-normalised");
    check_description("constant", "standard encoder of constant, 96 features, activations at constant norm");
    check_description("sparsify", "top-k encoder of sparsify, 8 of 96 features");
    check_damaged();
    fixture_end();
    return check_end();
}
