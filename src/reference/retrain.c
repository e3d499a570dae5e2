#include "reference/retrain.h"

#include "base/memory.h"
#include "comm/agree.h"
#include "comm/progress.h"
#include "exact/elementary.h"
#include "reference/training.h"
#include "reference/unfinished.h"

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

/* A retraining on this rank. */
struct share {
    const struct retraining *retraining;
    struct outcomes *outcomes;
    struct training training;
    int rank, size;
    int64_t *left; /* owned; networks that were not finished before */
    int64_t n_left;
    bool *mine; /* owned; per network: finished, and kept by this rank */
    double kept_at;
};

/* Takes over what was finished before: rank 0 has it, and keeps it from now on. */
static enum status share_init(struct share *share, MPI_Comm comm, const struct retraining *retraining,
                              struct outcomes *outcomes)
{
    int64_t n_network = outcomes->n_set * outcomes->n_seed;
    bool *done = memory_allocate(n_network, sizeof *done);
    *share = (struct share){.retraining = retraining,
                            .outcomes = outcomes,
                            .left = memory_allocate(n_network, sizeof *share->left),
                            .mine = memory_allocate(n_network, sizeof *share->mine),
                            .kept_at = clock_seconds()};
    MPI_Comm_rank(comm, &share->rank);
    MPI_Comm_size(comm, &share->size);
    if (share->rank == 0)
        unfinished_load(retraining->unfinished, outcomes, done);
    MPI_Bcast(done, to_int(n_network), MPI_C_BOOL, 0, comm);
    for (int64_t m = 0; m < n_network; m++) {
        if (!done[m])
            share->left[share->n_left++] = m;
        share->mine[m] = done[m] && share->rank == 0;
    }
    memory_free(done);
    training_init(&share->training, retraining->config, retraining->plan, retraining->images, retraining->admissions);
    /* Rank 0 puts all in its own file before any other writes over one of those that it was read from. */
    enum status status = STATUS_OK;
    if (share->rank == 0 && share->n_left < n_network)
        status = unfinished_store(retraining->unfinished, 0, outcomes, share->mine);
    return agree_from(comm, 0, status);
}

static void share_clear(struct share *share)
{
    training_clear(&share->training);
    memory_free(share->left);
    memory_free(share->mine);
}

static enum status train_network(struct share *share, int64_t m)
{
    const struct retraining *retraining = share->retraining;
    int64_t n_seed = share->outcomes->n_seed;
    training_restart(&share->training, retraining->config->seed + m % n_seed,
                     retraining->sets->kept + m / n_seed * retraining->sets->n_train);
    enum status status = train_whole(&share->training);
    if (status != STATUS_OK)
        return status;
    ask(retraining, &share->training, share->outcomes, m);
    share->mine[m] = true;
    if (clock_seconds() - share->kept_at < retraining->keep_every)
        return STATUS_OK;
    share->kept_at = clock_seconds();
    return unfinished_store(retraining->unfinished, share->rank, share->outcomes, share->mine);
}

/* The k-th of the networks that are left is trained by rank k mod size: one is about as much work as the next. */
static enum status train_share(MPI_Comm comm, struct share *share)
{
    enum status status = STATUS_OK;
    struct progress progress;
    progress_begin(&progress, share->retraining->talks, "retrain", "networks",
                   (share->n_left - share->rank + share->size - 1) / share->size, share->n_left);
    for (int64_t k = share->rank; k < share->n_left && status == STATUS_OK; k += share->size) {
        status = train_network(share, share->left[k]);
        progress_add(&progress, 1);
    }
    status = agree(comm, status);
    if (status == STATUS_OK)
        progress_end(&progress);
    return status;
}

/* Each outcome is all zero bits but where it is known, and the same there: bitwise or puts them together. */
static void put_together(MPI_Comm comm, struct outcomes *outcomes)
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
    struct share share;
    status = share_init(&share, comm, retraining, outcomes);
    if (status == STATUS_OK)
        status = train_share(comm, &share);
    outcomes->n_trained = share.n_left;
    share_clear(&share);
    if (status == STATUS_OK)
        put_together(comm, outcomes);
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
