/* Reading bergson indexes: gradients.bin is rows without a header, a row per example, in it the gradient of each
 * module; info.json beside it has their number, type, and the size of each module in the order of the columns.
 * @source https://github.com/EleutherAI/bergson, bergson/data.py (create_index) */
#include <string.h>

#include "base/memory.h"
#include "config/json.h"
#include "tensor/shard.h"

enum { INFO_LIMIT = 100 * 1000 * 1000, MAX_NAMES_SHOWN = 20 };

/* What info.json says. */
struct index {
    const char *file; /* borrowed; its own name, for sentences */
    int64_t n_row, n_column;
    enum tensor_type type;
    const cJSON *sizes;    /* borrowed; module: number of columns, in order */
    int64_t first, n_used; /* the columns in use */
};

/* As numpy writes them, by name and by code; numpy alone has no bfloat16 and writes its code as two bytes. */
static const struct {
    const char *name;
    enum tensor_type type;
} types[] = {
    {"float16", TENSOR_F16}, {"bfloat16", TENSOR_BF16}, {"float32", TENSOR_F32},
    {"float64", TENSOR_F64}, {"<f2", TENSOR_F16},       {"<V2", TENSOR_BF16},
    {"|V2", TENSOR_BF16},    {"<f4", TENSOR_F32},       {"<f8", TENSOR_F64},
};

static bool find_type(const char *name, enum tensor_type *type)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(types[i].name, name) == 0) {
            *type = types[i].type;
            return true;
        }
    return false;
}

static enum status refuse(const char *file, const char *key, const char *expected, const cJSON *found)
{
    struct text text;
    text_init(&text);
    json_add_found(&text, found);
    enum status status = fail(BAD_INPUT, "%s: \"%s\": expected %s, found %s", file, key, expected, text.bytes);
    text_clear(&text);
    return status;
}

/* The number of rows has been called both; an index of tokens has many rows per example. */
static enum status read_rows(const cJSON *info, struct index *index)
{
    static const char *const keys[] = {"num_items", "num_grads"};
    if (cJSON_IsTrue(json_member(info, "attribute_tokens")))
        return fail(BAD_INPUT,
                    "%s: expected one gradient per example, found one per token (\"attribute_tokens\": true); build "
                    "the index without it",
                    index->file);
    bool is_known = false;
    for (int k = 0; k < 2; k++) {
        const cJSON *item = json_member(info, keys[k]);
        int64_t n;
        if (item == NULL)
            continue;
        if (!json_integer(item, &n) || n < 0)
            return refuse(index->file, keys[k], "an integer from 0 to 2^53 - 1", item);
        if (is_known && n != index->n_row)
            return fail(BAD_INPUT,
                        "%s: \"num_items\" and \"num_grads\": expected one number of rows, found %lld and "
                        "%lld",
                        index->file, (long long)index->n_row, (long long)n);
        index->n_row = n;
        is_known = true;
    }
    return is_known ? STATUS_OK : refuse(index->file, "num_grads", "the number of rows", NULL);
}

static enum status read_type(const cJSON *info, struct index *index)
{
    const cJSON *item = json_member(info, "base_dtype");
    if (!cJSON_IsString(item) || !find_type(item->valuestring, &index->type))
        return refuse(index->file, "base_dtype", "float16, bfloat16, float32 or float64 (little-endian)", item);
    return STATUS_OK;
}

static enum status refuse_module(const struct index *index, const char *module)
{
    struct text names;
    text_init(&names);
    const cJSON *item;
    int n = 0;
    cJSON_ArrayForEach(item, index->sizes)
    {
        if (n++ < MAX_NAMES_SHOWN)
            text_add(&names, "%s%s", n > 1 ? ", " : "", item->string);
    }
    if (n > MAX_NAMES_SHOWN)
        text_add(&names, " and %d more", n - MAX_NAMES_SHOWN);
    enum status status = fail(BAD_INPUT, "%s: expected a module \"%s\" in \"grad_sizes\", found %s", index->file,
                              module, n ? names.bytes : "no module at all");
    text_clear(&names);
    return status;
}

/* Sums the sizes, finds the columns of `module` ("-": all) and hashes names and sizes into `layout`. */
static enum status read_sizes(const cJSON *info, const char *module, struct index *index, uint8_t *layout)
{
    index->sizes = json_member(info, "grad_sizes");
    if (!cJSON_IsObject(index->sizes))
        return refuse(index->file, "grad_sizes", "an object of modules and their sizes", index->sizes);
    struct digest *digest = digest_create();
    digest_begin(digest);
    enum status status = STATUS_OK;
    bool is_all = strcmp(module, "-") == 0, is_found = is_all;
    const cJSON *item;
    cJSON_ArrayForEach(item, index->sizes)
    {
        int64_t n;
        if (!json_integer(item, &n) || n < 0 || __builtin_add_overflow(index->n_column, n, &index->n_column)) {
            status = refuse(index->file, item->string, "a number of columns", item);
            break;
        }
        digest_add(digest, item->string, strlen(item->string) + 1);
        digest_add(digest, &n, sizeof n);
        if (strcmp(item->string, module) == 0 && !is_all) {
            is_found = true;
            index->first = index->n_column - n;
            index->n_used = n;
        }
    }
    digest_end(digest, layout);
    digest_destroy(digest);
    if (status == STATUS_OK && is_all)
        index->n_used = index->n_column;
    return status == STATUS_OK && !is_found ? refuse_module(index, module) : status;
}

/* Whether `format` is "(SIZE,)TYPE". */
static bool is_format(const cJSON *format, int64_t size, enum tensor_type type)
{
    struct text start;
    text_init(&start);
    text_add(&start, "(%lld,)", (long long)size);
    enum tensor_type found;
    bool is = cJSON_IsString(format) && strncmp(format->valuestring, start.bytes, start.length) == 0 &&
              find_type(format->valuestring + start.length, &found) && found == type;
    text_clear(&start);
    return is;
}

/* The same columns once more, for numpy: what its readers see must be what is used here. */
static enum status check_structure(const cJSON *info, const struct index *index)
{
    const cJSON *structure = json_member(info, "dtype"), *item;
    if (structure == NULL)
        return STATUS_OK;
    const cJSON *names = json_member(structure, "names"), *formats = json_member(structure, "formats");
    int64_t item_size = 0, n = cJSON_GetArraySize(index->sizes);
    bool is_same = cJSON_GetArraySize(structure) == 3 && cJSON_IsArray(names) && cJSON_IsArray(formats) &&
                   cJSON_GetArraySize(names) == n && cJSON_GetArraySize(formats) == n &&
                   json_integer(json_member(structure, "itemsize"), &item_size) &&
                   item_size % (int64_t)tensor_type_size(index->type) == 0 &&
                   item_size / (int64_t)tensor_type_size(index->type) == index->n_column;
    const cJSON *name = is_same ? names->child : NULL, *format = is_same ? formats->child : NULL;
    cJSON_ArrayForEach(item, index->sizes)
    {
        is_same = is_same && cJSON_IsString(name) && strcmp(name->valuestring, item->string) == 0 &&
                  is_format(format, (int64_t)item->valuedouble, index->type);
        name = name ? name->next : NULL;
        format = format ? format->next : NULL;
    }
    if (!is_same)
        return fail(BAD_INPUT,
                    "%s: expected \"dtype\" to have the names and sizes of \"grad_sizes\", one after another, in "
                    "\"base_dtype\", found something else: readers of this index would not agree; build it again",
                    index->file);
    return STATUS_OK;
}

static enum status parse_info(struct shard *shard, struct index *index)
{
    char *bytes = NULL;
    size_t n = 0;
    cJSON *info = NULL;
    enum status status = shard_load_companion(shard, INFO_LIMIT, &bytes, &n);
    if (status == STATUS_OK)
        status = json_parse(bytes, n, index->file, BAD_INPUT, &info);
    if (status == STATUS_OK && !cJSON_IsObject(info))
        status = fail(BAD_INPUT, "%s: expected a JSON object that describes %s", index->file, shard->file);
    if (status == STATUS_OK)
        status = read_rows(info, index);
    if (status == STATUS_OK)
        status = read_type(info, index);
    if (status == STATUS_OK)
        status = read_sizes(info, shard->object, index, shard->layout);
    if (status == STATUS_OK)
        status = check_structure(info, index);
    index->sizes = NULL;
    cJSON_Delete(info);
    memory_free(bytes);
    return status;
}

static enum status bergson_describe(struct shard *shard)
{
    shard_set_companion(shard, "info.json");
    struct index index = {.file = shard->companion.file};
    enum status status = parse_info(shard, &index);
    int64_t dims[2] = {index.n_row, index.n_column}, size = (int64_t)tensor_type_size(index.type);
    if (status == STATUS_OK) /* of whole rows, so that their bytes are known to have a number */
        status = shard_set_shape(shard, index.type, 2, dims);
    if (status != STATUS_OK)
        return status;
    int64_t stride = shard->row_bytes;
    if (shard->mark.bytes != shard_bytes(shard))
        return fail(BAD_INPUT,
                    "%s: expected %lld bytes, %lld rows of %lld columns of %s by %s, found %lld: they do not belong "
                    "together, or the file is truncated",
                    shard->file, (long long)shard_bytes(shard), (long long)index.n_row, (long long)index.n_column,
                    tensor_type_name(index.type), index.file, (long long)shard->mark.bytes);
    dims[1] = index.n_used;
    status = shard_set_shape(shard, index.type, 2, dims);
    shard->place = (struct row_place){.stride = stride, .column = index.first * size};
    shard->row_name = "-";
    return status;
}

static const char *const bergson_files[] = {"gradients.bin", "token_gradients.bin", NULL};

const struct format bergson_format = {
    .separator = "#",
    .is_whole_too = true,
    .files = bergson_files,
    .kind = SEGMENT_RAW,
    .piece_bytes = 1 << 20,
    .open = shard_open_plain,
    .describe = bergson_describe,
    .read = shard_read_plain,
    .close = shard_close_plain,
};
