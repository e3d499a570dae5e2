#include "seal/log_store.h"

#include "base/memory.h"
#include "comm/agree.h"
#include "comm/share.h"
#include "seal/tile_writer.h"

static enum status add_packed(struct tile_writer *writer, const char *packed, int64_t n)
{
    enum status status = STATUS_OK;
    for (int64_t at = 0; at < n && status == STATUS_OK;) {
        size_t length = (size_t)(uint8_t)packed[at] << 8 | (uint8_t)packed[at + 1];
        status = tile_writer_add(writer, packed + at + 2, length);
        at += 2 + (int64_t)length;
    }
    return status;
}

/* Takes in every rank's part even when writing has failed: nobody must be left sending. */
static enum status store_all(MPI_Comm comm, const char *log, const struct log_part *own, const struct hash *root)
{
    int n_rank;
    MPI_Comm_size(comm, &n_rank);
    struct tile_writer *writer = memory_allocate(1, sizeof *writer);
    tile_writer_begin(writer, log);
    enum status status = add_packed(writer, own->entries.bytes, (int64_t)own->entries.length);
    for (int from = 1; from < n_rank; from++) {
        int64_t n;
        char *packed = share_receive(comm, from, &n);
        if (status == STATUS_OK)
            status = add_packed(writer, packed, n);
        memory_free(packed);
    }
    struct hash written;
    if (status == STATUS_OK)
        status = tile_writer_end(writer, &written);
    if (status == STATUS_OK && !hash_equal(&written, root))
        status = fail(DIFFERS,
                      "%s: the entries that arrived have another root than the ranks computed: memory or network "
                      "of a node is not to be trusted; nothing was signed",
                      log);
    tile_writer_clear(writer);
    memory_free(writer);
    return status;
}

enum status log_store(MPI_Comm comm, const char *log, const struct log_part *part, const struct hash *root)
{
    int rank;
    enum status status = STATUS_OK;
    MPI_Comm_rank(comm, &rank);
    if (rank == 0)
        status = store_all(comm, log, part, root);
    else
        share_send(comm, 0, part->entries.bytes, (int64_t)part->entries.length);
    return agree_from(comm, 0, status);
}
