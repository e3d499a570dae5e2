/* The lines of a file in pieces, one at a time and in bounded memory. */
#ifndef ASSAY_RECORDS_LINE_READER_H
#define ASSAY_RECORDS_LINE_READER_H

#include "records/pieces.h"

enum { LINE_LONGEST = 16 << 20 }; /* bytes */

struct line_reader {
    const struct pieces *pieces; /* borrowed; counted */
    int descriptor;              /* −1: none */
    char *buffer;                /* owned; whole pieces, and what is left of those before */
    int64_t capacity, begin, end;
    int64_t offset;     /* of buffer[begin] in the file */
    int64_t next_piece; /* to be read */
    int64_t number;     /* of the line read last, from 1 */
};

/* @local   @fails BAD_INPUT */
enum status line_reader_open(const struct pieces *pieces, struct line_reader *reader);
void line_reader_close(struct line_reader *reader);

/* The next line will be the first that begins in piece p or later.  @local   @fails BAD_INPUT */
enum status line_reader_seek(struct line_reader *reader, int64_t p);
/* The next line, without its line feed: borrowed until the next call; NULL at the end of the file.
 * @local   @fails BAD_INPUT when the file changed, or a line is longer than LINE_LONGEST */
enum status line_reader_next(struct line_reader *reader, const char **line, int64_t *n);
/* Where the next line begins: an offset in the file. */
static inline int64_t line_reader_at(const struct line_reader *reader)
{
    return reader->offset;
}

#endif
