/* Opening a source: which kind its names make, and whether its files fit together. */
#include <string.h>

#include "base/memory.h"
#include "exact/digits.h"
#include "policy/source_parts.h"

static enum status choose_kind(const char *what, const struct source_names *names, enum source_kind *kind)
{
    bool values = names->values != NULL, indices = names->indices != NULL, starts = names->starts != NULL;
    bool activations = names->activations != NULL;
    if (values == activations || (activations && (indices || starts)) || indices != starts)
        return fail(BAD_CONFIG,
                    "%s: expected values (dense), or values, indices and starts (sparse rows), or activations (for the "
                    "encoder policy.features.sae), found%s%s%s%s%s",
                    what, values ? " values" : "", indices ? " indices" : "", starts ? " starts" : "",
                    activations ? " activations" : "", values || indices || starts || activations ? "" : " nothing");
    if (activations && names->sae == NULL)
        return fail(BAD_CONFIG,
                    "%s.activations: activations need an encoder: give the folder of a sparse autoencoder as "
                    "policy.features.sae",
                    what);
    *kind = activations ? SOURCE_ENCODED : indices ? SOURCE_SPARSE : SOURCE_DENSE;
    return STATUS_OK;
}

/* Items × probes × columns, or rows of columns. */
static enum status check_matrix(struct source *source, const struct tensor *tensor, int64_t *n_column)
{
    int64_t dims[TENSOR_MAX_DIM];
    int n_dim = tensor_dimensions(tensor, dims);
    if (n_dim == 3 && dims[1] != source->n_probe)
        return fail(BAD_INPUT, "%s: expected items x %lld probes x columns, found %lld in place of the probes",
                    tensor_name(tensor), (long long)source->n_probe, (long long)dims[1]);
    if (n_dim != 2 && n_dim != 3)
        return fail(BAD_INPUT, "%s: expected a matrix, rows x columns%s, found %d dimension%s", tensor_name(tensor),
                    source->n_probe > 1 ? ", or items x probes x columns" : "", n_dim, n_dim == 1 ? "" : "s");
    source->tensor_rows = n_dim == 3 ? 1 : source->n_probe;
    if (tensor_rows(tensor) % source->tensor_rows != 0)
        return fail(BAD_INPUT, "%s: expected a multiple of %lld rows, one per probe for each item, found %lld",
                    tensor_name(tensor), (long long)source->n_probe, (long long)tensor_rows(tensor));
    source->n_item = tensor_rows(tensor) / source->tensor_rows;
    *n_column = dims[n_dim - 1];
    return STATUS_OK;
}

static enum status open_tensors(const char *directory, const struct source_names *names, struct source *source)
{
    const char *const wanted[SOURCE_MAX_TENSORS] = {
        [TENSOR_VALUES] = source->kind == SOURCE_ENCODED ? names->activations : names->values,
        [TENSOR_INDICES] = names->indices,
        [TENSOR_STARTS] = names->starts};
    enum status status = STATUS_OK;
    for (int t = 0; t < SOURCE_MAX_TENSORS && status == STATUS_OK; t++)
        if (wanted[t] != NULL)
            status = tensor_open(directory, wanted[t], &source->tensor[t]);
    return status;
}

static enum status get_sae(const char *directory, const char *what, const struct source_names *names,
                           struct segment_list *segments, struct source *source)
{
    const char *backend = names->backend == NULL ? "auto" : names->backend;
    source->backend = gemm_find(backend);
    if (source->backend == NULL)
        return fail(BAD_CONFIG, "policy.backend: expected auto, onednn or blas, found \"%s\"", backend);
    if (names->sae_digits < 1 || names->sae_digits > MAX_DIGITS)
        return fail(BAD_CONFIG, "%s: expected 1 to %d digits for the encoder, found %lld", what, MAX_DIGITS,
                    (long long)names->sae_digits);
    const struct source *other = names->encoder_of;
    source->is_borrower = other != NULL && other->sae != NULL && strcmp(other->sae->directory, names->sae) == 0 &&
                          other->sae->weights.n_digit == names->sae_digits;
    if (!source->is_borrower)
        return sae_open(directory, names->sae, (int)names->sae_digits, segments, &source->sae);
    source->sae = sae_share(other->sae);
    return STATUS_OK;
}

static enum status open_encoded(const char *directory, const char *what, const struct source_names *names,
                                struct segment_list *segments, struct source *source)
{
    const struct tensor *activations = source->tensor[TENSOR_VALUES];
    int64_t width;
    enum status status = check_matrix(source, activations, &width);
    if (status == STATUS_OK)
        status = get_sae(directory, what, names, segments, source);
    if (status != STATUS_OK)
        return status;
    if (width != source->sae->d_in)
        return fail(BAD_INPUT,
                    "%s: expected %lld activations per row, which the encoder in %s takes, found %lld: activations and "
                    "encoder do not belong together",
                    tensor_name(activations), (long long)source->sae->d_in, source->sae->weights_file,
                    (long long)width);
    source->n_column = source->sae->d_sae;
    source->encoder = sae_encoder_create(source->sae, source->backend);
    return STATUS_OK;
}

static enum status open_dense(struct source *source)
{
    enum status status = check_matrix(source, source->tensor[TENSOR_VALUES], &source->n_column);
    if (status == STATUS_OK && source->n_column > INT32_MAX)
        status = fail(BAD_INPUT, "%s: expected at most %d features, found %lld",
                      tensor_name(source->tensor[TENSOR_VALUES]), INT32_MAX, (long long)source->n_column);
    return status;
}

static enum status open_sparse(const char *what, int64_t width, struct source *source)
{
    if (width < 1 || width > INT32_MAX)
        return fail(BAD_CONFIG,
                    "%s: expected the number of features of sparse rows as policy.features.width, 1 to %d, "
                    "found %lld",
                    what, INT32_MAX, (long long)width);
    return source_sparse_check(source, width);
}

static void describe(struct source *source)
{
    static const char *const kinds[] = {[SOURCE_DENSE] = "dense", [SOURCE_SPARSE] = "sparse"};
    struct text text;
    text_init(&text);
    if (source->kind == SOURCE_ENCODED)
        text_add(&text, "%s", source->sae->description);
    else
        text_add(&text, "%s features of %s, %lld columns", kinds[source->kind],
                 tensor_name(source->tensor[TENSOR_VALUES]), (long long)source->n_column);
    source->description = text_take(&text);
    text_clear(&text);
}

enum status source_open(const char *directory, const char *what, const struct source_names *names, int64_t n_probe,
                        struct segment_list *segments, struct source **source)
{
    ASSERT(n_probe >= 1);
    struct source *opened = memory_allocate(1, sizeof *opened);
    opened->n_probe = n_probe;
    enum status status = choose_kind(what, names, &opened->kind);
    if (status == STATUS_OK)
        status = open_tensors(directory, names, opened);
    if (status == STATUS_OK && opened->kind == SOURCE_DENSE)
        status = open_dense(opened);
    else if (status == STATUS_OK && opened->kind == SOURCE_SPARSE)
        status = open_sparse(what, names->width, opened);
    else if (status == STATUS_OK)
        status = open_encoded(directory, what, names, segments, opened);
    if (status != STATUS_OK) {
        source_close(opened);
        return status;
    }
    describe(opened);
    *source = opened;
    return STATUS_OK;
}
