#include "jobs/policy_features.h"

#include "base/stop.h"
#include "comm/agree.h"
#include "comm/share.h"
#include "policy/gather.h"
#include "policy/source.h"

static void init_rows(const struct problem *problem, struct rows *rows)
{
    if (source_is_sparse(problem->source))
        rows_init_sparse(rows, problem->n_feature);
    else
        rows_init_dense(rows, 0, problem->n_feature);
}

/* @collective context->comm */
static enum status read_blocks(const struct context *context, struct problem *problem, struct rows *rows)
{
    int size;
    MPI_Comm_size(context->comm, &size);
    int64_t block = problem->config->block_rows, n = problem->probes.n;
    enum status status = STATUS_OK;
    for (int64_t first = 0; first < n && status == STATUS_OK; first += block * size) {
        struct rows own;
        init_rows(problem, &own);
        int64_t at = first + block * context->rank, count = n - at < block ? n - at : block;
        if (stop_requested())
            status = fail(STOPPED, "policy features: stopped on request; run the same command again");
        else if (count > 0)
            status = source_read(problem->source, at, count, &own, &problem->segments);
        status = agree(context->comm, status);
        for (int root = 0; root < size && first + block * root < n && status == STATUS_OK; root++)
            gather_rows(context->comm, root, &own, rows);
        rows_clear(&own);
    }
    return status;
}

enum status policy_features_read(struct context *context, struct rows *rows, struct segment_list *segments)
{
    struct problem_request request = context_problem(context);
    struct problem problem;
    segments_init(segments);
    *rows = (struct rows){0};
    enum status status = problem_open(context->comm, &request, &problem);
    if (status != STATUS_OK)
        return status;
    init_rows(&problem, rows);
    status = read_blocks(context, &problem, rows);
    if (status == STATUS_OK)
        status = share_segments(context->comm, &problem.segments);
    for (int64_t i = 0; i < problem.segments.n && status == STATUS_OK; i++)
        segments_add(segments, &problem.segments.items[i]);
    problem_close(&problem);
    return status;
}
