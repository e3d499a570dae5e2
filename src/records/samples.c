#include <string.h>

#include "base/memory.h"
#include "records/records.h"

void samples_clear(struct samples *samples)
{
    for (int64_t i = 0; i < samples->n_column; i++) {
        struct group_column *column = &samples->columns[i];
        for (int64_t k = 0; k < column->n_value; k++)
            memory_free(column->values[k]);
        memory_free(column->values);
        memory_free(column->count);
        memory_free(column->name);
    }
    memory_free(samples->columns);
    memory_free(samples->training_before);
    pieces_close(&samples->pieces);
    *samples = (struct samples){0};
}

int64_t samples_bytes(const struct samples *samples)
{
    int64_t bytes = samples->pieces.n * (int64_t)(sizeof *samples->pieces.items + sizeof *samples->training_before);
    for (int64_t i = 0; i < samples->n_column; i++) {
        const struct group_column *column = &samples->columns[i];
        bytes += column->n_value * (int64_t)(sizeof *column->values + sizeof *column->count);
        for (int64_t k = 0; k < column->n_value; k++)
            bytes += (int64_t)strlen(column->values[k]) + 1;
    }
    return bytes;
}
