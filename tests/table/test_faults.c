/* Whatever goes wrong on whichever rank, every rank returns the same code with the guilty rank's sentence, nothing
 * stays open, and a file with the final name is complete. */
#include <mpi.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "check.h"
#include "comm/agree.h"
#include "fixture.h"

static int rank, size;
static char *directory;

/* All ranks have `expected`, with the same sentence, which contains `part`. */
static void check_together(enum status status, enum status expected, const char *part)
{
    char first[4096] = "";
    snprintf(first, sizeof first, "%s", failure_sentence());
    MPI_Bcast(first, sizeof first, MPI_CHAR, 0, MPI_COMM_WORLD);
    CHECK(status == expected);
    CHECK(strncmp(first, failure_sentence(), sizeof first - 1) == 0 && strstr(first, part) != NULL);
}

/* As on a file system or for a user whose files may not grow beyond `bytes`; negative: without limit. */
static void limit_file_size(int64_t bytes)
{
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    limit.rlim_cur = bytes < 0 ? limit.rlim_max : (rlim_t)bytes;
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
}

static void test_sweep(void)
{
    char *path = in_directory(directory, "swept.h5"), *partial = in_directory(directory, "swept.h5.partial");
    char expected[65], found[65];
    CHECK(make_table(MPI_COMM_WORLD, path) == STATUS_OK);
    hash_file(path, expected);
    int handles = open_handles();
    long k = 0;
    for (enum status status = FAULT_INJECTED; status != STATUS_OK && k < 100;) {
        MPI_Barrier(MPI_COMM_WORLD);
        if (rank == 0)
            unlink(path);
        k++;
        agree_fail_at(k, (int)(k % size));
        status = make_table(MPI_COMM_WORLD, path);
        agree_fail_at(0, 0);
        if (status != STATUS_OK)
            check_together(status, FAULT_INJECTED, "a failure was injected");
        hash_file(path, found);
        CHECK(found[0] == 0 || strcmp(found, expected) == 0);
        CHECK(status != STATUS_OK || found[0] != 0);
        CHECK(open_handles() == handles);
        MPI_Barrier(MPI_COMM_WORLD);
    }
    CHECK(k == 8); /* laid out, found, opened, datasets, flushed, closed, renamed; and then none is left to fail */
    CHECK(!path_exists(partial));
}

/* Creating fails at each of its agreements, and then leaves no file. */
static void test_create_leaves_nothing(void)
{
    char *path = in_directory(directory, "unmade.h5"), *partial = in_directory(directory, "unmade.h5.partial");
    for (long k = 1; k <= 4; k++) {
        struct table *table = NULL;
        agree_fail_at(k, size - 1);
        enum status status = table_create(MPI_COMM_WORLD, path, datasets, N_DATASET, attributes, N_ATTRIBUTE, &table);
        agree_fail_at(0, 0);
        check_together(status, FAULT_INJECTED, "a failure was injected");
        CHECK(table == NULL);
        MPI_Barrier(MPI_COMM_WORLD);
        CHECK(!path_exists(partial) && !path_exists(path));
        MPI_Barrier(MPI_COMM_WORLD);
    }
}

static void test_bad_places(void)
{
    char *file = in_directory(directory, "a-file"), *inside = in_directory(directory, "a-file/table.h5");
    if (rank == 0)
        CHECK(file_store(file, "x", 1, 0666) == STATUS_OK && chmod(directory, 0755) == 0);
    MPI_Barrier(MPI_COMM_WORLD);
    check_together(make_table(MPI_COMM_WORLD, inside), CANNOT_WRITE, "the directory cannot be made");
    /* Alone, and made readable again for the other ranks: the kernel shuts off a process that changed its user. */
    if (rank == 0 && geteuid() == 0) {
        CHECK(seteuid(65534) == 0);
        CHECK_FAILS(make_table(MPI_COMM_SELF, in_directory(directory, "forbidden.h5")), CANNOT_WRITE,
                    "forbidden.h5.partial: cannot be created: Permission denied");
        CHECK(seteuid(0) == 0 && prctl(PR_SET_DUMPABLE, 1) == 0);
    }
    char *taken = in_directory(directory, "taken.h5");
    if (rank == 0)
        CHECK(directory_make(in_directory(directory, "taken.h5.partial/full")) == STATUS_OK);
    MPI_Barrier(MPI_COMM_WORLD);
    check_together(make_table(MPI_COMM_WORLD, taken), CANNOT_WRITE, "taken.h5.partial: cannot be created");
    /* The final name cannot be given: what was written stays under the other one. */
    char *renamed = in_directory(directory, "renamed.h5");
    if (rank == 0)
        CHECK(directory_make(in_directory(directory, "renamed.h5/full")) == STATUS_OK);
    MPI_Barrier(MPI_COMM_WORLD);
    check_together(make_table(MPI_COMM_WORLD, renamed), CANNOT_WRITE, "cannot be renamed");
    CHECK(path_exists(in_directory(directory, "renamed.h5.partial")));
}

static void test_bad_layouts(void)
{
    char *path = in_directory(directory, "bad.h5"), *partial = in_directory(directory, "bad.h5.partial");
    static const struct dataset huge = {"/huge", TABLE_F64, 3, {1 << 30, 1 << 30, 8}, 0, "1", "too many"};
    static const struct dataset twice[] = {{"/a/b", TABLE_I8, 1, {1}, 0, "1", ""},
                                           {"/a/b", TABLE_I8, 1, {1}, 0, "1", ""}};
    static const struct dataset nested[] = {{"/a", TABLE_I8, 1, {1}, 0, "1", ""},
                                            {"/a/b", TABLE_I8, 1, {1}, 0, "1", ""}};
    char *long_text = memory_allocate(100001, 1);
    memset(long_text, 'x', 100000);
    struct table_attribute attribute = {"long", long_text};
    struct table *table = NULL;
    check_together(table_create(MPI_COMM_WORLD, path, &huge, 1, NULL, 0, &table), CANNOT_WRITE,
                   "/huge: expected a shape");
    check_together(table_create(MPI_COMM_WORLD, path, twice, 2, NULL, 0, &table), CANNOT_WRITE,
                   "/a/b: the dataset cannot be laid out: name already exists");
    check_together(table_create(MPI_COMM_WORLD, path, nested, 2, NULL, 0, &table), CANNOT_WRITE, "/a/b: ");
    check_together(table_create(MPI_COMM_WORLD, path, NULL, 0, &attribute, 1, &table), CANNOT_WRITE,
                   "long: expected at most 60000 bytes, found 100000");
    CHECK(!path_exists(partial));
    memory_free(long_text);
}

/* The limit stands for a disk that is full after so many bytes: HDF5 must never come upon it. */
static void test_limits_while_laying_out(void)
{
    char *path = in_directory(directory, "limited.h5"), *partial = in_directory(directory, "limited.h5.partial");
    int64_t bound = 0;
    for (enum status status = CANNOT_WRITE; status != STATUS_OK && bound < 1 << 22; bound += 7001) {
        if (rank == 0)
            limit_file_size(bound);
        struct table *table = NULL;
        status = table_create(MPI_COMM_WORLD, path, datasets, N_DATASET, attributes, N_ATTRIBUTE, &table);
        if (rank == 0)
            limit_file_size(-1);
        if (status == STATUS_OK)
            CHECK(table_close(table, false) == STATUS_OK);
        else
            check_together(status, CANNOT_WRITE, "the table needs ");
        MPI_Barrier(MPI_COMM_WORLD);
        CHECK(path_exists(partial) == (status == STATUS_OK));
        MPI_Barrier(MPI_COMM_WORLD);
    }
    CHECK(bound > 70000 && bound < 1 << 22);
}

/* One rank's disk fails it in the middle of a dataset: the write says so, the rest goes on, nobody waits for ever. */
static void test_failing_write(void)
{
    enum { N = 1 << 20 };
    static const struct dataset column = {"/column", TABLE_F64, 1, {N}, 0, "1", "numbers"};
    char *path = in_directory(directory, "failing.h5"), *partial = in_directory(directory, "failing.h5.partial");
    struct table *table = NULL;
    double *data = memory_allocate(N, sizeof *data);
    int64_t first = N / size * (int64_t)rank, n = rank == size - 1 ? N - first : N / size;
    CHECK(table_create(MPI_COMM_WORLD, path, &column, 1, NULL, 0, &table) == STATUS_OK);
    if (rank == size - 1)
        limit_file_size((first + n / 2) * 8); /* a short write, then an error */
    enum status status = table_write(table, "/column", first, n, data);
    if (rank == size - 1) {
        CHECK(status == CANNOT_WRITE && strstr(failure_sentence(), "/column: writing failed") != NULL);
        limit_file_size(first * 8); /* an error at once */
        CHECK_FAILS(table_write(table, "/column", first, n, data), CANNOT_WRITE,
                    "failing.h5.partial: /column: writing");
        printf("%s\n", failure_sentence());
    } else {
        CHECK(status == STATUS_OK);
    }
    limit_file_size(-1);
    status = agree(MPI_COMM_WORLD, status);
    check_together(status, CANNOT_WRITE, "writing failed");
    CHECK(table_flush(table) == STATUS_OK);
    CHECK(table_close(table, status == STATUS_OK) == STATUS_OK);
    CHECK(path_exists(partial) && !path_exists(path));
    CHECK(table_reopen(MPI_COMM_WORLD, path, &column, 1, &table) == STATUS_OK);
    CHECK(table_write(table, "/column", first, n, data) == STATUS_OK);
    CHECK(table_close(table, true) == STATUS_OK && path_exists(path));
    memory_free(data);
}

static void fill_disk(const char *path)
{
    static const char block[4096] = "full";
    int descriptor = open(path, O_WRONLY | O_CREAT, 0666);
    while (write(descriptor, block, sizeof block) > 0)
        ;
    CHECK(errno == ENOSPC);
    close(descriptor);
}

/* On a disk of 1 MiB: a table of 2 MiB is refused with the figures; one that fits is written to its end although
 * something else takes all that is left meanwhile. */
static void test_full_disk(void)
{
    char *disk = in_directory(directory, "disk"), *path = in_directory(directory, "disk/table.h5");
    int mounted = 0;
    if (rank == 0)
        mounted = directory_make(disk) == STATUS_OK && mount("none", disk, "tmpfs", 0, "size=1m") == 0;
    MPI_Bcast(&mounted, 1, MPI_INT, 0, MPI_COMM_WORLD);
    if (!mounted) {
        if (rank == 0)
            printf("a full disk was not tried: this user may not mount one\n");
        return;
    }
    static const struct dataset large = {"/column", TABLE_F64, 1, {1 << 18}, 0, "1", "numbers"};
    static const struct dataset small = {"/column", TABLE_F64, 1, {1 << 16}, 0, "1", "numbers"};
    struct table *table = NULL;
    check_together(table_create(MPI_COMM_WORLD, path, &large, 1, NULL, 0, &table), CANNOT_WRITE,
                   "are free there, and reserving them failed: No space left on device");
    CHECK(strstr(failure_sentence(), "(2.1 MiB) on disk, 1048576 (1.0 MiB) are free") != NULL);
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK(!path_exists(in_directory(directory, "disk/table.h5.partial")));
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK(table_create(MPI_COMM_WORLD, path, &small, 1, NULL, 0, &table) == STATUS_OK);
    if (rank == 0)
        fill_disk(in_directory(directory, "disk/filler"));
    MPI_Barrier(MPI_COMM_WORLD);
    double *data = memory_allocate(1 << 16, sizeof *data);
    int64_t first = (1 << 16) / size * rank, n = rank == size - 1 ? (1 << 16) - first : (1 << 16) / size;
    CHECK(table_write(table, "/column", first, n, data + first) == STATUS_OK);
    CHECK(table_flush(table) == STATUS_OK && table_close(table, true) == STATUS_OK);
    memory_free(data);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0) {
        CHECK(path_exists(path));
        CHECK(umount2(disk, MNT_DETACH) == 0); /* also when a failed check left a file open */
    }
    MPI_Barrier(MPI_COMM_WORLD);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    signal(SIGXFSZ, SIG_IGN);
    directory = make_directory(MPI_COMM_WORLD);
    test_sweep();
    int handles = open_handles();
    test_create_leaves_nothing();
    test_bad_places();
    test_bad_layouts();
    test_limits_while_laying_out();
    test_failing_write();
    test_full_disk();
    CHECK(open_handles() == handles);
    remove_directory(MPI_COMM_WORLD, directory);
    int code = check_end_mpi(MPI_COMM_WORLD);
    MPI_Finalize();
    return code;
}
