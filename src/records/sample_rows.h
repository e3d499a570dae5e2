/* The ids and group codes of some training samples, read from the file again. */
#ifndef ASSAY_RECORDS_SAMPLE_ROWS_H
#define ASSAY_RECORDS_SAMPLE_ROWS_H

#include "records/line_reader.h"
#include "records/sample.h"

/* Where in the file rows were read last: those that come soon after are found without going back. */
struct sample_reader {
    const struct samples *samples; /* borrowed */
    struct line_reader lines;
    struct sample sample;
    int64_t next; /* the training sample that comes next; −1: nothing was read yet */
};

void sample_reader_init(const struct samples *samples, struct sample_reader *reader);
void sample_reader_clear(struct sample_reader *reader);

struct sample_rows {
    const struct samples *samples; /* borrowed */
    int64_t first, n, capacity;    /* training samples [first, first + n), and room for them */
    char *ids;                     /* owned; n × id_bytes, zero-padded */
    int32_t *codes;                /* owned; column c from c × capacity on: indices into its values */
};

void sample_rows_init(const struct samples *samples, int64_t capacity, struct sample_rows *rows);
void sample_rows_clear(struct sample_rows *rows);
/* Bytes of one row.  @local */
int64_t sample_rows_bytes(const struct samples *samples);

/* Reads training samples [first, first + n), n ≤ capacity.  @local   @fails BAD_INPUT when the file changed */
enum status sample_rows_read(struct sample_rows *rows, struct sample_reader *reader, int64_t first, int64_t n);

static inline const int32_t *sample_rows_codes(const struct sample_rows *rows, int64_t column)
{
    return rows->codes + column * rows->capacity;
}

#endif
