#include "reference/hand_over.h"

#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "comm/agree.h"

void hand_over_init(struct hand_over *hand_over, MPI_Comm comm, const char *directory)
{
    *hand_over = (struct hand_over){.directory = directory};
    MPI_Comm_rank(comm, &hand_over->rank);
    MPI_Comm_size(comm, &hand_over->size);
}

void hand_over_clear(struct hand_over *hand_over)
{
    for (int64_t i = 0; i < hand_over->n; i++)
        memory_free(hand_over->files[i].path);
    memory_free(hand_over->files);
    *hand_over = (struct hand_over){0};
}

bool hand_over_begin(struct hand_over *hand_over, const char *path)
{
    if (hand_over->n == hand_over->capacity) {
        int64_t capacity = 2 * hand_over->capacity + 64;
        hand_over->files = memory_resize(hand_over->files, hand_over->capacity, capacity, sizeof *hand_over->files);
        hand_over->capacity = capacity;
    }
    int64_t i = hand_over->n++;
    hand_over->files[i] = (struct handed_file){.path = memory_copy_text(path)};
    return hand_over->status == STATUS_OK && i % hand_over->size == hand_over->rank;
}

void hand_over_reserve(struct hand_over *hand_over, const char *path)
{
    ASSERT(hand_over->n == 0);
    hand_over_begin(hand_over, path);
}

/* Read back: what the manifest names is what lies on the disk, not what was meant to. */
static enum status measure(const struct hand_over *hand_over, struct handed_file *file)
{
    char *path = path_join(hand_over->directory, file->path), *bytes = NULL;
    size_t n = 0;
    enum status status = file_load(path, INT64_MAX - 1, &bytes, &n);
    if (status == STATUS_OK) {
        file->bytes = (int64_t)n;
        digest_of(bytes, n, file->sha256);
        memory_free(bytes);
    }
    memory_free(path);
    return status;
}

enum status hand_over_fill(struct hand_over *hand_over)
{
    return measure(hand_over, &hand_over->files[0]);
}

char *hand_over_path(const struct hand_over *hand_over)
{
    return path_join(hand_over->directory, hand_over->files[hand_over->n - 1].path);
}

void hand_over_end(struct hand_over *hand_over, enum status written)
{
    struct handed_file *file = &hand_over->files[hand_over->n - 1];
    hand_over->status = written;
    if (written == STATUS_OK)
        hand_over->status = measure(hand_over, file);
}

void hand_over_bytes(struct hand_over *hand_over, const char *path, const void *bytes, size_t n)
{
    if (!hand_over_begin(hand_over, path))
        return;
    char *target = hand_over_path(hand_over);
    hand_over_end(hand_over, file_store(target, bytes, n, 0666));
    memory_free(target);
}

enum status hand_over_gather(struct hand_over *hand_over, MPI_Comm comm)
{
    enum status status = agree(comm, hand_over->status);
    if (status != STATUS_OK)
        return status;
    /* Each record is all zero but on its writer: bitwise or puts them together. */
    struct record {
        int64_t bytes;
        uint8_t sha256[DIGEST_BYTES];
    } *mine = memory_allocate(hand_over->n, sizeof *mine), *all = memory_allocate(hand_over->n, sizeof *all);
    for (int64_t i = 0; i < hand_over->n; i++) {
        mine[i].bytes = hand_over->files[i].bytes;
        memcpy(mine[i].sha256, hand_over->files[i].sha256, DIGEST_BYTES);
    }
    MPI_Reduce(mine, all, to_int(hand_over->n * (int64_t)sizeof *mine), MPI_BYTE, MPI_BOR, 0, comm);
    for (int64_t i = 0; i < hand_over->n && hand_over->rank == 0; i++) {
        hand_over->files[i].bytes = all[i].bytes;
        memcpy(hand_over->files[i].sha256, all[i].sha256, DIGEST_BYTES);
    }
    memory_free(mine);
    memory_free(all);
    return STATUS_OK;
}
