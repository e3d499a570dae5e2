#include "policy/behaviour.h"

#include <math.h>

#include "base/memory.h"
#include "comm/agree.h"
#include "comm/share.h"

static const double largest = 0x1p300;

static int64_t block_rows(const struct problem *problem, int64_t first)
{
    int64_t left = problem->probes.n - first;
    return left < problem->config->block_rows ? left : problem->config->block_rows;
}

static enum status check_value(const struct problem *problem, int64_t probe, int64_t b, double value)
{
    bool probability = problem->config->behaviour_kind == BEHAVIOUR_PROBABILITY;
    if (fabs(value) < largest && (!probability || (value >= 0 && value <= 1)))
        return STATUS_OK;
    return fail(BAD_INPUT, "%s: probe %lld, behaviour \"%s\": expected %s, found %.17g%s",
                problem->config->behaviour_values, (long long)probe, problem->config->behaviours.items[b],
                probability ? "a probability" : "a value below 2^300", value,
                probability ? " (policy.behaviour.kind \"value\" takes any number)" : "");
}

/* Rows of probes become rows of behaviours.  @local */
static enum status read_all(struct problem *problem, struct segment_list *segments, struct behaviour *behaviour)
{
    struct tensor *tensor = problem->behaviour;
    int64_t m = behaviour->n, n = behaviour->n_probe, most = block_rows(problem, 0);
    void *raw = memory_allocate_raw(most * m, tensor_type_size(tensor_type(tensor)));
    double *values = memory_allocate_raw(most * m, sizeof *values);
    enum status status = STATUS_OK;
    for (int64_t first = 0; first < n && status == STATUS_OK; first += most) {
        int64_t count = block_rows(problem, first);
        status = tensor_read(tensor, first, count, raw, segments);
        if (status == STATUS_OK)
            status = tensor_to_double(tensor, first, count, raw, values);
        for (int64_t i = 0; i < count * m && status == STATUS_OK; i++) {
            status = check_value(problem, first + i / m, i % m, values[i]);
            behaviour->value[i % m * n + first + i / m] = values[i];
        }
    }
    memory_free(values);
    memory_free(raw);
    return status;
}

/* Any constant would do; the mean leaves the least.  Summed in the order of the probes. */
static void find_centres(struct behaviour *behaviour)
{
    for (int64_t b = 0; b < behaviour->n; b++) {
        double sum = 0;
        for (int64_t i = 0; i < behaviour->n_probe; i++)
            sum += behaviour->value[b * behaviour->n_probe + i];
        behaviour->centre[b] = sum / (double)behaviour->n_probe;
    }
}

enum status behaviour_read(MPI_Comm comm, struct problem *problem, struct segment_list *segments,
                           struct behaviour *behaviour)
{
    int rank;
    MPI_Comm_rank(comm, &rank);
    *behaviour = (struct behaviour){.n = problem->config->behaviours.n, .n_probe = problem->probes.n};
    behaviour->value = memory_allocate(behaviour->n * behaviour->n_probe, sizeof *behaviour->value);
    behaviour->centre = memory_allocate(behaviour->n, sizeof *behaviour->centre);
    enum status status = agree_from(comm, 0, rank == 0 ? read_all(problem, segments, behaviour) : STATUS_OK);
    if (status != STATUS_OK) {
        behaviour_clear(behaviour);
        return status;
    }
    char *bytes = (char *)behaviour->value;
    size_t n = (size_t)(behaviour->n * behaviour->n_probe) * sizeof *behaviour->value;
    share_bytes(comm, &bytes, &n);
    if (rank != 0) {
        memory_free(behaviour->value);
        behaviour->value = (double *)(void *)bytes; /* memory_allocate aligns to 64 */
    }
    find_centres(behaviour);
    return STATUS_OK;
}

void behaviour_clear(struct behaviour *behaviour)
{
    memory_free(behaviour->value);
    memory_free(behaviour->centre);
    *behaviour = (struct behaviour){0};
}

void behaviour_list(const struct problem *problem, struct segment_list *segments)
{
    for (int64_t first = 0; first < problem->probes.n; first += problem->config->block_rows)
        tensor_list(problem->behaviour, first, block_rows(problem, first), segments);
}
