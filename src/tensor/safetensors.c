/* Reading safetensors: 8 bytes little-endian length, a JSON header of that length, then the data.
 * @source https://huggingface.co/docs/safetensors, "Format" */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "config/json.h"
#include "tensor/shard.h"

enum { LENGTH_BYTES = 8, HEADER_LIMIT = 100 * 1000 * 1000, MAX_NAMES_SHOWN = 20 };

/* One tensor of the header.  Offsets count from the first byte after the header. */
struct entry {
    const char *name;  /* borrowed from the JSON, as is `dtype` */
    const char *dtype; /* any text: only asking for the tensor makes an unknown one an error */
    int n_dim;         /* may exceed TENSOR_MAX_DIM; dims has the first ones */
    int64_t dims[TENSOR_MAX_DIM];
    int64_t n_element;
    int64_t begin, end;
};

static enum status malformed(const struct shard *shard, const char *name, const char *expected)
{
    return fail(BAD_INPUT, "%s: tensor \"%s\" in the safetensors header: expected %s", shard->file, name, expected);
}

static bool find_type(const char *dtype, enum tensor_type *type)
{
    for (int k = 0; k < TENSOR_TYPE_COUNT; k++)
        if (strcmp(tensor_type_names[k].safetensors, dtype) == 0) {
            *type = (enum tensor_type)k;
            return true;
        }
    return false;
}

static enum status read_shape(const struct shard *shard, const cJSON *shape, struct entry *entry)
{
    if (!cJSON_IsArray(shape))
        return malformed(shard, entry->name, "\"shape\" to be a list");
    const cJSON *item;
    entry->n_element = 1;
    cJSON_ArrayForEach(item, shape)
    {
        int64_t dim;
        if (!json_integer(item, &dim) || dim < 0)
            return malformed(shard, entry->name, "\"shape\" to hold integers from 0 to 2^53 - 1");
        if (__builtin_mul_overflow(entry->n_element, dim, &entry->n_element))
            return malformed(shard, entry->name, "\"shape\" to have fewer than 2^63 elements");
        if (entry->n_dim < TENSOR_MAX_DIM)
            entry->dims[entry->n_dim] = dim;
        entry->n_dim++;
    }
    return STATUS_OK;
}

static enum status read_offsets(const struct shard *shard, const cJSON *offsets, struct entry *entry)
{
    if (!cJSON_IsArray(offsets) || cJSON_GetArraySize(offsets) != 2 ||
        !json_integer(cJSON_GetArrayItem(offsets, 0), &entry->begin) ||
        !json_integer(cJSON_GetArrayItem(offsets, 1), &entry->end) || entry->begin < 0 || entry->begin > entry->end)
        return malformed(shard, entry->name, "\"data_offsets\" to be [begin, end] with 0 <= begin <= end");
    int64_t data_bytes = shard->mark.bytes - shard->place.offset;
    if (entry->end > data_bytes)
        return fail(BAD_INPUT,
                    "%s: tensor \"%s\" ends at byte %lld of the data, which has only %lld bytes: the file is truncated "
                    "or its header is wrong",
                    shard->file, entry->name, (long long)entry->end, (long long)data_bytes);
    return STATUS_OK;
}

static enum status read_entry(const struct shard *shard, const cJSON *item, struct entry *entry)
{
    *entry = (struct entry){.name = item->string};
    const cJSON *dtype = cJSON_IsObject(item) ? json_member(item, "dtype") : NULL;
    if (!cJSON_IsString(dtype))
        return malformed(shard, entry->name, "an object with \"dtype\", \"shape\" and \"data_offsets\"");
    entry->dtype = dtype->valuestring;
    enum status status = read_shape(shard, json_member(item, "shape"), entry);
    if (status == STATUS_OK)
        status = read_offsets(shard, json_member(item, "data_offsets"), entry);
    enum tensor_type type;
    if (status != STATUS_OK || !find_type(entry->dtype, &type))
        return status;
    int64_t bytes;
    if (__builtin_mul_overflow(entry->n_element, (int64_t)tensor_type_size(type), &bytes) ||
        bytes != entry->end - entry->begin)
        return fail(BAD_INPUT,
                    "%s: tensor \"%s\": expected data_offsets that span %lld elements of %zu bytes (dtype %s), found "
                    "%lld bytes",
                    shard->file, entry->name, (long long)entry->n_element, tensor_type_size(type), entry->dtype,
                    (long long)(entry->end - entry->begin));
    return STATUS_OK;
}

static int compare_begin(const void *a, const void *b)
{
    const struct entry *left = a, *right = b;
    int order = (left->begin > right->begin) - (left->begin < right->begin);
    return order ? order : (left->end > right->end) - (left->end < right->end);
}

/* Two tensors that share bytes are how one file shows different contents to different readers. */
static enum status refuse_overlaps(const struct shard *shard, struct entry *entries, int64_t n)
{
    qsort(entries, (size_t)n, sizeof *entries, compare_begin);
    for (int64_t i = 1; i < n; i++)
        if (entries[i].begin < entries[i - 1].end)
            return fail(BAD_INPUT, "%s: tensors \"%s\" and \"%s\" overlap in the data: the header is wrong",
                        shard->file, entries[i - 1].name, entries[i].name);
    return STATUS_OK;
}

static enum status read_entries(const struct shard *shard, const cJSON *header, struct entry *entries, int64_t *n)
{
    const cJSON *item;
    *n = 0;
    cJSON_ArrayForEach(item, header)
    {
        if (strcmp(item->string, "__metadata__") == 0)
            continue;
        enum status status = read_entry(shard, item, &entries[*n]);
        if (status != STATUS_OK)
            return status;
        *n += 1;
    }
    return refuse_overlaps(shard, entries, *n);
}

static enum status refuse_name(const struct shard *shard, const struct entry *entries, int64_t n)
{
    struct text names;
    text_init(&names);
    for (int64_t i = 0; i < n && i < MAX_NAMES_SHOWN; i++)
        text_add(&names, "%s%s", i ? ", " : "", entries[i].name);
    if (n > MAX_NAMES_SHOWN)
        text_add(&names, " and %lld more", (long long)(n - MAX_NAMES_SHOWN));
    enum status status = fail(BAD_INPUT, "%s: expected a tensor \"%s\", found %s", shard->file, shard->object,
                              n ? names.bytes : "no tensor at all");
    text_clear(&names);
    return status;
}

static enum status choose_entry(struct shard *shard, const struct entry *entries, int64_t n)
{
    const struct entry *chosen = NULL;
    for (int64_t i = 0; i < n; i++)
        if (strcmp(entries[i].name, shard->object) == 0)
            chosen = &entries[i];
    if (chosen == NULL)
        return refuse_name(shard, entries, n);
    enum tensor_type type;
    if (!find_type(chosen->dtype, &type))
        return fail(BAD_INPUT, "%s: tensor \"%s\": expected F16, BF16, F32, F64, I8, U8, I16, I32 or I64, found %s",
                    shard->file, chosen->name, chosen->dtype);
    enum status status = shard_set_shape(shard, type, chosen->n_dim, chosen->dims);
    if (status == STATUS_OK)
        shard->place.offset += chosen->begin;
    return status;
}

static enum status load_header(struct shard *shard, char **header, int64_t *length)
{
    uint8_t bytes[LENGTH_BYTES];
    int64_t size = shard->mark.bytes;
    if (size < LENGTH_BYTES)
        return fail(BAD_INPUT, "%s: expected a safetensors file, found only %lld bytes", shard->file, (long long)size);
    enum status status = file_read_at(shard->descriptor, shard->file, 0, bytes, sizeof bytes);
    if (status != STATUS_OK)
        return status;
    uint64_t n = 0;
    for (int k = LENGTH_BYTES; k-- > 0;)
        n = n << 8 | bytes[k];
    if (n > HEADER_LIMIT || n > (uint64_t)(size - LENGTH_BYTES))
        return fail(BAD_INPUT,
                    "%s: expected a safetensors header of at most %lld bytes, found a length of %llu: not a "
                    "safetensors file, or truncated",
                    shard->file, (long long)(size - LENGTH_BYTES < HEADER_LIMIT ? size - LENGTH_BYTES : HEADER_LIMIT),
                    (unsigned long long)n);
    *length = (int64_t)n;
    *header = memory_allocate(*length + 1, 1);
    return file_read_at(shard->descriptor, shard->file, LENGTH_BYTES, *header, (size_t)n);
}

static enum status safetensors_describe(struct shard *shard)
{
    char *bytes = NULL;
    cJSON *header = NULL;
    struct entry *entries = NULL;
    int64_t length = 0, n = 0;
    enum status status = load_header(shard, &bytes, &length);
    if (status == STATUS_OK)
        status = json_parse(bytes, (size_t)length, shard->file, BAD_INPUT, &header);
    if (status != STATUS_OK)
        goto done;
    if (!cJSON_IsObject(header)) {
        status = fail(BAD_INPUT, "%s: expected the safetensors header to be a JSON object", shard->file);
        goto done;
    }
    shard->place.offset = LENGTH_BYTES + length;
    entries = memory_allocate(cJSON_GetArraySize(header), sizeof *entries);
    status = read_entries(shard, header, entries, &n);
    if (status == STATUS_OK)
        status = choose_entry(shard, entries, n);
done:
    memory_free(entries);
    cJSON_Delete(header);
    memory_free(bytes);
    return status;
}

const struct format safetensors_format = {
    .separator = "#",
    .kind = SEGMENT_RAW,
    .piece_bytes = 1 << 20,
    .open = shard_open_plain,
    .describe = safetensors_describe,
    .read = shard_read_plain,
    .close = shard_close_plain,
};
