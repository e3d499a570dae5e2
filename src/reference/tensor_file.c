#include "reference/tensor_file.h"

#include "base/memory.h"

void *tensor_file_add(struct tensor_file *file, const char *name, enum tensor_type type, int n_dim, const int64_t *dims)
{
    ASSERT(file->n < TENSOR_FILE_MAX);
    struct safetensors_item *item = &file->items[file->n++];
    *item = (struct safetensors_item){.name = memory_copy_text(name), .type = type, .n_dim = n_dim};
    int64_t count = 1;
    for (int i = 0; i < n_dim; i++) {
        item->dims[i] = dims[i];
        count *= dims[i];
    }
    void *data = memory_allocate(count, tensor_type_size(type));
    item->data = data;
    return data;
}

void tensor_file_store(const struct tensor_file *file, struct hand_over *hand_over, const char *const *metadata)
{
    char *path = hand_over_path(hand_over);
    hand_over_end(hand_over, safetensors_store(path, file->items, file->n, metadata));
    memory_free(path);
}

void tensor_file_clear(struct tensor_file *file)
{
    for (int i = 0; i < file->n; i++) {
        memory_free((char *)file->items[i].name);
        memory_free((void *)file->items[i].data);
    }
    *file = (struct tensor_file){0};
}
