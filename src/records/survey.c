#include "records/survey.h"

#include <string.h>

#include "base/memory.h"
#include "base/stop.h"
#include "comm/share.h"
#include "records/survey_parts.h"

static void begin(MPI_Comm comm, const struct samples_config *config, struct samples *samples, struct survey *survey)
{
    *samples = (struct samples){.config = config, .id_bytes = 1};
    *survey = (struct survey){.ranks = ranks_of(comm), .config = config, .samples = samples, .digest = digest_create()};
    survey->firsts = memory_allocate((int64_t)survey->ranks.size + 1, sizeof *survey->firsts);
    survey->columns = memory_allocate(config->group_by.n, sizeof *survey->columns);
    for (int64_t c = 0; c < config->group_by.n; c++)
        value_set_init(&survey->columns[c]);
    sample_init(&survey->sample, config);
    id_exchange_init(&survey->exchange, &survey->ranks);
}

static void end(struct survey *survey)
{
    for (int64_t c = 0; c < survey->config->group_by.n; c++)
        value_set_clear(&survey->columns[c]);
    memory_free(survey->columns);
    memory_free(survey->firsts);
    id_exchange_clear(&survey->exchange);
    id_table_clear(&survey->table);
    sample_clear(&survey->sample);
    line_reader_close(&survey->reader);
    digest_destroy(survey->digest);
}

/* ---- the bytes ------------------------------------------------------------------------------------------------- */

static enum status open_pieces(struct survey *survey, const char *directory)
{
    struct pieces *pieces = &survey->samples->pieces;
    enum status status = ranks_agree(&survey->ranks, pieces_open(directory, survey->config->file, pieces));
    int64_t range[2] = {pieces->bytes, -pieces->bytes};
    if (status != STATUS_OK || survey->ranks.size == 1)
        return status;
    MPI_Allreduce(MPI_IN_PLACE, range, 2, MPI_INT64_T, MPI_MIN, survey->ranks.comm);
    return range[0] == -range[1] ? STATUS_OK
                                 : fail(BAD_INPUT,
                                        "%s: ranks see it with %lld and with %lld bytes: run it again when nothing "
                                        "writes to its inputs",
                                        survey->config->file, (long long)range[0], (long long)-range[1]);
}

/* Segments are shared out whole; then every rank knows every piece. */
static enum status hash_pieces(struct survey *survey, struct segment_list *segments)
{
    const struct ranks *ranks = &survey->ranks;
    struct pieces *pieces = &survey->samples->pieces;
    enum status status = STATUS_OK;
    int64_t first = ranks_first(ranks, ranks->rank, pieces->n_segment), past;
    int64_t next = ranks_first(ranks, ranks->rank + 1, pieces->n_segment);
    for (int64_t s = first; s < next && status == STATUS_OK; s++)
        status = pieces_hash(pieces, s, segments);
    status = ranks_agree(ranks, status);
    if (status != STATUS_OK)
        return status;
    for (int r = 0; r <= ranks->size; r++)
        pieces_of_segment(pieces, ranks_first(ranks, r, pieces->n_segment), &survey->firsts[r], &past);
    ranks_gather(ranks, pieces->items, sizeof *pieces->items, survey->firsts);
    pieces_count(pieces);
    if (pieces->n_line > ID_LINES_MOST)
        return fail(BAD_INPUT, "%s: expected at most 2^40 lines, found %lld", pieces->name, (long long)pieces->n_line);
    return STATUS_OK;
}

static enum status read_bytes(struct survey *survey, const char *directory, struct segment_list *segments)
{
    struct segment_list list;
    segments_init(&list);
    enum status status = open_pieces(survey, directory);
    if (status == STATUS_OK)
        status = hash_pieces(survey, &list);
    if (status == STATUS_OK && survey->ranks.size > 1)
        status = share_segments(survey->ranks.comm, &list);
    for (int64_t i = 0; i < list.n && status == STATUS_OK && segments != NULL; i++)
        segments_add(segments, &list.items[i]);
    segments_clear(&list);
    return status;
}

/* ---- the lines ------------------------------------------------------------------------------------------------- */

static void note_sample(struct survey *survey, int64_t piece)
{
    const struct sample *sample = &survey->sample;
    if (!sample->training)
        return;
    survey->samples->training_before[piece]++;
    if ((int64_t)sample->id.length > survey->samples->id_bytes)
        survey->samples->id_bytes = (int64_t)sample->id.length;
    for (int64_t c = 0; c < survey->config->group_by.n; c++)
        value_set_add(&survey->columns[c], sample->values[c].bytes, survey->reader.number);
}

/* The first pass takes all that a line says; the others only those ids whose hashes are theirs. */
static enum status read_line(struct survey *survey, const char *line, int64_t n, int64_t piece, int64_t pass)
{
    enum status status = sample_read(&survey->sample, line, n, survey->reader.number);
    if (status != STATUS_OK)
        return status;
    if (pass == 0)
        note_sample(survey, piece);
    const struct text *id = &survey->sample.id;
    struct id_entry entry =
        id_entry_make(survey->digest, survey->salt, id->bytes, (int64_t)id->length, survey->reader.number);
    if (id_entry_pass(&entry, survey->plan.n_pass) == pass)
        id_exchange_add(&survey->exchange, &entry);
    return STATUS_OK;
}

/* Until a batch of ids is full, or this rank's lines are read: then *more is false. */
static enum status read_batch(struct survey *survey, int64_t pass, bool *more)
{
    const struct pieces *pieces = &survey->samples->pieces;
    int64_t end = survey->firsts[survey->ranks.rank + 1] * pieces->piece_bytes;
    if (stop_requested())
        return fail(STOPPED, "%s: stopped on request while it was read; run the same command again", pieces->name);
    while (!id_exchange_is_full(&survey->exchange)) {
        int64_t n, at = line_reader_at(&survey->reader);
        const char *line = NULL;
        enum status status = at < end ? line_reader_next(&survey->reader, &line, &n) : STATUS_OK;
        if (status == STATUS_OK && line != NULL)
            status = read_line(survey, line, n, at / pieces->piece_bytes, pass);
        if (line == NULL || status != STATUS_OK) {
            *more = false;
            return status;
        }
    }
    *more = true;
    return STATUS_OK;
}

/* A rank that fails has no more lines, and goes on dealing with those that have. */
static enum status take_pass(struct survey *survey, int64_t pass)
{
    enum status status = line_reader_seek(&survey->reader, survey->firsts[survey->ranks.rank]);
    bool more = status == STATUS_OK, any = true;
    id_table_init(&survey->table, survey->plan.slot_bits);
    while (any) {
        if (more)
            status = read_batch(survey, pass, &more);
        more = more && status == STATUS_OK;
        any = id_exchange_deal(&survey->exchange, more, &survey->table);
    }
    const struct id_table *table = &survey->table;
    if (table->repeated > 0 && (survey->repeated == 0 || table->repeated < survey->repeated)) {
        survey->repeated = table->repeated;
        survey->first = table->first;
    }
    id_table_clear(&survey->table);
    return ranks_agree(&survey->ranks, status);
}

static void make_salt(struct survey *survey)
{
    const struct pieces *pieces = &survey->samples->pieces;
    digest_begin(survey->digest);
    for (int64_t p = 0; p < pieces->n; p++)
        digest_add(survey->digest, pieces->items[p].sha256, DIGEST_BYTES);
    digest_end(survey->digest, survey->salt);
}

static enum status read_lines(struct survey *survey, int64_t memory)
{
    const struct ranks *ranks = &survey->ranks;
    struct samples *samples = survey->samples;
    for (int r = 0; r <= ranks->size; r++)
        survey->firsts[r] = ranks_first(ranks, r, samples->pieces.n);
    samples->n_record = samples->pieces.n_line;
    samples->training_before = memory_allocate(samples->pieces.n + 1, sizeof *samples->training_before);
    samples_open_plan(samples->n_record, ranks->size, memory, &survey->plan);
    make_salt(survey);
    enum status status = ranks_agree(ranks, line_reader_open(&samples->pieces, &survey->reader));
    for (int64_t pass = 0; pass < survey->plan.n_pass && status == STATUS_OK; pass++)
        status = take_pass(survey, pass);
    return status;
}

void samples_open_plan(int64_t n_line, int64_t n_rank, int64_t memory, struct id_plan *plan)
{
    enum { BESIDE = 2 }; /* lines, values and ids on their way */
    id_plan_make(n_line, n_rank, memory / BESIDE, plan);
}

enum status samples_open(MPI_Comm comm, const char *directory, const struct samples_config *config, int64_t memory,
                         struct samples *samples, struct segment_list *segments)
{
    struct survey survey;
    begin(comm, config, samples, &survey);
    enum status status = read_bytes(&survey, directory, segments);
    if (status == STATUS_OK)
        status = read_lines(&survey, memory);
    if (status == STATUS_OK)
        status = survey_conclude(&survey);
    end(&survey);
    if (status != STATUS_OK)
        samples_clear(samples);
    return status;
}
