#include "reference/images.h"

#include <string.h>

#include "base/memory.h"
#include "comm/agree.h"
#include "comm/share.h"
#include "tensor/tensor.h"

/* Reads a whole u8 tensor of n_column columns and checks that no value is above `maximum`. */
static enum status read_bytes(const char *directory, const char *name, int64_t n_column, uint8_t maximum,
                              struct tensor **tensor, uint8_t **values)
{
    enum status status = tensor_open(directory, name, tensor);
    if (status != STATUS_OK)
        return status;
    int64_t n = tensor_rows(*tensor);
    if (tensor_type(*tensor) != TENSOR_U8 || tensor_columns(*tensor) != n_column)
        return fail(BAD_INPUT, "%s: expected rows of %lld u8, found rows of %lld %s", name, (long long)n_column,
                    (long long)tensor_columns(*tensor), tensor_type_name(tensor_type(*tensor)));
    *values = memory_allocate(n * n_column, 1);
    status = tensor_read(*tensor, 0, n, *values, NULL);
    for (int64_t i = 0; i < n * n_column && status == STATUS_OK; i++)
        if ((*values)[i] > maximum)
            status = fail(BAD_INPUT, "%s: row %lld, column %lld: expected 0 to %u, found %u", name,
                          (long long)(i / n_column), (long long)(i % n_column), maximum, (*values)[i]);
    return status;
}

static enum status read_files(const struct train_config *config, const char *directory, struct images *images)
{
    struct tensor *pixels = NULL, *labels = NULL;
    enum status status = read_bytes(directory, config->images, N_PIXEL, PIXEL_MAXIMUM, &pixels, &images->pixels);
    if (status == STATUS_OK)
        status = read_bytes(directory, config->labels, 1, N_CLASS - 1, &labels, &images->labels);
    if (status == STATUS_OK) {
        images->n = tensor_rows(pixels);
        if (tensor_rows(labels) != images->n)
            status = fail(BAD_INPUT, "%s: expected %lld labels, one per image of %s, found %lld", config->labels,
                          (long long)images->n, config->images, (long long)tensor_rows(labels));
    }
    tensor_close(pixels);
    tensor_close(labels);
    return status;
}

/* Rank 0's n values on every rank; *n_shared is their number. */
static uint8_t *share_values(MPI_Comm comm, uint8_t *values, int64_t n, size_t *n_shared)
{
    char *bytes = (char *)values;
    *n_shared = (size_t)n;
    share_bytes(comm, &bytes, n_shared);
    return (uint8_t *)bytes;
}

enum status images_load(MPI_Comm comm, const struct train_config *config, const char *directory, struct images *images)
{
    int rank;
    size_t n_pixel, n_label;
    MPI_Comm_rank(comm, &rank);
    *images = (struct images){0};
    enum status status = rank == 0 ? read_files(config, directory, images) : STATUS_OK;
    status = agree_from(comm, 0, status);
    if (status != STATUS_OK) {
        images_clear(images);
        return status;
    }
    images->pixels = share_values(comm, images->pixels, images->n * N_PIXEL, &n_pixel);
    images->labels = share_values(comm, images->labels, images->n, &n_label);
    images->n = (int64_t)n_label;
    images->found_labels = memory_allocate(images->n, 1);
    memcpy(images->found_labels, images->labels, n_label);
    digest_of(images->pixels, n_pixel, images->pixels_sha256);
    digest_of(images->labels, n_label, images->labels_sha256);
    return STATUS_OK;
}

void images_clear(struct images *images)
{
    memory_free(images->pixels);
    memory_free(images->labels);
    memory_free(images->found_labels);
    *images = (struct images){0};
}

void images_get(const struct images *images, int64_t i, float x[N_PIXEL])
{
    for (int64_t j = 0; j < N_PIXEL; j++)
        x[j] = (float)images->pixels[i * N_PIXEL + j] / PIXEL_MAXIMUM;
}

int64_t images_add(struct images *images, const uint8_t pixels[N_PIXEL], uint8_t label)
{
    int64_t i = images->n + images->n_more++;
    images->pixels = memory_resize(images->pixels, i * N_PIXEL, (i + 1) * N_PIXEL, 1);
    images->labels = memory_resize(images->labels, i, i + 1, 1);
    memcpy(images->pixels + i * N_PIXEL, pixels, N_PIXEL);
    images->labels[i] = label;
    return i;
}
