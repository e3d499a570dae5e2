#include "mechanism/interference.h"

#include "base/memory.h"
#include "base/stop.h"
#include "comm/agree.h"
#include "comm/share.h"

enum { N_FIELD = 5 };

/* Per probe, for its interval: the excess needs the single effects of the same probe. */
static enum status measure_pair(struct scene *scene, struct resample *resample, int64_t pair, double *difference,
                                struct interference *made)
{
    enum scene_tensor after_of = SCENE_AFTER + (enum scene_tensor)scene->config->main;
    int64_t n = scene->n_probe, m = scene->n_behaviour;
    double *both = NULL, *first = NULL, *second = NULL;
    enum status status = scene_read(scene, SCENE_PAIRS, pair, 1, &both);
    if (status == STATUS_OK)
        status = scene_read(scene, after_of, scene->parts.items[scene->first[pair]].row, 1, &first);
    if (status == STATUS_OK)
        status = scene_read(scene, after_of, scene->parts.items[scene->second[pair]].row, 1, &second);
    for (int64_t b = 0; b < m && status == STATUS_OK; b++) {
        int64_t at = b * made->n_pair + pair;
        double together = 0, alone = 0;
        for (int64_t i = 0; i < n; i++) {
            double intact = scene->intact[b * n + i];
            double one = intact - first[i * m + b], other = intact - second[i * m + b], all = intact - both[i * m + b];
            together += all;
            alone += one + other;
            difference[i] = all - (one + other);
        }
        made->both[at] = together / (double)n;
        made->sum[at] = alone / (double)n;
        made->excess[at] = effect_mean(difference, n);
        resample_interval(resample, difference, &made->low[at], &made->high[at]);
    }
    memory_free(both);
    memory_free(first);
    memory_free(second);
    return status;
}

enum status interference_measure(MPI_Comm comm, struct scene *scene, struct resample *resample,
                                 struct interference *made)
{
    int rank, size;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    int64_t n_pair = scene->tensors[SCENE_PAIRS] != NULL ? scene->n_pair : 0, cells = n_pair * scene->n_behaviour;
    *made = (struct interference){.n_behaviour = scene->n_behaviour, .n_pair = n_pair};
    made->both = memory_allocate(N_FIELD * cells, sizeof *made->both);
    made->sum = made->both + cells;
    made->excess = made->sum + cells;
    made->low = made->excess + cells;
    made->high = made->low + cells;
    double *difference = memory_allocate(scene->n_probe, sizeof *difference);
    enum status status = STATUS_OK;
    for (int64_t pair = rank; pair < n_pair && status == STATUS_OK; pair += size)
        status =
            stop_requested()
                ? fail(STOPPED, "mechanism: stopped on request while pairs were measured; run the same command again")
                : measure_pair(scene, resample, pair, difference, made);
    memory_free(difference);
    status = agree(comm, status);
    if (status == STATUS_OK)
        share_doubles(comm, made->both, N_FIELD * cells);
    else
        interference_clear(made);
    return status;
}

void interference_clear(struct interference *made)
{
    memory_free(made->both); /* and all that lies behind it */
    *made = (struct interference){0};
}
