#include "reference/retrain_sets.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "reference/rng.h"

const char *const set_kind_names[N_SET_KIND] = {[SET_BASELINE] = "baseline",
                                                [SET_SUBSET] = "subsets",
                                                [SET_LEAVE_ONE_OUT] = "leave-one-out",
                                                [SET_GROUP] = "groups"};

bool retrain_is_asked(const struct retrain_config *config)
{
    return config->subsets > 0 || config->leave_one_out > 0 || config->leave.n > 0 || config->groups.n > 0;
}

/* Sets being made. */
struct making {
    struct retrain_sets *sets;
    const struct retrain_config *config;
    const struct splits *splits;
    const struct images *images;
    int64_t seed, capacity;
};

/* A further set of this kind that keeps everything; the caller takes rows out of it. */
static uint8_t *add_set(struct making *making, enum set_kind kind)
{
    struct retrain_sets *sets = making->sets;
    int64_t set = sets->n_set++;
    ASSERT(set < making->capacity);
    if (sets->n[kind]++ == 0)
        sets->first[kind] = set;
    uint8_t *kept = sets->kept + set * sets->n_train;
    memset(kept, 1, (size_t)sets->n_train);
    sets->samples[set] = -1;
    return kept;
}

static void add_subsets(struct making *making)
{
    int64_t n_train = making->sets->n_train, *rows = memory_allocate(n_train, sizeof *rows);
    int64_t n_kept = (int64_t)rint(making->config->fraction * (double)n_train);
    for (int64_t s = 0; s < making->config->subsets; s++) {
        uint8_t *kept = add_set(making, SET_SUBSET);
        struct rng rng;
        for (int64_t row = 0; row < n_train; row++)
            rows[row] = row;
        rng_init(&rng, making->seed, STREAM_SUBSET, s);
        rng_shuffle(&rng, rows, n_train);
        for (int64_t k = n_kept; k < n_train; k++)
            kept[rows[k]] = 0;
    }
    memory_free(rows);
}

static void leave_out(struct making *making, int64_t row)
{
    uint8_t *kept = add_set(making, SET_LEAVE_ONE_OUT);
    kept[row] = 0;
    making->sets->samples[making->sets->n_set - 1] = making->splits->rows[SPLIT_TRAIN][row];
}

/* The row of the training split with this id, or −1. */
static int64_t row_of_id(const struct splits *splits, const char *wanted)
{
    char id[SAMPLE_ID_BYTES];
    for (int64_t row = 0; row < splits->n[SPLIT_TRAIN]; row++)
        if (strcmp(sample_id(splits->rows[SPLIT_TRAIN][row], id), wanted) == 0)
            return row;
    return -1;
}

static enum status add_left_out(struct making *making)
{
    const struct retrain_config *config = making->config;
    if (config->leave_one_out > making->sets->n_train)
        return fail(BAD_CONFIG, "train.retrain.leave_one_out: expected at most the %lld training samples, found %lld",
                    (long long)making->sets->n_train, (long long)config->leave_one_out);
    for (int64_t row = 0; row < config->leave_one_out; row++)
        leave_out(making, row);
    for (int64_t i = 0; i < config->leave.n; i++) {
        int64_t row = row_of_id(making->splits, config->leave.items[i]);
        if (row < 0)
            return fail(BAD_CONFIG,
                        "train.retrain.leave[%lld]: expected the id of a training sample, as in samples.jsonl, found "
                        "\"%s\"",
                        (long long)i, config->leave.items[i]);
        leave_out(making, row);
    }
    return STATUS_OK;
}

/* ---- groups ---- */

static const char *value_of(const struct making *making, int64_t row, const char *column)
{
    const struct governance governance = sample_governance(making->images, making->splits->rows[SPLIT_TRAIN][row]);
    if (strcmp(column, "policy") == 0)
        return governance.policy;
    return strcmp(column, "license") == 0 ? governance.license : governance.source;
}

/* The value of the column that comes next after `previous` ("": the first) in bytewise order, or NULL. */
static const char *next_value(const struct making *making, const char *column, const char *previous)
{
    const char *next = NULL;
    for (int64_t row = 0; row < making->sets->n_train; row++) {
        const char *value = value_of(making, row, column);
        if (strcmp(value, previous) > 0 && (next == NULL || strcmp(value, next) < 0))
            next = value;
    }
    return next;
}

static enum status add_groups_of(struct making *making, const char *column)
{
    struct retrain_sets *sets = making->sets;
    for (const char *value = ""; (value = next_value(making, column, value)) != NULL;) {
        uint8_t *kept = add_set(making, SET_GROUP);
        int64_t n_kept = 0;
        for (int64_t row = 0; row < sets->n_train; row++) {
            kept[row] = strcmp(value_of(making, row, column), value) != 0;
            n_kept += kept[row];
        }
        sets->columns[sets->n_set - 1] = column;
        sets->names[sets->n_set - 1] = value;
        if (n_kept == 0)
            return fail(BAD_CONFIG,
                        "train.retrain.groups: all training samples have the %s \"%s\": without it nothing is left to "
                        "train on",
                        column, value);
    }
    return STATUS_OK;
}

static enum status add_groups(struct making *making)
{
    enum status status = STATUS_OK;
    for (int64_t i = 0; i < making->config->groups.n && status == STATUS_OK; i++)
        for (const char *const *column = governance_columns; *column != NULL && status == STATUS_OK; column++)
            if (strcmp(*column, making->config->groups.items[i]) == 0)
                status = add_groups_of(making, *column);
    return status;
}

/* An upper bound of the sets, whose masks are kept by every rank. */
static enum status count_sets(const struct making *making, int64_t *n_set)
{
    enum { MASK_LIMIT = 1 << 30 };
    *n_set = 1 + making->config->subsets + making->config->leave_one_out + making->config->leave.n;
    for (int64_t i = 0; i < making->config->groups.n; i++)
        for (const char *value = ""; (value = next_value(making, making->config->groups.items[i], value)) != NULL;)
            ++*n_set;
    if (*n_set > MASK_LIMIT / making->sets->n_train)
        return fail(BAD_CONFIG,
                    "train.retrain: expected sets of at most 1 GiB together, found %lld sets of %lld training samples",
                    (long long)*n_set, (long long)making->sets->n_train);
    return STATUS_OK;
}

enum status retrain_sets_init(struct retrain_sets *sets, const struct train_config *config, const struct splits *splits,
                              const struct images *images)
{
    *sets = (struct retrain_sets){.n_train = splits->n[SPLIT_TRAIN]};
    struct making making = {sets, &config->retrain, splits, images, config->seed, 0};
    enum status status = count_sets(&making, &making.capacity);
    if (status != STATUS_OK)
        return status;
    sets->kept = memory_allocate(making.capacity * sets->n_train, 1);
    sets->names = memory_allocate(making.capacity, sizeof *sets->names);
    sets->columns = memory_allocate(making.capacity, sizeof *sets->columns);
    sets->samples = memory_allocate(making.capacity, sizeof *sets->samples);
    add_set(&making, SET_BASELINE);
    add_subsets(&making);
    status = add_left_out(&making);
    if (status == STATUS_OK)
        status = add_groups(&making);
    if (status != STATUS_OK)
        retrain_sets_clear(sets);
    return status;
}

void retrain_sets_clear(struct retrain_sets *sets)
{
    memory_free(sets->kept);
    memory_free(sets->names);
    memory_free(sets->columns);
    memory_free(sets->samples);
    *sets = (struct retrain_sets){0};
}

/* ---- what people read ---- */

static int64_t n_removed(const struct retrain_sets *sets, int64_t set)
{
    int64_t n = 0;
    for (int64_t row = 0; row < sets->n_train; row++)
        n += !sets->kept[set * sets->n_train + row];
    return n;
}

void retrain_sets_list(const struct retrain_sets *sets, struct text *text)
{
    for (int kind = 0; kind < N_SET_KIND; kind++)
        for (int64_t row = 0; row < sets->n[kind]; row++) {
            int64_t set = sets->first[kind] + row;
            char id[SAMPLE_ID_BYTES];
            text_add(text, "{\"kind\": \"%s\", \"row\": %lld, \"removed\": %lld", set_kind_names[kind], (long long)row,
                     (long long)n_removed(sets, set));
            if (sets->samples[set] >= 0)
                text_add(text, ", \"sample\": \"%s\"", sample_id(sets->samples[set], id));
            if (sets->names[set] != NULL)
                text_add(text, ", \"column\": \"%s\", \"value\": \"%s\"", sets->columns[set], sets->names[set]);
            text_add(text, "}\n");
        }
}
