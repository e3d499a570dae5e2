#include "influence/journal.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "comm/agree.h"
#include "comm/share.h"

/* As it is written, and as it is read: with a bound. */
static const char head_format[] = "assay influence journal v1\nfingerprint %s\ngeneration %lld\nfiles %d\n";
static const char head_scan_format[] = "assay influence journal v1\nfingerprint %64s\ngeneration %lld\nfiles %d\n";

void journal_init(struct journal *journal, const char *run_directory)
{
    *journal = (struct journal){.directory = path_join(run_directory, "journal")};
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

/* Reads and checks the head on rank 0; the number of state files on every rank. */
static enum status load_head(MPI_Comm comm, struct journal *journal, int *n_file)
{
    char *bytes = NULL, *path = head_path(journal);
    size_t n;
    enum status status = share_file(comm, NULL, path, 4096, &bytes, &n, NULL);
    if (status == STATUS_OK) {
        char fingerprint[65] = "", expected[512];
        long long generation = 0;
        if (sscanf(bytes, head_scan_format, fingerprint, &generation, n_file) != 3 || *n_file < 1)
            status = fail(BAD_RUN, "%s: is no journal of this job: remove the folder %s to begin anew", path,
                          journal->directory);
        snprintf(expected, sizeof expected, head_format, journal->fingerprint, generation, *n_file);
        if (status == STATUS_OK && strcmp(expected, bytes) != 0)
            status = fail(BAD_RUN,
                          "%s: belongs to another config or other inputs: remove the folder %s to begin anew, or "
                          "choose another run directory",
                          path, journal->directory);
        journal->generation = generation;
    }
    memory_free(bytes);
    memory_free(path);
    return status;
}

/* A state file is the packed partial result followed by its SHA-256. */
static enum status load_state(const struct journal *journal, int file, struct partial *partial)
{
    char *path = state_path(journal, journal->generation, file), *bytes;
    size_t n;
    enum status status = file_load(path, INT64_MAX / 2, &bytes, &n);
    if (status == STATUS_OK) {
        uint8_t sha256[DIGEST_BYTES];
        size_t body = n < DIGEST_BYTES ? 0 : n - DIGEST_BYTES;
        digest_of(bytes, body, sha256);
        if (n < DIGEST_BYTES || memcmp(sha256, bytes + body, DIGEST_BYTES) != 0)
            status = fail(BAD_RUN, "%s: is damaged: remove the folder %s to begin anew", path, journal->directory);
        else
            status = partial_unpack(partial, bytes, (int64_t)body);
        memory_free(bytes);
    } else {
        status = BAD_RUN;
    }
    memory_free(path);
    return status;
}

enum status journal_load(MPI_Comm comm, struct journal *journal, struct partial *partial, uint8_t *done)
{
    int rank, size, n_file = 0;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    enum status status = load_head(comm, journal, &n_file);
    for (int file = rank; file < n_file && status == STATUS_OK; file += size)
        status = load_state(journal, file, partial);
    status = agree(comm, status);
    if (status == STATUS_OK)
        MPI_Allreduce(partial->done, done, to_int(partial->n_block), MPI_UINT8_T, MPI_MAX, comm);
    return status;
}

static enum status store_state(const struct journal *journal, int rank, struct partial *partial)
{
    struct text bytes;
    text_init(&bytes);
    partial_pack(partial, &bytes);
    uint8_t sha256[DIGEST_BYTES];
    digest_of(bytes.bytes, bytes.length, sha256);
    text_add_bytes(&bytes, sha256, sizeof sha256);
    char *path = state_path(journal, journal->generation + 1, rank);
    enum status status = file_store(path, bytes.bytes, bytes.length, 0666);
    memory_free(path);
    text_clear(&bytes);
    return status;
}

static enum status store_head(const struct journal *journal, int n_file)
{
    char head[512];
    snprintf(head, sizeof head, head_format, journal->fingerprint, (long long)journal->generation + 1, n_file);
    char *path = head_path(journal);
    enum status status = file_store(path, head, strlen(head), 0666);
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
