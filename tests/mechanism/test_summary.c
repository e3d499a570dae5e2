/* A summary of a damaged table is refused: what a table names need not be there. */
#include <math.h>
#include <mpi.h>
#include <unistd.h>

#include "base/memory.h"
#include "check.h"
#include "mechanism/mechanism.h"
#include "table/table.h"

enum { N_PART = 2, N_LAYER = 2, N_POLICY = 2, ID_BYTES = 4 };

/* One behaviour, of two parts; their order, the layer of the first, and what two policies brought are the test's. */
struct written {
    int64_t order[N_PART];
    int32_t link[N_PART];
    double policy_score[N_LAYER * N_POLICY];
};

static void write_table(const char *path, const struct written *written)
{
    static const char *const measures[] = {"mean", "low", "high", "control_mean", "score", "chance"};
    enum { N_MEASURE = sizeof measures / sizeof *measures };
    struct dataset list[32] = {
        {"/behaviours/name", TABLE_STRING, 1, {1}, ID_BYTES, "1", "name"},
        {"/parts/id", TABLE_STRING, 1, {N_PART}, ID_BYTES, "1", "id"},
        {"/parts/label", TABLE_STRING, 1, {N_PART}, ID_BYTES, "1", "label"},
        {"/parts/link", TABLE_I32, 1, {N_PART}, 0, "1", "layer"},
        {"/effects/zero/localised", TABLE_U8, 2, {1, N_PART}, 0, "1", "flag"},
        {"/effects/zero/order", TABLE_I64, 2, {1, N_PART}, 0, "1", "order"},
        {"/links/layers/name", TABLE_STRING, 1, {N_LAYER}, ID_BYTES, "1", "name"},
        {"/links/queries", TABLE_I64, 1, {1}, 0, "1", "queries"},
        {"/links/examples/index", TABLE_I64, 3, {1, N_LAYER, 1}, 0, "1", "example"},
        {"/links/policies/name", TABLE_STRING, 1, {N_POLICY}, ID_BYTES, "1", "name"},
        {"/links/policies/score", TABLE_F64, 3, {1, N_LAYER, N_POLICY}, 0, "1", "score"},
        {"/failures/behaviour", TABLE_I32, 1, {1}, 0, "1", "behaviour"},
        {"/failures/text", TABLE_STRING, 1, {1}, ID_BYTES, "1", "text"},
    };
    enum { N_OTHER = 13 };
    static const struct table_attribute attributes[] = {{"main", "zero"}, {"level", "network"}, {"confidence", "0.9"}};
    static const char names[N_PART][ID_BYTES] = {"aa", "bb"};
    const double numbers[N_PART] = {0};
    const uint8_t flags[N_PART] = {0};
    const int64_t queries = 1, examples[N_LAYER] = {7, 8};
    const int32_t behaviour = 0;
    char paths[N_MEASURE][40];
    for (int i = 0; i < N_MEASURE; i++) {
        snprintf(paths[i], sizeof paths[i], "/effects/zero/%s", measures[i]);
        list[N_OTHER + i] = (struct dataset){paths[i], TABLE_F64, 2, {1, N_PART}, 0, "1", "measured"};
    }
    struct table *table = NULL;
    CHECK(table_create(MPI_COMM_SELF, path, list, N_OTHER + N_MEASURE, attributes, 3, &table) == STATUS_OK);
    const void *const data[N_OTHER] = {
        names,    names,    names, written->link,         flags,      written->order, names,
        &queries, examples, names, written->policy_score, &behaviour, "\x1b[2J"};
    for (int i = 0; i < N_OTHER + N_MEASURE; i++)
        CHECK(table_write(table, list[i].path, 0, list[i].dims[0], i < N_OTHER ? data[i] : numbers) == STATUS_OK);
    CHECK(table_close(table, true) == STATUS_OK);
}

static enum status summarise(const char *path, const struct written *written, struct text *out)
{
    write_table(path, written);
    text_init(out);
    return mechanism_summary(path, out);
}

static void check_refused(const char *path, const struct written *written)
{
    struct text out;
    CHECK_FAILS(summarise(path, written, &out), BAD_INPUT, "missing or unreadable");
    text_clear(&out);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    char path[] = "/tmp/assay-XXXXXX";
    int descriptor = mkstemp(path);
    CHECK(descriptor >= 0);
    close(descriptor);
    const struct written good = {{1, 0}, {0, 1}, {-1, -1, 3, -2}};
    struct text out;
    CHECK(summarise(path, &good, &out) == STATUS_OK);
    CHECK(strstr(out.bytes, "through layer bb: 8") != NULL); /* of part bb, which is the first in order */
    CHECK(strstr(out.bytes, "policy aa: 100 % of the influence") != NULL);
    CHECK(strchr(out.bytes, 0x1b) == NULL && strstr(out.bytes, "open: ?[2J") != NULL);
    text_clear(&out);
    struct written damaged = good;
    damaged.order[1] = INT64_C(1) << 40;
    check_refused(path, &damaged);
    damaged.order[1] = -1;
    check_refused(path, &damaged);
    damaged = good;
    damaged.link[1] = 1 << 30;
    check_refused(path, &damaged);
    unlink(path);
    int code = check_end_mpi(MPI_COMM_WORLD);
    MPI_Finalize();
    return code;
}
