#include "reference/retrain.h"

#include "base/memory.h"
#include "comm/agree.h"
#include "comm/progress.h"
#include "exact/elementary.h"
#include "reference/training.h"

/* logit of the label − logsumexp of the others.
 * @source Park, Georgiev, Ilyas, Leclerc, Madry, TRAK: Attributing Model Behavior at Scale, ICML 2023 */
static double margin_of(const struct pass *pass, int64_t label)
{
    double others[N_CLASS - 1];
    int64_t n = 0;
    for (int64_t j = 0; j < N_CLASS; j++)
        if (j != label)
            others[n++] = (double)pass->logits[j];
    return (double)pass->logits[label] - exact_logsumexp(others, n);
}

/* Asks a network all queries; `network` is its place in *outcomes. */
static void ask(const struct retraining *retraining, struct training *training, struct outcomes *outcomes,
                int64_t network)
{
    const struct query_images *queries = retraining->queries;
    struct pass *pass = &training->pass;
    for (int64_t q = 0; q < queries->n; q++) {
        int64_t label = retraining->images->labels[queries->rows[q]], at = network * queries->n + q;
        float x[N_PIXEL];
        images_get(retraining->images, queries->rows[q], x);
        network_forward(&training->network, x, label, pass);
        outcomes->loss[at] = pass->loss;
        outcomes->margin[at] = margin_of(pass, label);
        outcomes->correct[at] = pass_prediction(&training->network, pass) == label;
    }
}

static enum status train_whole(struct training *training)
{
    enum status status = STATUS_OK;
    while (status == STATUS_OK && training->step < training->plan->n_step)
        status = training_step(training);
    return status;
}

/* Network m is trained by rank m mod size: a set is of about the same work as the next. */
static enum status train_share(MPI_Comm comm, const struct retraining *retraining, struct outcomes *outcomes)
{
    int rank, size;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    const struct retrain_sets *sets = retraining->sets;
    int64_t n_network = outcomes->n_set * outcomes->n_seed;
    struct training training;
    struct progress progress;
    enum status status = STATUS_OK;
    training_init(&training, retraining->config, retraining->plan, retraining->images);
    progress_begin(&progress, retraining->talks, "retrain", "networks", (n_network - rank + size - 1) / size,
                   n_network);
    for (int64_t m = rank; m < n_network && status == STATUS_OK; m += size) {
        training_restart(&training, retraining->config->seed + m % outcomes->n_seed,
                         sets->kept + m / outcomes->n_seed * sets->n_train);
        status = train_whole(&training);
        if (status == STATUS_OK)
            ask(retraining, &training, outcomes, m);
        progress_add(&progress, 1);
    }
    status = agree(comm, status);
    if (status == STATUS_OK)
        progress_end(&progress);
    training_clear(&training);
    return status;
}

/* Each outcome is all zero bits but on the rank that has it: bitwise or puts them together. */
static void share(MPI_Comm comm, struct outcomes *outcomes)
{
    int n = to_int(outcomes->n_set * outcomes->n_seed * outcomes->n_query);
    MPI_Allreduce(MPI_IN_PLACE, outcomes->loss, n, MPI_UINT64_T, MPI_BOR, comm);
    MPI_Allreduce(MPI_IN_PLACE, outcomes->margin, n, MPI_UINT64_T, MPI_BOR, comm);
    MPI_Allreduce(MPI_IN_PLACE, outcomes->correct, n, MPI_UINT8_T, MPI_BOR, comm);
}

static enum status check_size(const struct outcomes *outcomes)
{
    enum { LIMIT = 1 << 26 }; /* of numbers: every rank holds them all */
    if (outcomes->n_set > LIMIT / outcomes->n_seed / outcomes->n_query)
        return fail(BAD_CONFIG,
                    "train.retrain: expected at most %d outcomes, found %lld sets x %lld seeds x %lld queries", LIMIT,
                    (long long)outcomes->n_set, (long long)outcomes->n_seed, (long long)outcomes->n_query);
    return STATUS_OK;
}

enum status retrain(MPI_Comm comm, const struct retraining *retraining, struct outcomes *outcomes)
{
    *outcomes = (struct outcomes){.n_set = retraining->sets->n_set,
                                  .n_seed = retraining->config->retrain.seeds,
                                  .n_query = retraining->queries->n};
    enum status status = check_size(outcomes); /* the same on every rank */
    if (status != STATUS_OK)
        return status;
    int64_t n = outcomes->n_set * outcomes->n_seed * outcomes->n_query;
    outcomes->loss = memory_allocate(n, sizeof *outcomes->loss);
    outcomes->margin = memory_allocate(n, sizeof *outcomes->margin);
    outcomes->correct = memory_allocate(n, sizeof *outcomes->correct);
    status = train_share(comm, retraining, outcomes);
    if (status == STATUS_OK)
        share(comm, outcomes);
    else
        outcomes_clear(outcomes);
    return status;
}

void outcomes_clear(struct outcomes *outcomes)
{
    memory_free(outcomes->loss);
    memory_free(outcomes->margin);
    memory_free(outcomes->correct);
    *outcomes = (struct outcomes){0};
}
