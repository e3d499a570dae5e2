#include "influence/journal.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "comm/agree.h"
#include "comm/share.h"

enum { HEAD_BYTES = 512 };

/* As it is read, with bounds.  It is written by head_text. */
static const char head_scan_format[] =
    "assay influence journal v2\nconfig %64s\ninputs %64s\ngeneration %lld\nfiles %d\n";

void journal_init(struct journal *journal, const char *run_directory)
{
    *journal = (struct journal){.directory = path_join(run_directory, "journal")};
    clock_gettime(CLOCK_REALTIME, &journal->begun);
}

void journal_clear(struct journal *journal)
{
    memory_free(journal->directory);
    *journal = (struct journal){0};
}

static char *head_path(const struct journal *journal)
{
    return path_join(journal->directory, "influence.journal");
}

static char *state_path(const struct journal *journal, int64_t generation, int file)
{
    char name[64];
    snprintf(name, sizeof name, "influence-%lld-%d.state", (long long)generation, file);
    return path_join(journal->directory, name);
}

/* The head of a generation; returns its length. */
static size_t head_text(const struct journal *journal, int64_t generation, int n_file, char head[HEAD_BYTES])
{
    uint8_t sha256[DIGEST_BYTES];
    char hex[65];
    int n = snprintf(head, HEAD_BYTES, "assay influence journal v2\nconfig %s\ninputs %s\ngeneration %lld\nfiles %d\n",
                     journal->config, journal->inputs, (long long)generation, n_file);
    digest_of(head, (size_t)n, sha256);
    hex_encode(sha256, DIGEST_BYTES, hex);
    return (size_t)(n + snprintf(head + n, HEAD_BYTES - (size_t)n, "sha256 %s\n", hex));
}

/* SHA-256 of a state: of what it is, and of its bytes. */
static void digest_state(const struct journal *journal, int64_t generation, int file, const char *bytes, size_t n,
                         uint8_t sha256[DIGEST_BYTES])
{
    char identity[HEAD_BYTES];
    int length = snprintf(identity, sizeof identity, "config %s inputs %s generation %lld file %d\n", journal->config,
                          journal->inputs, (long long)generation, file);
    struct digest *digest = digest_create();
    digest_begin(digest);
    digest_add(digest, identity, (size_t)length);
    digest_add(digest, bytes, n);
    digest_end(digest, sha256);
    digest_destroy(digest);
}

bool journal_exists(MPI_Comm comm, const struct journal *journal)
{
    int rank, exists = 0;
    MPI_Comm_rank(comm, &rank);
    if (rank == 0) {
        char *path = head_path(journal);
        exists = path_exists(path);
        memory_free(path);
    }
    MPI_Bcast(&exists, 1, MPI_INT, 0, comm);
    return exists;
}

static bool is_before(struct timespec a, struct timespec b)
{
    return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec;
}

/* By the time of the last change of any kind, which unlike that of the contents nobody sets back. */
bool journal_is_newer(const struct journal *journal, const char *directory, const struct segment_list *inputs)
{
    struct stat head, input;
    char *path = head_path(journal);
    bool newer = stat(path, &head) == 0;
    memory_free(path);
    for (int64_t i = 0; i < inputs->n && newer; i++) {
        if (i > 0 && strcmp(inputs->items[i].path, inputs->items[i - 1].path) == 0)
            continue;
        path = path_join(directory, inputs->items[i].path);
        newer = stat(path, &input) == 0 && is_before(input.st_ctim, head.st_mtim);
        memory_free(path);
    }
    return newer;
}

/* Every sentence about a journal that cannot be used ends with what to do. */
static enum status refuse(const struct journal *journal, const char *what)
{
    char *reason = memory_copy_text(what); /* may be the sentence that is about to be replaced */
    enum status status = fail(BAD_RUN, "%s: remove the folder %s to begin anew, or choose another run directory",
                              reason, journal->directory);
    memory_free(reason);
    return status;
}

/* The same bytes, and so the same verdict, on every rank. */
static enum status parse_head(struct journal *journal, const char *bytes, size_t n, int *n_file)
{
    char config[65] = "", expected[HEAD_BYTES];
    long long generation = 0;
    struct journal found = *journal;
    if (sscanf(bytes, head_scan_format, config, found.inputs, &generation, n_file) != 4 || *n_file < 1)
        return refuse(journal, "influence.journal: expected the head of a journal, found something else");
    memcpy(found.config, config, sizeof config);
    if (head_text(&found, generation, *n_file, expected) != n || memcmp(expected, bytes, n) != 0)
        return refuse(journal, "influence.journal: is damaged");
    if (strcmp(config, journal->config) != 0)
        return refuse(journal, "influence.journal: belongs to another config or other records");
    memcpy(journal->inputs, found.inputs, sizeof journal->inputs);
    journal->generation = generation;
    return STATUS_OK;
}

static enum status load_head(MPI_Comm comm, struct journal *journal, int *n_file)
{
    char *bytes = NULL, *path = head_path(journal);
    size_t n;
    enum status status = share_file(comm, NULL, path, HEAD_BYTES - 1, &bytes, &n, NULL);
    status = status == STATUS_OK ? parse_head(journal, bytes, n, n_file) : refuse(journal, failure_sentence());
    memory_free(bytes);
    memory_free(path);
    return status;
}

/* A state file is the packed partial result followed by its SHA-256. */
static enum status load_state(const struct journal *journal, int file, struct partial *partial)
{
    char *path = state_path(journal, journal->generation, file), *bytes = NULL;
    size_t n;
    enum status status = file_load(path, INT64_MAX / 2, &bytes, &n);
    if (status == STATUS_OK) {
        uint8_t sha256[DIGEST_BYTES];
        size_t body = n < DIGEST_BYTES ? 0 : n - DIGEST_BYTES;
        digest_state(journal, journal->generation, file, bytes, body, sha256);
        if (n < DIGEST_BYTES || memcmp(sha256, bytes + body, DIGEST_BYTES) != 0)
            status = fail(BAD_RUN, "%s: is damaged, or of another job", path);
        else
            status = partial_unpack(partial, bytes, (int64_t)body);
    }
    memory_free(bytes);
    memory_free(path);
    return status == STATUS_OK ? status : refuse(journal, failure_sentence());
}

/* Every block is in one state at most. */
static enum status share_done(MPI_Comm comm, const struct journal *journal, const struct partial *partial,
                              uint8_t *done)
{
    int64_t n_own = 0, n_union = 0, n_sum;
    MPI_Allreduce(partial->done, done, to_int(partial->n_block), MPI_UINT8_T, MPI_MAX, comm);
    for (int64_t block = 0; block < partial->n_block; block++) {
        n_own += partial->done[block];
        n_union += done[block];
    }
    MPI_Allreduce(&n_own, &n_sum, 1, MPI_INT64_T, MPI_SUM, comm);
    return n_sum == n_union ? STATUS_OK : refuse(journal, "influence.journal: two of its states have the same block");
}

enum status journal_load(MPI_Comm comm, struct journal *journal, struct partial *partial, uint8_t *done)
{
    int rank, size, n_file = 0;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    enum status status = load_head(comm, journal, &n_file);
    for (int file = rank; file < n_file && status == STATUS_OK; file += size)
        status = load_state(journal, file, partial);
    struct stat head;
    char *path = head_path(journal);
    if (rank == 0 && stat(path, &head) == 0)
        journal->begun = head.st_mtim;
    memory_free(path);
    status = agree(comm, status);
    return status == STATUS_OK ? share_done(comm, journal, partial, done) : status;
}

enum status journal_check_inputs(const struct journal *journal, const char *inputs)
{
    return strcmp(journal->inputs, inputs) == 0
               ? STATUS_OK
               : refuse(journal, "influence.journal: belongs to other queries, checkpoints or further inputs");
}

static enum status store_state(const struct journal *journal, int rank, struct partial *partial)
{
    struct text bytes;
    text_init(&bytes);
    partial_pack(partial, &bytes);
    uint8_t sha256[DIGEST_BYTES];
    digest_state(journal, journal->generation + 1, rank, bytes.bytes, bytes.length, sha256);
    text_add_bytes(&bytes, sha256, sizeof sha256);
    char *path = state_path(journal, journal->generation + 1, rank);
    enum status status = file_store(path, bytes.bytes, bytes.length, 0666);
    memory_free(path);
    text_clear(&bytes);
    return status;
}

static enum status store_head(const struct journal *journal, int n_file)
{
    char head[HEAD_BYTES];
    size_t n = head_text(journal, journal->generation + 1, n_file, head);
    char *path = head_path(journal);
    enum status status = file_store(path, head, n, 0666);
    struct timespec times[2] = {journal->begun, journal->begun};
    utimensat(AT_FDCWD, path, times,
              0); /* see journal_is_newer; failing, inputs may change unseen until the head's date */
    memory_free(path);
    return status;
}

/* State files of the generation in force: at most one per rank that ever ran, so a gap ends the search. */
static void remove_states(const struct journal *journal)
{
    for (int file = 0;; file++) {
        char *path = state_path(journal, journal->generation, file);
        int removed = unlink(path);
        memory_free(path);
        if (removed != 0)
            return;
    }
}

/* Every file of this job: killed runs leave states that no head names, and files that have no final name yet. */
static void remove_all(const struct journal *journal)
{
    static const char prefix[] = "influence";
    DIR *directory = opendir(journal->directory);
    if (directory == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        if (strncmp(entry->d_name, prefix, sizeof prefix - 1) == 0)
            unlinkat(dirfd(directory), entry->d_name, 0);
    closedir(directory);
}

enum status journal_store(MPI_Comm comm, struct journal *journal, struct partial *partial)
{
    int rank, size;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    enum status status = agree(comm, store_state(journal, rank, partial));
    if (status == STATUS_OK)
        status = agree_from(comm, 0, rank == 0 ? store_head(journal, size) : STATUS_OK);
    if (status == STATUS_OK) {
        if (rank == 0)
            remove_states(journal);
        journal->generation++;
    }
    return status;
}

void journal_remove(MPI_Comm comm, struct journal *journal)
{
    int rank;
    MPI_Comm_rank(comm, &rank);
    if (rank == 0) {
        char *path = head_path(journal);
        unlink(path); /* first: without its head a journal is none */
        memory_free(path);
        remove_all(journal);
        rmdir(journal->directory); /* only when no other job keeps a journal there */
    }
}
