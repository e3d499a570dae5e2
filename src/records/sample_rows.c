#include "records/sample_rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void sample_reader_init(const struct samples *samples, struct sample_reader *reader)
{
    *reader = (struct sample_reader){.samples = samples, .next = -1};
    sample_init(&reader->sample, samples->config);
}

void sample_reader_clear(struct sample_reader *reader)
{
    if (reader->samples == NULL)
        return;
    line_reader_close(&reader->lines);
    sample_clear(&reader->sample);
    *reader = (struct sample_reader){0};
}

void sample_rows_init(const struct samples *samples, int64_t capacity, struct sample_rows *rows)
{
    *rows = (struct sample_rows){.samples = samples, .capacity = capacity};
    rows->ids = memory_allocate(capacity, (size_t)samples->id_bytes);
    rows->codes = memory_allocate(capacity * samples->n_column, sizeof *rows->codes);
}

void sample_rows_clear(struct sample_rows *rows)
{
    memory_free(rows->ids);
    memory_free(rows->codes);
    *rows = (struct sample_rows){0};
}

int64_t sample_rows_bytes(const struct samples *samples)
{
    return samples->id_bytes + samples->n_column * (int64_t)sizeof(int32_t);
}

/* The index of a value that the survey has met. */
static enum status find_code(const struct group_column *column, const char *value, int32_t *code)
{
    int64_t low = 0, high = column->n_value - 1;
    while (low <= high) {
        int64_t middle = low + (high - low) / 2;
        int order = strcmp(value, column->values[middle]);
        if (order == 0) {
            *code = (int32_t)middle;
            return STATUS_OK;
        }
        if (order < 0)
            high = middle - 1;
        else
            low = middle + 1;
    }
    return fail(BAD_INPUT, "%s: a value of a sample was not there before: the file changed during the job",
                column->name);
}

/* The next training sample into `sample`. */
static enum status next_training(struct sample_reader *reader)
{
    const struct samples *samples = reader->samples;
    do {
        const char *line;
        int64_t n;
        enum status status = line_reader_next(&reader->lines, &line, &n);
        if (status == STATUS_OK)
            status = line != NULL ? sample_read(&reader->sample, line, n, reader->lines.number)
                                  : fail(BAD_INPUT, "%s: ends before training sample %lld", samples->pieces.name,
                                         (long long)reader->next);
        if (status != STATUS_OK)
            return status;
    } while (!reader->sample.training);
    reader->next++;
    return STATUS_OK;
}

/* The piece in which training sample `first` begins. */
static int64_t find_piece(const struct samples *samples, int64_t first)
{
    int64_t low = 0, high = samples->pieces.n;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (samples->training_before[middle] <= first)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Past the samples before `first`: from where the reader is, if it is in that piece already. */
static enum status find_first(struct sample_reader *reader, int64_t first)
{
    const struct samples *samples = reader->samples;
    int64_t piece = find_piece(samples, first);
    enum status status = STATUS_OK;
    if (reader->lines.pieces == NULL)
        status = line_reader_open(&samples->pieces, &reader->lines);
    if (status == STATUS_OK && (reader->next < samples->training_before[piece] || reader->next > first)) {
        status = line_reader_seek(&reader->lines, piece);
        reader->next = samples->training_before[piece];
    }
    while (status == STATUS_OK && reader->next < first)
        status = next_training(reader);
    return status;
}

static enum status take_row(const struct sample *sample, struct sample_rows *rows, int64_t i)
{
    const struct samples *samples = rows->samples;
    int64_t width = samples->id_bytes, n_id = (int64_t)sample->id.length;
    ASSERT(n_id <= width);
    memcpy(rows->ids + i * width, sample->id.bytes, (size_t)n_id);
    memset(rows->ids + i * width + n_id, 0, (size_t)(width - n_id));
    enum status status = STATUS_OK;
    for (int64_t c = 0; c < samples->n_column && status == STATUS_OK; c++)
        status = find_code(&samples->columns[c], sample->values[c].bytes, &rows->codes[c * rows->capacity + i]);
    return status;
}

enum status sample_rows_read(struct sample_rows *rows, struct sample_reader *reader, int64_t first, int64_t n)
{
    ASSERT(n <= rows->capacity && first >= 0 && first <= rows->samples->n - n);
    rows->first = first;
    rows->n = n;
    enum status status = find_first(reader, first);
    for (int64_t i = 0; i < n && status == STATUS_OK; i++) {
        status = next_training(reader);
        if (status == STATUS_OK)
            status = take_row(&reader->sample, rows, i);
    }
    if (status != STATUS_OK)
        reader->next = -1;
    return status;
}
