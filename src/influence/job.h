/* All that one influence job holds open. */
#ifndef ASSAY_INFLUENCE_JOB_H
#define ASSAY_INFLUENCE_JOB_H

#include "influence/block_rows.h"
#include "influence/journal.h"
#include "influence/prefetch.h"
#include "influence/tables.h"

struct job {
    MPI_Comm comm;
    int rank;
    const struct study_request *request;
    struct study study;
    struct influence_plan plan;
    struct team team;
    struct gradients queries;
    struct scorer *scorer;
    struct prefetch *prefetch;
    struct partial partial;
    struct segment_list read; /* for the block under way */
    struct journal journal;
    struct influence_tables *tables;
    struct table *table;
    char *path; /* of influence.h5 */
    char fingerprint[65];
    int64_t *blocks; /* blocks to do, ascending; the same on every rank */
    int64_t n_todo;
};

static inline int64_t job_block_rows(const struct job *job, int64_t block)
{
    int64_t left = job->plan.n_train - block * job->plan.block_rows;
    return left < job->plan.block_rows ? left : job->plan.block_rows;
}

#endif
