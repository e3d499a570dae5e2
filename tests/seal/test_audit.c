/* In a log of three levels of tiles, a byte changed in any file of it, or the file gone, names that file and no other;
 * so do changes in several files, as long as two of three witnesses hold. */
#include <mpi.h>

#include "check.h"
#include "merkle/tree.h"
#include "run.h"
#include "seal/audit.h"
#include "seal/tile_writer.h"

enum { SIZE = 66000, WIDTH = SIZE % 256, LEVEL_1 = SIZE / 256 % 256 };

static int rank;
static char *log_directory;
static struct hash root;

static void write_log(void)
{
    struct tile_writer *writer = memory_allocate(1, sizeof *writer);
    tile_writer_begin(writer, log_directory);
    for (int64_t i = 0; i < SIZE; i++)
        ASSERT(tile_writer_add(writer, (const char *)&i, 1 + (size_t)(i % 7)) == STATUS_OK);
    ASSERT(tile_writer_end(writer, &root) == STATUS_OK);
    tile_writer_clear(writer);
    memory_free(writer);
}

/* All findings are about `names` (NULL-terminated), one each; bundles that are not right are counted. */
static void check_audit(const char *const *names, bool has_root, int64_t n_wrong)
{
    struct findings findings = {0};
    struct audit audit;
    int n = 0;
    while (names[n] != NULL)
        n++;
    audit_log(MPI_COMM_WORLD, log_directory, SIZE, &root, &findings, &audit);
    findings_gather(MPI_COMM_WORLD, &findings);
    CHECK(audit.has_root == has_root && (!has_root || findings.total == n));
    if (findings.total != n && rank == 0)
        for (int64_t i = 0; i < findings.n; i++)
            fprintf(stderr, "%s\n", findings.items[i].sentence);
    for (int k = 0; k < n && rank == 0; k++) {
        bool found = false;
        for (int64_t i = 0; i < findings.n; i++)
            found = found || strstr(findings.items[i].sentence, names[k]) != NULL;
        if (!found)
            fprintf(stderr, "nothing about %s among %lld\n", names[k], (long long)findings.total);
        CHECK(found);
    }
    int64_t wrong = 0;
    for (int64_t i = 0; i < audit.n; i++)
        wrong += !audit.is_right[i];
    MPI_Allreduce(MPI_IN_PLACE, &wrong, 1, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
    CHECK(wrong == n_wrong);
    audit_clear(&audit);
    findings_clear(&findings);
}

static void flip(const char *name, int64_t offset)
{
    if (rank == 0) {
        size_t n;
        char *bytes = scratch_load(log_directory, name, &n);
        bytes[offset % (int64_t)n] ^= 1;
        scratch_store(log_directory, name, bytes, n);
        memory_free(bytes);
    }
    MPI_Barrier(MPI_COMM_WORLD);
}

static void move(const char *name, bool back)
{
    char *path = path_join(log_directory, name);
    if (rank == 0)
        ASSERT(scratch_run(back ? "mv %.kept %" : "mv % %.kept", path) == 0);
    MPI_Barrier(MPI_COMM_WORLD);
    memory_free(path);
}

static bool is_bundle(const char *name)
{
    return strstr(name, "entries") != NULL;
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    log_directory = run_scratch_begin(MPI_COMM_WORLD);
    if (rank == 0)
        write_log();
    MPI_Bcast(&root, sizeof root, MPI_BYTE, 0, MPI_COMM_WORLD);
    char bundle[64], tile[64], level_1[64];
    snprintf(bundle, sizeof bundle, "tile/entries/257.p/%d", WIDTH);
    snprintf(tile, sizeof tile, "tile/0/257.p/%d", WIDTH);
    snprintf(level_1, sizeof level_1, "tile/1/001.p/%d", LEVEL_1);
    const char *const files[] = {bundle,       tile,         level_1,      "tile/entries/000", "tile/entries/256",
                                 "tile/0/000", "tile/0/256", "tile/1/000", "tile/2/000.p/1",   "tile/entries/128"};
    static const char *const none[] = {NULL};
    check_audit(none, true, 0);
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        const char *const names[] = {files[f], NULL};
        flip(files[f], 77 + (int64_t)f * 991);
        check_audit(names, true, is_bundle(files[f]));
        flip(files[f], 77 + (int64_t)f * 991);
        move(files[f], false);
        check_audit(names, true, is_bundle(files[f]));
        move(files[f], true);
    }
    /* Many at once: a bundle, another group's tile, the last bundle, and the tile two levels up. */
    const char *const many[] = {"tile/entries/003", "tile/0/017", bundle, "tile/2/000.p/1", NULL};
    for (int i = 0; many[i] != NULL; i++)
        flip(many[i], 50);
    check_audit(many, true, 2);
    for (int i = 0; many[i] != NULL; i++)
        flip(many[i], 50);
    /* All three witnesses of one group: nothing leads to the root. */
    const char *const all[] = {"tile/entries/003", "tile/0/003", "tile/1/000", NULL};
    for (int i = 0; all[i] != NULL; i++)
        flip(all[i], i == 0 ? 2 : 3 * 32 + 5); /* in an entry, not in its length */
    const char *const told[] = {"this is another log", "tile/entries/003", NULL};
    check_audit(told, false, 0);
    for (int i = 0; all[i] != NULL; i++)
        flip(all[i], i == 0 ? 2 : 3 * 32 + 5);
    check_audit(none, true, 0);
    run_scratch_end(MPI_COMM_WORLD, log_directory);
    int code = check_end_mpi(MPI_COMM_WORLD);
    MPI_Finalize();
    return code;
}
