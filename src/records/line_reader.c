#include "records/line_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

enum status line_reader_open(const struct pieces *pieces, struct line_reader *reader)
{
    *reader = (struct line_reader){.pieces = pieces, .descriptor = open(pieces->path, O_RDONLY | O_CLOEXEC)};
    return reader->descriptor >= 0 ? STATUS_OK
                                   : fail(BAD_INPUT, "%s: cannot be opened: %s", pieces->path, strerror(errno));
}

void line_reader_close(struct line_reader *reader)
{
    if (reader->pieces != NULL && reader->descriptor >= 0)
        close(reader->descriptor);
    memory_free(reader->buffer);
    *reader = (struct line_reader){0};
}

static enum status too_long(const struct line_reader *reader)
{
    return fail(BAD_INPUT, "%s: line %lld: expected a record of at most 16 MiB, found a longer line",
                reader->pieces->name, (long long)reader->number + 1);
}

/* Puts one more piece behind what is left in the buffer. */
static enum status read_piece(struct line_reader *reader)
{
    int64_t left = reader->end - reader->begin, room = left + reader->pieces->piece_bytes;
    if (left > LINE_LONGEST)
        return too_long(reader);
    if (left > 0 && reader->begin > 0)
        memmove(reader->buffer, reader->buffer + reader->begin, (size_t)left);
    if (room > reader->capacity) {
        reader->buffer = memory_resize(reader->buffer, left, room, 1);
        reader->capacity = room;
    }
    reader->begin = 0;
    reader->end = left;
    int64_t n;
    enum status status = pieces_read(reader->pieces, reader->descriptor, reader->next_piece, reader->buffer + left, &n);
    if (status != STATUS_OK)
        return status;
    reader->end += n;
    reader->next_piece++;
    return STATUS_OK;
}

enum status line_reader_next(struct line_reader *reader, const char **line, int64_t *n)
{
    const char *feed = NULL;
    for (int64_t scanned = 0;;) {
        int64_t left = reader->end - reader->begin;
        if (left > scanned)
            feed = memchr(reader->buffer + reader->begin + scanned, '\n', (size_t)(left - scanned));
        if (feed != NULL || reader->next_piece == reader->pieces->n)
            break;
        scanned = left;
        enum status status = read_piece(reader);
        if (status != STATUS_OK)
            return status;
    }
    *line = reader->begin < reader->end ? reader->buffer + reader->begin : NULL;
    if (*line == NULL)
        return STATUS_OK;
    *n = feed != NULL ? feed - *line : reader->end - reader->begin;
    if (*n > LINE_LONGEST)
        return too_long(reader);
    int64_t taken = *n + (feed != NULL);
    reader->begin += taken;
    reader->offset += taken;
    reader->number++;
    return STATUS_OK;
}

enum status line_reader_seek(struct line_reader *reader, int64_t p)
{
    const struct piece *items = reader->pieces->items;
    bool at_line = p == 0 || p == reader->pieces->n || items[p - 1].ends_line;
    reader->begin = reader->end = 0;
    reader->offset = p * reader->pieces->piece_bytes;
    reader->next_piece = p;
    reader->number = p < reader->pieces->n ? items[p].n_feed : reader->pieces->n_line;
    if (at_line)
        return STATUS_OK;
    const char *rest; /* of a line that begins before */
    int64_t n;
    return line_reader_next(reader, &rest, &n);
}
