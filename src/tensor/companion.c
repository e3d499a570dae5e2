/* The file beside the rows that says what they are. */
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "tensor/shard.h"

/* `name` in the folder of the file `path`; the caller owns it. */
static char *beside(const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');
    struct text text;
    text_init(&text);
    text_add_bytes(&text, path, slash ? (size_t)(slash + 1 - path) : 0);
    text_add(&text, "%s", name);
    return text.bytes;
}

void shard_set_companion(struct shard *shard, const char *name)
{
    shard_clear_companion(shard);
    shard->companion.path = beside(shard->path, name);
    shard->companion.file = beside(shard->file, name);
}

void shard_clear_companion(struct shard *shard)
{
    memory_free(shard->companion.path);
    memory_free(shard->companion.file);
    shard->companion = (struct companion){0};
}

enum status shard_load_companion(struct shard *shard, int64_t limit, char **bytes, size_t *n)
{
    struct shard opened; /* of which only the descriptor and the mark are used */
    shard_init(&opened, &npy_format, NULL, shard->companion.file, "-");
    char *content = NULL;
    enum status status = shard_open_plain(&opened);
    int64_t size = opened.mark.bytes;
    if (status == STATUS_OK && size > limit)
        status = fail(BAD_INPUT, "%s: expected at most %lld bytes, found %lld", opened.file, (long long)limit,
                      (long long)size);
    if (status == STATUS_OK) {
        content = memory_allocate(size + 1, 1);
        status = file_read_at(opened.descriptor, opened.file, 0, content, (size_t)size);
    }
    shard->companion.mark = opened.mark;
    shard_clear(&opened);
    if (status != STATUS_OK) {
        memory_free(content);
        return status;
    }
    *bytes = content;
    *n = (size_t)size;
    return STATUS_OK;
}
