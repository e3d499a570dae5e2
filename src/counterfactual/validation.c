#include "counterfactual/validation.h"

#include <string.h>

#include "base/memory.h"
#include "comm/agree.h"
#include "comm/share.h"

static struct retrained_part *part_of(struct retrained *truth, int64_t set, int *kind)
{
    for (*kind = N_TRUTH_KINDS - 1; *kind > 0; (*kind)--)
        if (truth->parts[*kind].n > 0 && set >= truth->parts[*kind].first)
            break;
    return &truth->parts[*kind];
}

/* Adds what the rows of a block say of this rank's sets: with a loss, removing proponents raises it. */
static void add_scores(struct validation *validation, int64_t method, const double *scores)
{
    struct retrained *truth = &validation->truth;
    const struct slab *slab = validation->methods.ground.slab;
    bool loss = slab->inquiry->config->truth.output == OUTPUT_LOSS;
    int64_t m = truth->n_query;
    for (int64_t k = 0; k < truth->n_own; k++) {
        int kind;
        const struct retrained_part *part = part_of(truth, truth->own[k], &kind);
        int64_t set = truth->own[k] - part->first;
        double *sum = validation->predicted[kind] + (method * part->n + set) * m;
        const uint8_t *missing = truth->missing + k * truth->n_train + slab->first;
        for (int64_t i = 0; i < slab->n; i++)
            for (int64_t q = 0; missing[i] && q < m; q++)
                sum[q] += loss ? scores[i * m + q] : -scores[i * m + q];
    }
}

/* differs[k × scenarios + s]: own set k, of a group, removes something else than scenario s. */
static void compare_scenarios(const struct validation *validation, const struct scenarios *scenarios, uint8_t *differs)
{
    const struct retrained *truth = &validation->truth;
    const struct retrained_part *groups = &truth->parts[TRUTH_OF_GROUPS];
    const struct slab *slab = validation->methods.ground.slab;
    for (int64_t k = 0; k < truth->n_own; k++) {
        int64_t set = truth->own[k] - groups->first;
        bool is_group = groups->n > 0 && set >= 0 && set < groups->n;
        for (int64_t s = 0; s < scenarios->n; s++) {
            uint8_t *flag = &differs[k * scenarios->n + s];
            *flag = *flag || !is_group || scenarios->items[s].count != groups->removed[set];
            for (int64_t i = 0; i < slab->n && !*flag; i++)
                *flag = scenario_has(&scenarios->items[s], &slab->rows, i) !=
                        (truth->missing[k * truth->n_train + slab->first + i] != 0);
        }
    }
}

static void take_scenarios(struct validation *validation, const struct scenarios *scenarios, const uint8_t *differs)
{
    const struct retrained *truth = &validation->truth;
    const struct retrained_part *groups = &truth->parts[TRUTH_OF_GROUPS];
    for (int64_t k = 0; k < truth->n_own; k++)
        for (int64_t s = scenarios->n - 1; s >= 0; s--)
            if (!differs[k * scenarios->n + s])
                validation->scenario[truth->own[k] - groups->first] = s + 1; /* 0: none, until all are summed */
}

static enum status walk(struct validation *validation, const struct scenarios *scenarios, bool list)
{
    const struct retrained *truth = &validation->truth;
    struct methods *methods = &validation->methods;
    struct inquiry *inquiry = methods->ground.inquiry;
    uint8_t *differs = memory_allocate(truth->n_own * scenarios->n, sizeof *differs);
    double *scores = memory_allocate_raw(methods->ground.slab->rows.capacity * truth->n_query, sizeof *scores);
    enum status status = STATUS_OK;
    for (int64_t b = 0; truth->n_own > 0 && b < slab_count(inquiry) && status == STATUS_OK; b++) {
        status = methods_read(methods, b, list);
        for (int64_t i = 0; i < methods->n && status == STATUS_OK; i++) {
            const struct method *method = &methods->items[i];
            status = method->score(&methods->ground, method, b, scores);
            if (status == STATUS_OK)
                add_scores(validation, i, scores);
        }
        if (status == STATUS_OK)
            compare_scenarios(validation, scenarios, differs);
    }
    take_scenarios(validation, scenarios, differs);
    memory_free(scores);
    memory_free(differs);
    return status;
}

static void allocate(struct validation *validation)
{
    const struct retrained *truth = &validation->truth;
    int64_t n = validation->methods.n, m = truth->n_query;
    for (int kind = 0; kind < N_TRUTH_KINDS; kind++)
        validation->predicted[kind] = memory_allocate(n * truth->parts[kind].n * m, sizeof(double));
    validation->scenario = memory_allocate(truth->parts[TRUTH_OF_GROUPS].n, sizeof *validation->scenario);
    double **const per_query[] = {&validation->lds, &validation->loo};
    double **const per_method[] = {&validation->lds_mean, &validation->lds_low,       &validation->lds_high,
                                   &validation->loo_mean, &validation->group_pearson, &validation->group_spearman,
                                   &validation->slope};
    for (size_t i = 0; i < sizeof per_query / sizeof *per_query; i++)
        *per_query[i] = memory_allocate(n * m, sizeof(double));
    for (size_t i = 0; i < sizeof per_method / sizeof *per_method; i++)
        *per_method[i] = memory_allocate(n, sizeof(double));
    validation->ceiling = memory_allocate(m, sizeof *validation->ceiling);
}

enum status validation_make(MPI_Comm comm, struct slab *slab, const struct ridge *ridge, const struct scores *scores,
                            const struct scenarios *scenarios, struct validation *validation)
{
    int rank;
    MPI_Comm_rank(comm, &rank);
    *validation = (struct validation){0};
    enum status status = retrained_load(comm, slab->inquiry, &validation->truth);
    if (status == STATUS_OK)
        status = methods_open(comm, slab, ridge, scores, &validation->methods);
    if (status == STATUS_OK) {
        allocate(validation);
        status = agree(comm, walk(validation, scenarios, rank == 0)); /* rank 0 has sets, and so reads everything */
    }
    if (status != STATUS_OK) {
        validation_clear(validation);
        return status;
    }
    const struct retrained *truth = &validation->truth;
    for (int kind = 0; kind < N_TRUTH_KINDS; kind++)
        share_doubles(comm, validation->predicted[kind], validation->methods.n * truth->parts[kind].n * truth->n_query);
    int64_t n_group = truth->parts[TRUTH_OF_GROUPS].n;
    share_sum(comm, validation->scenario, n_group);
    for (int64_t g = 0; g < n_group; g++)
        validation->scenario[g]--;
    return STATUS_OK;
}

void validation_clear(struct validation *validation)
{
    for (int kind = 0; kind < N_TRUTH_KINDS; kind++)
        memory_free(validation->predicted[kind]);
    memory_free(validation->scenario);
    memory_free(validation->lds);
    memory_free(validation->lds_mean);
    memory_free(validation->lds_low);
    memory_free(validation->lds_high);
    memory_free(validation->ceiling);
    memory_free(validation->loo);
    memory_free(validation->loo_mean);
    memory_free(validation->group_pearson);
    memory_free(validation->group_spearman);
    memory_free(validation->slope);
    methods_clear(&validation->methods);
    retrained_clear(&validation->truth);
    *validation = (struct validation){0};
}
