#include "reference/planted.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "reference/rng.h"

static const char *const kind_names[N_PLANT_KIND] = {
    [PLANT_BACKDOOR] = "backdoor", [PLANT_MISLABELLED] = "mislabelled", [PLANT_DUPLICATE] = "duplicate"};

bool planting_is_asked(const struct scenario_config *config)
{
    return config->mislabelled > 0 || config->duplicates > 0 || config->backdoor.samples > 0 ||
           config->backdoor.queries > 0;
}

void patch_apply(const struct backdoor_config *backdoor, uint8_t pixels[N_PIXEL])
{
    for (int64_t k = 0; k < backdoor->pixels.n; k++)
        pixels[(int64_t)backdoor->pixels.items[k]] = PIXEL_MAXIMUM;
}

/* A planting under way. */
struct planting {
    struct planted *planted;
    const struct scenario_config *config;
    const struct splits *splits;
    struct images *images;
    struct rng rng;
    int64_t *rows; /* owned; the training split in the order of choice */
    bool *taken;   /* owned; per row of the training split */
    int64_t next;  /* of `rows` */
};

static int64_t sample_of(const struct planting *planting, int64_t row)
{
    return planting->splits->rows[SPLIT_TRAIN][row];
}

static void add(struct planting *planting, enum plant_kind kind, int64_t row, int64_t of)
{
    struct planted *planted = planting->planted;
    planting->taken[row] = true;
    planted->plants[planted->n++] =
        (struct plant){.kind = kind, .row = row, .sample = sample_of(planting, row), .of = of};
}

/* The next row in which nothing is planted yet; the caller knows that there is one. */
static int64_t take_row(struct planting *planting)
{
    while (planting->taken[planting->rows[planting->next]])
        planting->next++;
    int64_t row = planting->rows[planting->next++];
    planting->taken[row] = true;
    return row;
}

/* Of the policy's samples that are not of the target digit anyway. */
static enum status plant_backdoor(struct planting *planting)
{
    const struct backdoor_config *backdoor = &planting->config->backdoor;
    struct images *images = planting->images;
    int64_t n = 0;
    for (int64_t k = 0; k < planting->splits->n[SPLIT_TRAIN] && n < backdoor->samples; k++) {
        int64_t row = planting->rows[k], sample = sample_of(planting, row);
        if (images->labels[sample] == backdoor->target ||
            strcmp(sample_governance(images, sample).policy, backdoor->policy) != 0)
            continue;
        patch_apply(backdoor, images->pixels + sample * N_PIXEL);
        images->labels[sample] = (uint8_t)backdoor->target;
        add(planting, PLANT_BACKDOOR, row, -1);
        n++;
    }
    if (n == backdoor->samples)
        return STATUS_OK;
    return fail(BAD_CONFIG,
                "train.scenario.backdoor.samples: expected at most the %lld training samples of policy \"%s\" that are "
                "no %lld, found %lld",
                (long long)n, backdoor->policy, (long long)backdoor->target, (long long)backdoor->samples);
}

static void plant_wrong_label(struct planting *planting)
{
    int64_t row = take_row(planting), sample = sample_of(planting, row);
    uint8_t *label = &planting->images->labels[sample];
    *label = (uint8_t)((*label + 1 + rng_below(&planting->rng, N_CLASS - 1)) % N_CLASS);
    add(planting, PLANT_MISLABELLED, row, -1);
}

static void plant_copy(struct planting *planting)
{
    struct images *images = planting->images;
    int64_t original = sample_of(planting, take_row(planting)), row = take_row(planting),
            sample = sample_of(planting, row);
    memcpy(images->pixels + sample * N_PIXEL, images->pixels + original * N_PIXEL, N_PIXEL);
    images->labels[sample] = images->labels[original];
    add(planting, PLANT_DUPLICATE, row, original);
}

static enum status plant_all(struct planting *planting)
{
    const struct scenario_config *config = planting->config;
    int64_t n_train = planting->splits->n[SPLIT_TRAIN];
    int64_t n_wrong = (int64_t)rint(config->mislabelled * (double)n_train);
    int64_t needed = config->backdoor.samples + n_wrong + 2 * config->duplicates;
    if (needed > n_train)
        return fail(BAD_CONFIG,
                    "train.scenario: expected at most the %lld training samples, each for one purpose, found %lld with "
                    "a wrong label, %lld with the backdoor, and %lld that are copied or copies",
                    (long long)n_train, (long long)n_wrong, (long long)config->backdoor.samples,
                    (long long)(2 * config->duplicates));
    planting->planted->plants = memory_allocate(needed, sizeof *planting->planted->plants);
    enum status status = plant_backdoor(planting);
    for (int64_t i = 0; i < n_wrong && status == STATUS_OK; i++)
        plant_wrong_label(planting);
    for (int64_t i = 0; i < config->duplicates && status == STATUS_OK; i++)
        plant_copy(planting);
    return status;
}

enum status planted_init(struct planted *planted, const struct train_config *config, const struct splits *splits,
                         struct images *images)
{
    int64_t n_train = splits->n[SPLIT_TRAIN];
    *planted = (struct planted){0};
    struct planting planting = {.planted = planted,
                                .config = &config->scenario,
                                .splits = splits,
                                .images = images,
                                .rows = memory_allocate(n_train, sizeof *planting.rows),
                                .taken = memory_allocate(n_train, sizeof *planting.taken)};
    for (int64_t row = 0; row < n_train; row++)
        planting.rows[row] = row;
    rng_init(&planting.rng, config->seed, STREAM_SCENARIO, 0);
    rng_shuffle(&planting.rng, planting.rows, n_train);
    enum status status = plant_all(&planting);
    memory_free(planting.rows);
    memory_free(planting.taken);
    if (status != STATUS_OK)
        planted_clear(planted);
    return status;
}

void planted_clear(struct planted *planted)
{
    memory_free(planted->plants);
    *planted = (struct planted){0};
}

void planted_list(const struct planted *planted, const struct images *images, const struct query_images *queries,
                  struct text *text)
{
    char id[SAMPLE_ID_BYTES], of[SAMPLE_ID_BYTES];
    for (int64_t i = 0; i < planted->n; i++) {
        const struct plant *plant = &planted->plants[i];
        text_add(text, "{\"kind\": \"%s\", \"sample\": \"%s\", \"training\": %lld, \"label\": %d, \"was\": %d",
                 kind_names[plant->kind], sample_id(plant->sample, id), (long long)plant->row,
                 images->labels[plant->sample], images->found_labels[plant->sample]);
        if (plant->kind == PLANT_DUPLICATE)
            text_add(text, ", \"of\": \"%s\"", sample_id(plant->of, of));
        text_add(text, "}\n");
    }
    for (int64_t q = queries->n_plain; q < queries->n; q++)
        text_add(text, "{\"kind\": \"query\", \"query\": \"%s\", \"of\": \"%s\", \"label\": %d}\n",
                 query_id(queries, q, id), sample_id(queries->shown[q], of), images->labels[queries->rows[q]]);
}
