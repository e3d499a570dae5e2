#include "influence/share_samples.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "comm/share.h"

/* A string on every rank; rank 0's stays where it is. */
static void share_text(MPI_Comm comm, int rank, char **text)
{
    size_t n = rank == 0 ? strlen(*text) : 0;
    share_bytes(comm, text, &n); /* with a zero byte after it */
}

/* All values of a column in one message, each with its zero byte. */
static void share_values(MPI_Comm comm, int rank, struct group_column *column)
{
    struct text all;
    text_init(&all);
    for (int64_t v = 0; v < column->n_value && rank == 0; v++)
        text_add_bytes(&all, column->values[v], strlen(column->values[v]) + 1);
    char *bytes = all.bytes;
    size_t n = all.length;
    share_bytes(comm, &bytes, &n);
    const char *at = bytes;
    for (int64_t v = 0; v < column->n_value && rank != 0; v++, at += strlen(at) + 1)
        column->values[v] = memory_copy_text(at);
    if (rank != 0)
        memory_free(bytes);
    text_clear(&all);
}

static void share_codes(MPI_Comm comm, int rank, int64_t n, int32_t **codes)
{
    char *bytes = rank == 0 ? (char *)*codes : NULL;
    size_t n_byte = (size_t)n * sizeof **codes;
    share_bytes(comm, &bytes, &n_byte);
    *codes = (int32_t *)(void *)bytes; /* memory_allocate aligns to 64 */
}

void share_samples(MPI_Comm comm, struct samples *samples)
{
    int rank;
    MPI_Comm_rank(comm, &rank);
    int64_t counts[] = {samples->n, samples->n_record, samples->id_bytes, samples->n_column};
    MPI_Bcast(counts, 4, MPI_INT64_T, 0, comm);
    if (rank != 0) {
        *samples =
            (struct samples){.n = counts[0], .n_record = counts[1], .id_bytes = counts[2], .n_column = counts[3]};
        samples->columns = memory_allocate(samples->n_column, sizeof *samples->columns);
    }
    for (int64_t c = 0; c < samples->n_column; c++) {
        struct group_column *column = &samples->columns[c];
        MPI_Bcast(&column->n_value, 1, MPI_INT64_T, 0, comm);
        if (rank != 0)
            column->values = memory_allocate(column->n_value, sizeof *column->values);
        share_text(comm, rank, &column->name);
        share_values(comm, rank, column);
        share_codes(comm, rank, samples->n, &column->codes);
    }
}
