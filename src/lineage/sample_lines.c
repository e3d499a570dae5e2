#include "lineage/sample_lines.h"

#include <ctype.h>
#include <string.h>

#include "base/memory.h"

static const char content_key[] = "sha256";

static int64_t find(const struct strings *list, const char *key)
{
    for (int64_t i = 0; i < list->n; i++)
        if (strcmp(list->items[i], key) == 0)
            return i;
    return -1;
}

/* A list that starts as `from` and has room for two more; where `key` is in it. */
static int64_t extend(const struct strings *from, const char *key, struct strings *into)
{
    into->items = memory_allocate(from->n + 1, sizeof *into->items);
    into->n = from->n;
    if (from->n > 0)
        memcpy(into->items, from->items, (size_t)from->n * sizeof *into->items);
    int64_t at = key == NULL ? -1 : find(into, key);
    if (key != NULL && at < 0) {
        at = into->n++;
        into->items[at] = (char *)key;
    }
    return at;
}

void sample_lines_init(const struct samples_config *config, struct sample_lines *lines)
{
    *lines = (struct sample_lines){.config = config, .open = *config, .read = *config, .n_column = config->group_by.n};
    lines->open.split = lines->read.split = NULL;
    lines->role = extend(&config->group_by, config->split, &lines->open.group_by);
    lines->content = extend(&lines->open.group_by, content_key, &lines->read.group_by);
}

void sample_lines_decide(struct sample_lines *lines, const struct policies *policies)
{
    lines->policies = policies;
    for (int f = 0; f < N_FACT; f++) {
        struct strings longer;
        lines->facts[f] = extend(&lines->read.group_by, policies_column(policies, (enum fact)f), &longer);
        memory_free(lines->read.group_by.items);
        lines->read.group_by = longer;
    }
}

void sample_lines_clear(struct sample_lines *lines)
{
    samples_clear(&lines->samples);
    memory_free(lines->open.group_by.items);
    memory_free(lines->read.group_by.items);
    *lines = (struct sample_lines){0};
}

/* The next line will be number `first` + 1. */
static enum status go_to(const struct sample_lines *lines, struct line_reader *reader, int64_t first)
{
    const struct pieces *pieces = &lines->samples.pieces;
    enum status status = STATUS_OK;
    if (reader->pieces == NULL)
        status = line_reader_open(pieces, reader);
    if (status == STATUS_OK && reader->number != first && first < pieces->n_line)
        status = line_reader_seek(reader, pieces_find_line(pieces, first + 1));
    while (status == STATUS_OK && reader->number < first) {
        const char *line = NULL;
        int64_t n;
        status = line_reader_next(reader, &line, &n);
        if (status == STATUS_OK && line == NULL)
            status = fail(BAD_INPUT, "%s: ends before line %lld", pieces->name, (long long)first + 1);
    }
    return status;
}

static enum status code_of(const struct group_column *column, const char *value, int32_t *code)
{
    if (*code >= 0 && strcmp(column->values[*code], value) == 0)
        return STATUS_OK; /* as on the line before */
    int64_t low = 0, high = column->n_value;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        int order = strcmp(value, column->values[middle]);
        if (order == 0) {
            *code = (int32_t)middle;
            return STATUS_OK;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return fail(BAD_INPUT, "key %s has a value that it did not have before: the samples file changed", column->name);
}

static struct gate_verdict decide(const struct sample_lines *lines, const struct sample *sample)
{
    const char *facts[N_FACT];
    struct verdict verdict;
    for (int f = 0; f < N_FACT; f++)
        facts[f] = sample->values[lines->facts[f]].bytes;
    policies_decide(lines->policies, facts, &verdict);
    return (struct gate_verdict){(int32_t)verdict.decision, (int32_t)verdict.policy, (int32_t)verdict.profile};
}

/* A digest in hex, of either case.  What is there and is none must not pass for a sample without one, of which a proof
 * of non-use does not speak. */
static bool read_content(const struct text *value, bool is_given, uint8_t *content, uint8_t *has_content)
{
    char hex[2 * DIGEST_BYTES + 1] = "";
    for (size_t i = 0; value->length == 2 * (size_t)DIGEST_BYTES && i < value->length; i++)
        hex[i] = (char)tolower((unsigned char)value->bytes[i]);
    *has_content = is_given && hex_decode(hex, content, DIGEST_BYTES);
    return *has_content || !is_given;
}

static enum status take(const struct sample_lines *lines, const struct sample *sample, int64_t i, int32_t *latest,
                        struct sample_slice *slice)
{
    const struct samples *samples = &lines->samples;
    size_t width = (size_t)samples->id_bytes, n = sample->id.length;
    ASSERT(n <= width);
    memcpy(slice->ids + (size_t)i * width, sample->id.bytes, n);
    enum status status = STATUS_OK;
    for (int64_t c = 0; c < lines->open.group_by.n && status == STATUS_OK; c++) {
        status = code_of(&samples->columns[c], sample->values[c].bytes, &latest[c]);
        slice->codes[c * slice->n + i] = latest[c];
    }
    slice->training[i] = lines->role < 0 || strcmp(sample->values[lines->role].bytes, lines->config->train) == 0;
    if (slice->verdicts != NULL)
        slice->verdicts[i] = decide(lines, sample);
    return status;
}

enum status sample_slice_read(const struct sample_lines *lines, struct line_reader *reader, int64_t first, int64_t n,
                              struct sample_slice *slice)
{
    int64_t n_column = lines->open.group_by.n;
    *slice = (struct sample_slice){.first = first,
                                   .n = n,
                                   .ids = memory_allocate(n, (size_t)lines->samples.id_bytes),
                                   .training = memory_allocate(n, 1),
                                   .content = memory_allocate(n, DIGEST_BYTES),
                                   .has_content = memory_allocate(n, 1),
                                   .codes = memory_allocate(n * n_column, sizeof(int32_t))};
    if (lines->policies != NULL)
        slice->verdicts = memory_allocate(n, sizeof *slice->verdicts);
    int32_t *latest = memory_allocate(n_column, sizeof *latest);
    for (int64_t c = 0; c < n_column; c++)
        latest[c] = -1;
    struct sample sample;
    sample_init(&sample, &lines->read);
    enum status status = n > 0 ? go_to(lines, reader, first) : STATUS_OK;
    for (int64_t i = 0; i < n && status == STATUS_OK; i++) {
        const char *line = NULL;
        int64_t length;
        status = line_reader_next(reader, &line, &length);
        if (status == STATUS_OK && line == NULL)
            status = fail(BAD_INPUT, "%s: ends before line %lld", lines->config->file, (long long)(first + i) + 1);
        if (status == STATUS_OK)
            status = sample_read(&sample, line, length, reader->number);
        if (status == STATUS_OK)
            status = take(lines, &sample, i, latest, slice);
        if (status == STATUS_OK && !read_content(&sample.values[lines->content], sample.given[lines->content],
                                                 slice->content + i * DIGEST_BYTES, &slice->has_content[i]))
            status = sample_expected(&sample, line, length, reader->number, content_key, "64 hex digits");
    }
    sample_clear(&sample);
    memory_free(latest);
    return status;
}

enum status sample_lines_check(const struct sample_lines *lines)
{
    enum { SLICE = 1 << 12 };
    struct line_reader reader = {.descriptor = -1};
    enum status status = STATUS_OK;
    for (int64_t first = 0, n; first < lines->samples.n && status == STATUS_OK; first += n) {
        struct sample_slice slice;
        n = lines->samples.n - first < SLICE ? lines->samples.n - first : SLICE;
        status = sample_slice_read(lines, &reader, first, n, &slice);
        sample_slice_clear(&slice);
    }
    line_reader_close(&reader);
    return status;
}

enum status sample_lines_hash(const struct sample_lines *lines, char hex[65])
{
    enum { PIECE = 1 << 20 };
    const struct pieces *pieces = &lines->samples.pieces;
    struct line_reader reader;
    uint8_t sha256[DIGEST_BYTES];
    struct digest *digest = digest_create();
    char *bytes = memory_allocate_raw(pieces->piece_bytes + 1, 1);
    enum status status = line_reader_open(pieces, &reader);
    digest_begin(digest);
    for (int64_t p = 0; p < pieces->n && status == STATUS_OK; p++) {
        int64_t n = 0;
        status = pieces_read(pieces, reader.descriptor, p, bytes, &n);
        digest_add(digest, bytes, (size_t)n);
    }
    digest_end(digest, sha256);
    hex_encode(sha256, DIGEST_BYTES, hex);
    line_reader_close(&reader);
    memory_free(bytes);
    digest_destroy(digest);
    return status;
}

void sample_slice_clear(struct sample_slice *slice)
{
    memory_free(slice->ids);
    memory_free(slice->training);
    memory_free(slice->content);
    memory_free(slice->has_content);
    memory_free(slice->codes);
    memory_free(slice->verdicts);
    *slice = (struct sample_slice){0};
}
