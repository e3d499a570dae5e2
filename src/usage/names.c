#include "usage/names.h"

#include <string.h>

#include "base/memory.h"

size_t padded_length(const char *bytes, int64_t width)
{
    const char *end = memchr(bytes, 0, (size_t)width);
    return end != NULL ? (size_t)(end - bytes) : (size_t)width;
}

/* All strings of a list as they are stored; the caller owns *bytes. */
static enum status load(struct table_reader *reader, const char *path, int64_t *n, int64_t *width, char **bytes)
{
    const struct dataset *shape = table_find(reader, path);
    if (shape == NULL || shape->type != TABLE_STRING || shape->n_dim != 1)
        return fail(BAD_RUN, "lineage.h5: expected a list of strings %s, found %s; run `assay lineage` again", path,
                    shape == NULL ? "none" : "another dataset");
    *n = shape->dims[0];
    *width = shape->string_bytes;
    *bytes = memory_allocate(*n, (size_t)*width);
    return table_read(reader, path, 0, *n, *bytes);
}

static void add_name(const char *bytes, int64_t width, bool bare, struct text *text)
{
    size_t length = padded_length(bytes, width);
    if (bare && length > 0)
        text_add_bytes(text, bytes, length);
    else if (bare)
        text_add_bytes(text, "-", 1);
    else
        usage_add_name(text, bytes, length);
}

enum status names_load(struct table_reader *reader, const char *path, const char *digests, bool bare,
                       struct names *names)
{
    char *bytes = NULL, *hex = NULL;
    int64_t width = 0, hex_width = 0, n_digest = 0;
    *names = (struct names){0};
    enum status status = load(reader, path, &names->n, &width, &bytes);
    if (status == STATUS_OK && digests != NULL)
        status = load(reader, digests, &n_digest, &hex_width, &hex);
    if (status == STATUS_OK && digests != NULL && n_digest != names->n)
        status = fail(BAD_RUN, "lineage.h5: expected as many %s as %s, found %lld and %lld", digests, path,
                      (long long)n_digest, (long long)names->n);
    if (status == STATUS_OK) {
        struct text text;
        text_init(&text);
        names->starts = memory_allocate(names->n + 1, sizeof *names->starts);
        for (int64_t i = 0; i < names->n; i++) {
            if (digests != NULL) {
                add_name(hex + i * hex_width, hex_width, true, &text);
                text_add_bytes(&text, " ", 1);
            }
            add_name(bytes + i * width, width, bare, &text);
            names->starts[i + 1] = (int64_t)text.length;
        }
        names->bytes = text_take(&text);
        text_clear(&text);
    }
    memory_free(bytes);
    memory_free(hex);
    return status;
}

void names_clear(struct names *names)
{
    memory_free(names->bytes);
    memory_free(names->starts);
    *names = (struct names){0};
}

bool names_get(const struct names *names, int64_t i, struct record_value *value)
{
    if (i == -1) {
        *value = (struct record_value){"-", 1};
        return true;
    }
    if (i < 0 || i >= names->n)
        return false;
    *value = (struct record_value){names->bytes + names->starts[i], (size_t)(names->starts[i + 1] - names->starts[i])};
    return true;
}
