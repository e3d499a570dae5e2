#include "tensor/safetensors.h"

#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "tensor/shard.h"

enum { LENGTH_BYTES = 8, HEADER_ALIGNMENT = 8 };

/* Bytes of one tensor, -1 when no int64 holds them. */
static int64_t item_bytes(const struct safetensors_item *item)
{
    int64_t bytes = (int64_t)tensor_type_size(item->type);
    for (int k = 0; k < item->n_dim; k++)
        if (item->dims[k] < 0 || __builtin_mul_overflow(bytes, item->dims[k], &bytes))
            return -1;
    return bytes;
}

static enum status check_items(const char *path, const struct safetensors_item *items, int n_item, int64_t *total)
{
    *total = 0;
    for (int i = 0; i < n_item; i++) {
        const struct safetensors_item *item = &items[i];
        ASSERT(item->n_dim >= 0 && item->n_dim <= TENSOR_MAX_DIM);
        int64_t bytes = item_bytes(item);
        if (bytes < 0 || __builtin_add_overflow(*total, bytes, total))
            return fail(CANNOT_WRITE, "%s: tensor \"%s\": expected dimensions from 0 and less than 2^63 bytes in all",
                        path, item->name);
        if (strcmp(item->name, "__metadata__") == 0 || !utf8_is_valid(item->name, strlen(item->name)))
            return fail(CANNOT_WRITE, "%s: \"%s\" cannot be the name of a tensor: it is reserved or not UTF-8", path,
                        item->name);
        for (int k = 0; k < i; k++)
            if (strcmp(items[k].name, item->name) == 0)
                return fail(CANNOT_WRITE, "%s: expected one tensor of each name, found \"%s\" twice", path, item->name);
    }
    return STATUS_OK;
}

static enum status add_metadata(const char *path, const char *const *metadata, struct text *out)
{
    text_add(out, "\"__metadata__\":{");
    for (int k = 0; metadata[k] != NULL; k += 2) {
        ASSERT(metadata[k + 1] != NULL);
        for (int part = 0; part < 2; part++)
            if (!utf8_is_valid(metadata[k + part], strlen(metadata[k + part])))
                return fail(CANNOT_WRITE, "%s: expected metadata in UTF-8, found \"%s\"", path, metadata[k + part]);
        for (int other = 0; other < k; other += 2)
            if (strcmp(metadata[other], metadata[k]) == 0)
                return fail(CANNOT_WRITE, "%s: expected one value for metadata \"%s\", found two", path, metadata[k]);
        text_add(out, "%s", k ? "," : "");
        text_add_json_string(out, metadata[k]);
        text_add(out, ":");
        text_add_json_string(out, metadata[k + 1]);
    }
    text_add(out, "}");
    return STATUS_OK;
}

static void add_item(const struct safetensors_item *item, int64_t begin, struct text *out)
{
    text_add_json_string(out, item->name);
    text_add(out, ":{\"dtype\":\"%s\",\"shape\":[", tensor_type_names[item->type].safetensors);
    for (int k = 0; k < item->n_dim; k++)
        text_add(out, "%s%lld", k ? "," : "", (long long)item->dims[k]);
    text_add(out, "],\"data_offsets\":[%lld,%lld]}", (long long)begin, (long long)(begin + item_bytes(item)));
}

static enum status add_header(const char *path, const struct safetensors_item *items, int n_item,
                              const char *const *metadata, struct text *out)
{
    text_add(out, "{");
    if (metadata != NULL) {
        enum status status = add_metadata(path, metadata, out);
        if (status != STATUS_OK)
            return status;
    }
    int64_t begin = 0;
    for (int i = 0; i < n_item; i++) {
        text_add(out, "%s", i || metadata ? "," : "");
        add_item(&items[i], begin, out);
        begin += item_bytes(&items[i]);
    }
    text_add(out, "}");
    while (out->length % HEADER_ALIGNMENT != 0)
        text_add(out, " ");
    return STATUS_OK;
}

enum status safetensors_store(const char *path, const struct safetensors_item *items, int n_item,
                              const char *const *metadata)
{
    struct text header;
    text_init(&header);
    int64_t data_bytes = 0;
    char *file = NULL;
    enum status status = check_items(path, items, n_item, &data_bytes);
    if (status == STATUS_OK)
        status = add_header(path, items, n_item, metadata, &header);
    if (status != STATUS_OK)
        goto done;
    int64_t at = LENGTH_BYTES + (int64_t)header.length;
    file = memory_allocate(at + data_bytes, 1);
    for (int k = 0; k < LENGTH_BYTES; k++)
        file[k] = (char)((uint64_t)header.length >> (8 * k) & 0xff);
    memcpy(file + LENGTH_BYTES, header.bytes, header.length);
    for (int i = 0; i < n_item; i++) {
        int64_t bytes = item_bytes(&items[i]);
        if (bytes > 0)
            memcpy(file + at, items[i].data, (size_t)bytes);
        at += bytes;
    }
    status = file_store(path, file, (size_t)at, 0666);
done:
    memory_free(file);
    text_clear(&header);
    return status;
}
