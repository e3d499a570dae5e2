#include "usage/tree.h"

#include <string.h>

#include "base/memory.h"
#include "comm/agree.h"
#include "comm/progress.h"
#include "comm/share.h"
#include "merkle/range_reduce.h"
#include "usage/source.h"

/* Full groups make a node each; the leaves after them go into the range one by one. */
static void hash_leaves(struct usage_tree *tree, struct range *range)
{
    struct hash hashes[GROUP_LEAVES];
    range_init(range, tree->begin);
    tree->nodes = memory_allocate_raw(tree->n / GROUP_LEAVES, sizeof *tree->nodes);
    tree->n_node = tree->n / GROUP_LEAVES;
    for (int64_t g = 0; g < tree->n_node; g++) {
        for (int k = 0; k < GROUP_LEAVES; k++)
            leaf_hash(&tree->leaves[g * GROUP_LEAVES + k], &hashes[k]);
        merkle_root(hashes, GROUP_LEAVES, &tree->nodes[g]);
        range_add(range, GROUP_LEVEL, &tree->nodes[g]);
    }
    for (int64_t i = tree->n_node * GROUP_LEAVES; i < tree->n; i++) {
        leaf_hash(&tree->leaves[i], &hashes[0]);
        range_add(range, 0, &hashes[0]);
    }
}

/* Equal leaves are neighbours, also across ranks, whose first and last leaves all know. */
static enum status check_distinct(MPI_Comm comm, const struct usage_tree *tree)
{
    enum { FIRST, LAST };
    int rank, n_rank;
    struct leaf own[2] = {0};
    enum status status = STATUS_OK;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &n_rank);
    struct leaf(*all)[2] = memory_allocate(n_rank, sizeof *all);
    int64_t *n_leaf = memory_allocate(n_rank, sizeof *n_leaf);
    if (tree->n > 0) {
        own[FIRST] = tree->leaves[0];
        own[LAST] = tree->leaves[tree->n - 1];
    }
    MPI_Allgather(own, (int)sizeof own, MPI_BYTE, all, (int)sizeof own, MPI_BYTE, comm);
    MPI_Allgather(&tree->n, 1, MPI_INT64_T, n_leaf, 1, MPI_INT64_T, comm);
    const struct leaf *last = NULL; /* the leaf before */
    for (int r = 0; r < rank; r++)
        last = n_leaf[r] > 0 ? &all[r][LAST] : last;
    for (int64_t i = 0; i < tree->n && status == STATUS_OK; last = &tree->leaves[i++])
        if (last != NULL && leaf_compare(last, &tree->leaves[i]) == 0)
            status = fail(BAD_RUN,
                          "lineage.h5: samples %lld and %lld (lines of the samples file, from 0) have the same "
                          "id and the same content; a sample must be listed once",
                          (long long)last->sample, (long long)tree->leaves[i].sample);
    memory_free(all);
    memory_free(n_leaf);
    return agree(comm, status);
}

enum status usage_tree_build(MPI_Comm comm, struct leaf *leaves, int64_t n, struct usage_tree *tree)
{
    struct range range;
    tree->leaves = leaves_spread(comm, leaves, &n, &tree->begin, &tree->summary.size);
    tree->n = n;
    hash_leaves(tree, &range);
    range_reduce(comm, &range, &tree->summary.root);
    return check_distinct(comm, tree);
}

/* Records become leaves; what is counted goes into the summary, as this rank sees it. */
struct leaf_list {
    struct leaf *items; /* owned */
    int64_t n;
};

static enum status add_block(const struct usage_source *source, struct usage_block *block, struct text *record,
                             struct leaf_list *list, struct usage_summary *summary)
{
    enum status status = STATUS_OK;
    for (int64_t i = 0; i < block->n && status == STATUS_OK; i++) {
        summary->trained += block->uses[i] > 0;
        summary->uses += block->uses[i];
        summary->scored += source->influence != NULL && block->training[i] >= 0;
        summary->rejected += usage_block_is_rejected(source, block, i);
        if (!block->has_content[i]) {
            summary->unlisted++;
            continue;
        }
        struct leaf *leaf = &list->items[list->n++];
        record->length = 0;
        status = usage_block_record(source, block, i, record);
        usage_key(summary->salt, block->content[i], leaf->key);
        usage_record_digest(summary->salt, block->content[i], record->bytes, record->length, leaf->record);
        leaf->sample = block->first + i;
    }
    return status;
}

static enum status read_leaves(const struct usage_source *source, int64_t first, int64_t last,
                               struct progress *progress, struct leaf_list *list, struct usage_summary *summary)
{
    enum status status = STATUS_OK;
    struct text record;
    text_init(&record);
    list->items = memory_allocate_raw(last - first, sizeof *list->items);
    for (int64_t step = usage_block_rows(source); first < last && status == STATUS_OK; first += step) {
        struct usage_block block;
        int64_t n = last - first < step ? last - first : step;
        status = usage_block_read(source, first, n, &block);
        if (status == STATUS_OK)
            status = add_block(source, &block, &record, list, summary);
        usage_block_clear(&block);
        progress_add(progress, n);
    }
    text_clear(&record);
    return status;
}

/* What is known of the run as a whole, counted by every rank alike. */
static enum status count_run(const struct usage_source *source, struct usage_summary *summary)
{
    const struct dataset *shape = table_find(source->lineage, "/completeness/epoch");
    if (shape == NULL || shape->type != TABLE_I64 || shape->n_dim != 1)
        return fail(BAD_RUN, "lineage.h5: expected a list of numbers /completeness/epoch; run `assay lineage` again");
    int64_t n = shape->dims[0], *epoch = memory_allocate(n, sizeof *epoch);
    enum status status = table_read(source->lineage, "/completeness/epoch", 0, n, epoch);
    for (int64_t i = 0; i < n; i++)
        summary->epochs += epoch[i] >= 0;
    for (int64_t i = 0, last = -1; i < source->n_step; i++) { /* in order of step; each process has a row of its own */
        if (source->is_superseded[i] || (summary->steps > 0 && source->step[i] == last))
            continue;
        summary->steps++;
        last = source->step[i];
    }
    summary->samples = source->n_sample;
    memory_free(epoch);
    return status;
}

static void sum_counts(MPI_Comm comm, struct usage_summary *summary)
{
    int64_t counts[] = {summary->unlisted, summary->trained, summary->uses, summary->rejected, summary->scored};
    share_sum(comm, counts, sizeof counts / sizeof *counts);
    summary->unlisted = counts[0];
    summary->trained = counts[1];
    summary->uses = counts[2];
    summary->rejected = counts[3];
    summary->scored = counts[4];
    summary->never_used = summary->samples - summary->trained;
}

enum status usage_tree_make(MPI_Comm comm, const struct usage_request *request, struct usage_tree *tree)
{
    struct usage_source source;
    struct leaf_list list = {0};
    struct progress progress;
    int rank, n_rank;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &n_rank);
    *tree = (struct usage_tree){0};
    struct usage_summary *summary = &tree->summary;
    usage_salt(request->origin, request->run_name, summary->salt);
    enum status status = usage_source_open(request->run_directory, request->has_influence, &source);
    if (status == STATUS_OK)
        status = count_run(&source, summary);
    status = agree(comm, status);
    if (status == STATUS_OK) {
        int64_t n = source.n_sample, first = n / n_rank * rank + (n % n_rank < rank ? n % n_rank : rank);
        int64_t own = n / n_rank + (rank < n % n_rank);
        progress_begin(&progress, rank == 0 && !request->quiet, "records", "samples", own, n);
        status = agree(comm, read_leaves(&source, first, first + own, &progress, &list, summary));
    }
    usage_source_close(&source);
    if (status != STATUS_OK) {
        memory_free(list.items);
        return status;
    }
    progress_end(&progress);
    sum_counts(comm, summary);
    return usage_tree_build(comm, list.items, list.n, tree);
}

void usage_tree_clear(struct usage_tree *tree)
{
    memory_free(tree->leaves);
    memory_free(tree->nodes);
    *tree = (struct usage_tree){0};
}
