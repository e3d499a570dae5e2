#include "table/fingerprint.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "table/table.h"

void fingerprint_make(MPI_Comm comm, const char *head, const struct segment_list *segments, char hex[65])
{
    int rank;
    MPI_Comm_rank(comm, &rank);
    struct text text;
    text_init(&text);
    text_add(&text, "%s\n", head);
    for (int64_t i = 0; i < segments->n && rank == 0; i++) {
        const struct segment *segment = &segments->items[i];
        char digest[65];
        hex_encode(segment->sha256, DIGEST_BYTES, digest);
        text_add(&text, "%s %s %lld %s\n", segment->path, segment->object, (long long)segment->offset, digest);
    }
    uint8_t sha256[DIGEST_BYTES];
    digest_of(text.bytes, text.length, sha256);
    MPI_Bcast(sha256, DIGEST_BYTES, MPI_BYTE, 0, comm);
    hex_encode(sha256, DIGEST_BYTES, hex);
    text_clear(&text);
}

/* Whether a file was last changed before the job that made the table began.  The time of the last change of any kind
 * counts: unlike that of the contents nobody sets it back. */
static bool is_older(const char *path, const struct stat *table)
{
    struct stat entry;
    struct timespec begun = table->st_mtim; /* see fingerprint_stamp */
    return stat(path, &entry) == 0 && (entry.st_ctim.tv_sec != begun.tv_sec ? entry.st_ctim.tv_sec < begun.tv_sec
                                                                            : entry.st_ctim.tv_nsec < begun.tv_nsec);
}

void fingerprint_stamp(const char *path, struct timespec begun)
{
    struct timespec times[2] = {begun, begun};
    utimensat(AT_FDCWD, path, times, 0); /* failing, it is only done again some day */
}

bool fingerprint_stands(const char *path, const char *directory, const char *fingerprint)
{
    struct stat entry;
    struct table_reader *reader;
    if (stat(path, &entry) != 0 || table_open(path, &reader) != STATUS_OK)
        return false;
    const char *found = table_attribute(reader, "fingerprint");
    bool same = found != NULL && strcmp(found, fingerprint) == 0;
    struct segment_list inputs;
    segments_init(&inputs);
    same = same && inputs_read(reader, &inputs) == STATUS_OK;
    for (int64_t i = 0; i < inputs.n && same; i++) {
        if (i > 0 && strcmp(inputs.items[i].path, inputs.items[i - 1].path) == 0)
            continue;
        char *input = path_join(directory, inputs.items[i].path);
        same = is_older(input, &entry);
        memory_free(input);
    }
    segments_clear(&inputs);
    table_reader_close(reader);
    return same;
}
