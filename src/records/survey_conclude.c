/* What the lines of a samples file come to: values, counts, and the id that two of them have. */
#include "records/survey_parts.h"
#include "records/survey_values.h"

#include "base/memory.h"

/* Line `number`, borrowed from the reader. */
static enum status find_line(struct survey *survey, int64_t number, const char **line, int64_t *n)
{
    enum status status = line_reader_seek(&survey->reader, pieces_find_line(&survey->samples->pieces, number));
    do {
        if (status == STATUS_OK)
            status = line_reader_next(&survey->reader, line, n);
    } while (status == STATUS_OK && survey->reader.number < number);
    return status;
}

static enum status too_many_values(struct survey *survey, int64_t column, int64_t number)
{
    const char *line;
    int64_t n;
    enum status status = find_line(survey, number, &line, &n);
    return status != STATUS_OK
               ? status
               : sample_expected(&survey->sample, line, n, number, survey->config->group_by.items[column],
                                 "at most 65,536 different values in the file (leave the key out of group_by)");
}

/* The values of every key come to rank 0, which may find one too many, and then to all. */
static enum status share_values(struct survey *survey)
{
    struct samples *samples = survey->samples;
    int64_t n = survey->config->group_by.n, excess_line = 0, excess_column = 0;
    for (int64_t c = 0; c < n; c++) {
        survey_values_gather(&survey->ranks, &survey->columns[c]);
        int64_t line = survey->columns[c].names.n > VALUES_MOST ? survey->columns[c].line[VALUES_MOST] : 0;
        if (line > 0 && (excess_line == 0 || line < excess_line)) {
            excess_line = line;
            excess_column = c;
        }
    }
    enum status status = STATUS_OK;
    if (survey->ranks.rank == 0 && excess_line > 0)
        status = too_many_values(survey, excess_column, excess_line);
    status = ranks_agree_first(&survey->ranks, status);
    if (status != STATUS_OK)
        return status;
    samples->columns = memory_allocate(n, sizeof *samples->columns);
    for (int64_t c = 0; c < n; c++, samples->n_column++)
        survey_values_share(&survey->ranks, &survey->columns[c], survey->config->group_by.items[c],
                            &samples->columns[c]);
    return STATUS_OK;
}

static void share_counts(struct survey *survey)
{
    struct samples *samples = survey->samples;
    const struct ranks *ranks = &survey->ranks;
    if (ranks->size > 1)
        MPI_Allreduce(MPI_IN_PLACE, &samples->id_bytes, 1, MPI_INT64_T, MPI_MAX, ranks->comm);
    ranks_gather(ranks, samples->training_before, sizeof *samples->training_before, survey->firsts);
    for (int64_t p = 0; p <= samples->pieces.n; p++) {
        int64_t here = samples->training_before[p];
        samples->training_before[p] = samples->n;
        samples->n += here;
    }
}

static enum status check_count(const struct survey *survey)
{
    const struct samples *samples = survey->samples;
    if (samples->n > 0)
        return STATUS_OK;
    if (survey->config->split == NULL || samples->n_record == 0)
        return fail(BAD_INPUT, "%s: expected at least one sample, found an empty file", survey->config->file);
    return fail(BAD_INPUT, "%s: expected at least one training sample, found none of %lld with %s \"%s\"",
                survey->config->file, (long long)samples->n_record, survey->config->split, survey->config->train);
}

/* The least repeated line of all ranks, and the first line with its id. */
static void share_repeated(struct survey *survey)
{
    if (survey->ranks.size == 1)
        return;
    int64_t own = survey->repeated > 0 ? survey->repeated : INT64_MAX, least = own;
    MPI_Allreduce(MPI_IN_PLACE, &least, 1, MPI_INT64_T, MPI_MIN, survey->ranks.comm);
    int64_t first = own == least ? survey->first : INT64_MAX;
    MPI_Allreduce(MPI_IN_PLACE, &first, 1, MPI_INT64_T, MPI_MIN, survey->ranks.comm);
    survey->repeated = least < INT64_MAX ? least : 0;
    survey->first = first;
}

static enum status tell_repeated(struct survey *survey)
{
    const char *line;
    int64_t n;
    enum status status = find_line(survey, survey->repeated, &line, &n);
    if (status == STATUS_OK)
        status = sample_read(&survey->sample, line, n, survey->repeated);
    if (status != STATUS_OK)
        return status;
    struct text found;
    text_init(&found);
    json_add_excerpt(&found, survey->sample.id.bytes);
    status = fail(BAD_INPUT, "%s: line %lld: %s: expected an id of its own, found %s, which line %lld has too",
                  survey->config->file, (long long)survey->repeated, survey->config->id, found.bytes,
                  (long long)survey->first);
    text_clear(&found);
    return status;
}

enum status survey_conclude(struct survey *survey)
{
    enum status status = share_values(survey);
    if (status != STATUS_OK)
        return status;
    share_counts(survey);
    share_repeated(survey);
    if (survey->repeated > 0)
        return ranks_agree_first(&survey->ranks, survey->ranks.rank == 0 ? tell_repeated(survey) : STATUS_OK);
    return check_count(survey);
}
