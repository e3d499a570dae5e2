/* A log and a statement that the right key signed, but that do not hang together, are found out: the key holder cannot
 * leave out a block, an input's bytes or the end of a run. */
#include <mpi.h>

#include "check.h"
#include "forgery.h"

static int rank;
static char *parent, *run, *seal;
static struct signing_key *key;

/* Changes entries, then what is signed over them (either may be NULL), and verifies. */
static void check_forged(const char *what, void (*entries)(struct forgery *), void (*signing)(struct forgery *),
                         const char *sentence)
{
    struct verify_report report;
    if (rank == 0) {
        struct forgery forgery;
        read_log(run, seal, key, &forgery);
        if (entries != NULL)
            entries(&forgery);
        write_log(&forgery, signing);
        release(&forgery);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    enum status status = run_verify(MPI_COMM_WORLD, parent, NULL, &report);
    bool found = sentence == NULL;
    for (int64_t i = 0; i < report.n_finding && !found; i++)
        found = strstr(report.findings[i], sentence) != NULL;
    if (rank == 0 && !found)
        fprintf(stderr, "%s: no \"%s\" among %lld findings, first: %s\n", what, sentence,
                (long long)report.n_finding_total, report.n_finding > 0 ? report.findings[0] : "none");
    CHECK(status == (sentence == NULL ? STATUS_OK : DIFFERS));
    CHECK(rank != 0 || found);
    verify_report_clear(&report);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0)
        CHECK(scratch_run("cd % && rm -r run/seal && cp -r kept run/seal", parent) == 0);
    MPI_Barrier(MPI_COMM_WORLD);
}

/* ---- changes ----------------------------------------------------------------------------------------------------- */

static void drop(struct forgery *forgery, int at)
{
    memory_free(forgery->texts[at]);
    memmove(forgery->texts + at, forgery->texts + at + 1, (size_t)(--forgery->n - at) * sizeof(char *));
}

static void drop_block(struct forgery *forgery)
{
    drop(forgery, find(forgery, "object /scores\nstart 1310\n", 0));
    count_again(forgery);
}

static void drop_input(struct forgery *forgery)
{
    drop(forgery, find(forgery, "offset 90\n", 0));
    count_again(forgery);
}

static void drop_block_uncounted(struct forgery *forgery)
{
    drop(forgery, find(forgery, "object /scores\nstart 1310\n", 0));
}

static void drop_footer(struct forgery *forgery)
{
    drop(forgery, forgery->n - 1);
}

static void drop_config(struct forgery *forgery)
{
    drop(forgery, 0);
    count_again(forgery);
}

static void repeat_block(struct forgery *forgery)
{
    int at = find(forgery, "assay/chunk/v1", 0);
    memmove(forgery->texts + at + 1, forgery->texts + at, (size_t)(forgery->n++ - at) * sizeof(char *));
    forgery->texts[at] = memory_copy_text(forgery->texts[at + 1]);
    count_again(forgery);
}

static void swap_inputs(struct forgery *forgery)
{
    char *first = forgery->texts[10];
    forgery->texts[10] = forgery->texts[11];
    forgery->texts[11] = first;
}

/* Across the border of two bundles, which other ranks may read. */
static void swap_far(struct forgery *forgery)
{
    char *first = forgery->texts[255];
    forgery->texts[255] = forgery->texts[256];
    forgery->texts[256] = first;
}

static void bend_grid(struct forgery *forgery)
{
    edit(forgery, find(forgery, "object /scores\nstart 1310\n", 0), "start 1310", "start 1311");
}

static void bend_bytes(struct forgery *forgery)
{
    edit(forgery, find(forgery, "object /total\nstart 0\n", 0), "bytes 8", "bytes 9223372036854775807");
}

static void bend_shape(struct forgery *forgery)
{
    edit(forgery, find(forgery, "shape 3000 100\n", 0), "3000 100", "3000 4611686018427387904");
}

static void rename_config(struct forgery *forgery)
{
    edit(forgery, 0, "path run.json", "path runs.json");
}

static void rename_dataset(struct forgery *forgery)
{
    edit(forgery, find(forgery, "object /total\nstart 0\n", 0), "/total", "/totals");
}

static void garble(struct forgery *forgery)
{
    edit(forgery, 20, "assay/", "ASSAY/");
}

static void claim_root(struct forgery *forgery)
{
    forgery->root.bytes[5] ^= 1;
}

static void claim_size(struct forgery *forgery)
{
    forgery->size = (int64_t)1 << 60;
}

static void claim_more(struct forgery *forgery)
{
    forgery->size++;
}

static void hide_table(struct forgery *forgery)
{
    memory_free(forgery->statement.subjects[1].name);
    forgery->statement.subjects[1].name = memory_copy_text("other.h5");
}

static void hide_input(struct forgery *forgery)
{
    forgery->statement.dependencies[0].segments.bytes[0] ^= 1;
}

static void bend_config(struct forgery *forgery)
{
    memory_free(forgery->statement.config);
    forgery->statement.config = memory_copy_text("{}");
}

static void bend_extent(struct forgery *forgery)
{
    struct extent *extent = &forgery->statement.tables[0].items[0];
    extent->offset = INT64_MAX;
    extent->bytes = INT64_MAX;
}

static void bend_rows(struct forgery *forgery)
{
    for (int64_t i = 0; i < forgery->statement.tables[0].n; i++)
        forgery->statement.tables[0].items[i].rows = 0;
}

static void test_forgeries(void)
{
    check_forged("nothing", NULL, NULL, NULL);
    check_forged("a block left out", drop_block, NULL, "datasets in 2");
    check_forged("a block left out, uncounted", drop_block_uncounted, NULL, "the footer, entry");
    check_forged("an input's bytes left out", drop_input, NULL, "bytes 90 to 99 are in no entry of the log");
    check_forged("no footer", drop_footer, NULL, "does not have the entries that its footer counts");
    check_forged("no config", drop_config, NULL, "does not have the entries that its footer counts");
    check_forged("a block twice", repeat_block, NULL, "is not after the one before it");
    check_forged("another order", swap_inputs, NULL, "entry 11 is not after the one before it");
    check_forged("another order, far", swap_far, NULL, "entry 256 is not after the one before it");
    check_forged("off the grid", bend_grid, NULL, "is no block of that dataset");
    check_forged("too many bytes", bend_bytes, NULL, "is no block of that dataset");
    check_forged("another shape", bend_shape, NULL, "which its shape does not have");
    check_forged("another config", rename_config, NULL, "a config by the name runs.json");
    check_forged("another dataset", rename_dataset, NULL, "does not tell where more.h5:/totals lies");
    check_forged("no entry", garble, NULL, "expected a log entry");
    check_forged("another root", NULL, claim_root, "this is another log than the one that was signed");
    check_forged("a huge log", NULL, claim_size, "is none of a run");
    check_forged("a larger log", NULL, claim_more, "seal/tile/");
    check_forged("a table hidden", NULL, hide_table, "its subjects are not");
    check_forged("an input hidden", NULL, hide_input, "its list of inputs is not that of the log");
    check_forged("a config made up", NULL, bend_config, "its config is not that of run.json");
    check_forged("an impossible place", NULL, bend_extent, "which its shape does not have");
    check_forged("no rows", NULL, bend_rows, "is no block of that dataset");
}

int main(int argc, char **argv)
{
    struct seal_result result;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    parent = run_scratch_begin(MPI_COMM_WORLD);
    run_make(MPI_COMM_WORLD, parent);
    CHECK(run_seal(MPI_COMM_WORLD, parent, &result) == STATUS_OK);
    run = path_join(parent, "run");
    seal = path_join(parent, "run/seal");
    char *key_path = path_join(parent, "audit.key");
    ASSERT(signing_key_open(key_path, RUN_ORIGIN, &key) == STATUS_OK);
    if (rank == 0)
        ASSERT(scratch_run("cd % && cp -r run/seal kept", parent) == 0);
    test_forgeries();
    signing_key_destroy(key);
    memory_free(run);
    memory_free(seal);
    memory_free(key_path);
    run_scratch_end(MPI_COMM_WORLD, parent);
    int code = check_end_mpi(MPI_COMM_WORLD);
    MPI_Finalize();
    return code;
}
