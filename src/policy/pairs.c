#include "policy/pairs.h"

#include <math.h>

#include "base/file.h"
#include "base/memory.h"
#include "comm/agree.h"
#include "comm/share.h"
#include "policy/pair_parts.h"
#include "policy/pair_rows.h"

#define RECORD_LIMIT (INT64_C(1) << 30) /* bytes of the records file, which every rank parses */

/* ---- opening --------------------------------------------------------------------------------------------------- */

static int64_t at_most(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static struct pairs *begin(const struct pairs_request *request)
{
    const struct policy_config *config = request->config;
    struct pairs *pairs = memory_allocate(1, sizeof *pairs);
    pairs->config = config;
    pairs->keep_features = at_most(config->keep_features, request->n_feature);
    pairs->sizes = (struct pair_sizes){.n_behaviour = config->behaviours.n,
                                       .n_feature = request->n_feature,
                                       .n_watched = at_most(config->keep_watched, request->n_feature)};
    pairs->inputs = (struct pair_inputs){.n_probe = request->n_probe,
                                         .n_behaviour = config->behaviours.n,
                                         .is_change = config->pairs.state == STATE_CHANGE};
    return pairs;
}

static enum status parse(const struct pairs_request *request, const char *bytes, size_t n, struct pairs *pairs)
{
    const struct pair_names names = {.file = request->config->pairs.file,
                                     .group_by = &request->config->pairs.group_by,
                                     .n_feature = request->n_feature,
                                     .labels = request->labels};
    return pair_records_parse(&names, bytes, n, &pairs->records);
}

static enum status open_features(const struct pairs_request *request, struct segment_list *segments,
                                 struct pairs *pairs)
{
    const char *file = request->config->pairs.file;
    if (request->features->activations != NULL && pairs->inputs.is_change)
        return fail(
            BAD_CONFIG,
            "policy.pairs.state: expected \"after\", as policy.pairs.activations are encoded, and the change of "
            "an encoding is not the encoding of a change; found \"change\"");
    enum status status = source_open(request->directory, "policy.pairs", request->features, request->n_probe, segments,
                                     &pairs->inputs.source);
    if (status != STATUS_OK) {
        pairs->inputs.source = NULL;
        return status;
    }
    const struct source *source = pairs->inputs.source;
    if (source_columns(source) != request->n_feature)
        return fail(BAD_INPUT, "policy.pairs: expected the policy's %lld features, found %lld in %s",
                    (long long)request->n_feature, (long long)source_columns(source), source_description(source));
    if (source_items(source) != pairs->records.n)
        return fail(BAD_INPUT,
                    "policy.pairs: expected features of the %lld pairs of %s for each of %lld probes, found "
                    "%lld pairs",
                    (long long)pairs->records.n, file, (long long)request->n_probe, (long long)source_items(source));
    return STATUS_OK;
}

static enum status open_behaviour(const struct pairs_request *request, struct pairs *pairs)
{
    const struct policy_config *config = request->config;
    int64_t dims[TENSOR_MAX_DIM], n = pairs->records.n, n_probe = request->n_probe, n_behaviour = config->behaviours.n;
    enum status status = tensor_open(request->directory, config->pairs.behaviour, &pairs->inputs.behaviour);
    if (status != STATUS_OK) {
        pairs->inputs.behaviour = NULL;
        return status;
    }
    const struct tensor *tensor = pairs->inputs.behaviour;
    int n_dim = tensor_dimensions(tensor, dims);
    bool fits = dims[0] == n && ((n_dim == 3 && dims[1] == n_probe && dims[2] == n_behaviour) ||
                                 (n_dim == 2 && dims[1] == n_probe && n_behaviour == 1));
    if (fits)
        return STATUS_OK;
    struct text found;
    text_init(&found);
    for (int i = 0; i < n_dim; i++)
        text_add(&found, "%s%lld", i == 0 ? "" : " x ", (long long)dims[i]);
    status = fail(BAD_INPUT, "%s: expected pairs x probes x behaviours, %lld x %lld x %lld, found %s",
                  tensor_name(tensor), (long long)n, (long long)n_probe, (long long)n_behaviour, found.bytes);
    text_clear(&found);
    return status;
}

/* Entries per row: all features of dense rows; given sparse ones are as many as their tensor has, an encoder's a
 * sixteenth of all. */
static double row_entries(const struct pairs_request *request, const struct pairs *pairs)
{
    enum { ASSUMED_DENSITY = 16 };
    double m = (double)request->n_feature;
    if (!source_is_sparse(pairs->inputs.source))
        return m;
    if (request->features->values == NULL)
        return m / ASSUMED_DENSITY;
    struct tensor *tensors[SOURCE_MAX_TENSORS];
    int n_tensor = source_tensors(pairs->inputs.source, tensors);
    int64_t most = 0; /* values and indices are longer than starts, but for rows of less than one entry */
    for (int i = 0; i < n_tensor; i++)
        most = tensor_rows(tensors[i]) > most ? tensor_rows(tensors[i]) : most;
    return (double)most / ((double)pairs->records.n * (double)request->n_probe);
}

/* Blocks of a size that reading one takes tens of MiB, whatever the number of ranks. */
static void find_blocks(struct pairs *pairs)
{
    const int64_t most = 16, bytes = INT64_C(64) << 20;
    pairs->block_pairs = 1;
    while (pairs->block_pairs < most && pair_block_bytes(&pairs->inputs, 2 * pairs->block_pairs) <= bytes)
        pairs->block_pairs *= 2;
    pairs->n_block = (pairs->records.n + pairs->block_pairs - 1) / pairs->block_pairs;
}

/* What follows once the records are there. */
static enum status open_inputs(const struct pairs_request *request, struct segment_list *segments, struct pairs *pairs)
{
    enum status status = open_features(request, segments, pairs);
    if (status == STATUS_OK)
        status = open_behaviour(request, pairs);
    if (status != STATUS_OK)
        return status;
    pairs->sizes.keep_pairs = at_most(request->config->keep_pairs, pairs->records.n);
    pairs->inputs.row_entries = row_entries(request, pairs);
    find_blocks(pairs);
    pair_tables_init(&pairs->records, &pairs->sizes, &pairs->tables);
    return STATUS_OK;
}

enum status pairs_open(MPI_Comm comm, const struct pairs_request *request, struct segment_list *segments,
                       struct pairs **pairs)
{
    char *bytes = NULL;
    size_t n = 0;
    struct pairs *opened = begin(request);
    enum status status =
        share_file(comm, request->directory, request->config->pairs.file, RECORD_LIMIT, &bytes, &n, segments);
    if (status == STATUS_OK) {
        status = parse(request, bytes, n, opened);
        memory_free(bytes);
        if (status == STATUS_OK)
            status = open_inputs(request, segments, opened);
        status = agree(comm, status);
    }
    if (status == STATUS_OK)
        *pairs = opened;
    else
        pairs_close(opened);
    return status;
}

enum status pairs_open_local(const struct pairs_request *request, struct segment_list *segments, struct pairs **pairs)
{
    char *bytes = NULL, *path = path_join(request->directory, request->config->pairs.file);
    size_t n = 0;
    struct pairs *opened = begin(request);
    enum status status = file_load(path, RECORD_LIMIT, &bytes, &n);
    if (status == STATUS_OK) {
        status = parse(request, bytes, n, opened);
        memory_free(bytes);
    }
    if (status == STATUS_OK)
        status = open_inputs(request, segments, opened);
    if (status == STATUS_OK)
        *pairs = opened;
    else
        pairs_close(opened);
    memory_free(path);
    return status;
}

void pairs_close(struct pairs *pairs)
{
    if (pairs == NULL)
        return;
    pair_tables_clear(&pairs->tables);
    tensor_close(pairs->inputs.behaviour);
    source_close(pairs->inputs.source);
    pair_records_clear(&pairs->records);
    memory_free(pairs);
}

/* ---- asking ---------------------------------------------------------------------------------------------------- */

int64_t pairs_count(const struct pairs *pairs)
{
    return pairs->records.n;
}

int64_t pairs_watched(const struct pairs *pairs)
{
    return pairs->sizes.n_watched;
}

struct source *pairs_source(const struct pairs *pairs)
{
    return pairs->inputs.source;
}

int pairs_tensors(const struct pairs *pairs, struct tensor **list)
{
    int n = source_tensors(pairs->inputs.source, list);
    list[n] = pairs->inputs.behaviour;
    return n + 1;
}

enum status pairs_list_segments(struct pairs *pairs, struct segment_list *segments)
{
    enum status status = STATUS_OK;
    for (int64_t block = 0; block < pairs->n_block && status == STATUS_OK; block++) {
        int64_t first = block * pairs->block_pairs, n = pairs_in_block(pairs, block);
        status = source_list(pairs->inputs.source, first, n, segments);
        tensor_list(pairs->inputs.behaviour, first, n, segments);
    }
    return status;
}

int pairs_n_dataset(const struct pairs *pairs)
{
    return pairs->tables.n + N_PAIR_FIGURES;
}

void pairs_datasets(const struct pairs *pairs, struct dataset *datasets)
{
    for (int i = 0; i < pairs->tables.n; i++)
        datasets[i] = pairs->tables.list[i];
    pair_rows_datasets(pairs->records.n, pairs->sizes.n_behaviour, pairs->keep_features, datasets + pairs->tables.n);
}

static struct shift_shape shape_of(const struct pairs *pairs, bool dual)
{
    /* In rows after an update, some features may have gone out as others came in; of changes, it is not said how many
     * entries the features themselves have. */
    double entries = pairs->inputs.row_entries, m = (double)pairs->sizes.n_feature;
    bool is_change = pairs->inputs.is_change;
    return (struct shift_shape){.dual = dual,
                                .n_probe = pairs->inputs.n_probe,
                                .n_feature = pairs->sizes.n_feature,
                                .n_behaviour = pairs->sizes.n_behaviour,
                                .n_kept = pairs->keep_features,
                                .row_entries = is_change ? m : entries,
                                .change_entries = is_change ? entries : fmin(2 * entries, m)};
}

int64_t pairs_bytes(const struct pairs *pairs, bool dual)
{
    const struct pair_sizes *sizes = &pairs->sizes;
    const struct shift_shape shape = shape_of(pairs, dual);
    double records = (double)pairs->records.n * (double)(pairs->records.id_bytes + 4 * pairs->records.n_column + 8) +
                     4 * (double)pairs->records.intended.start[pairs->records.n];
    double bytes = (double)shift_bytes(&shape) + (double)pair_block_bytes(&pairs->inputs, pairs->block_pairs) +
                   (double)pair_rows_bytes(pairs->block_pairs, sizes->n_behaviour, pairs->keep_features) +
                   (double)pair_top_bytes(sizes->n_behaviour, sizes->n_feature, sizes->keep_pairs) +
                   (double)pair_groups_bytes(&pairs->records, sizes->n_behaviour, sizes->n_watched) + records;
    return bytes < 9e18 ? (int64_t)bytes : INT64_MAX;
}

double pairs_operations(const struct pairs *pairs, bool dual)
{
    const struct shift_shape shape = shape_of(pairs, dual);
    return (double)pairs->records.n * shift_operations(&shape);
}
