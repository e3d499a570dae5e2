#include "seal/audit.h"

#include <string.h>

#include "base/memory.h"
#include "comm/share.h"
#include "merkle/tiles.h"
#include "seal/audit_parts.h"

static void read_bundle(const char *log, int64_t group, int width, struct findings *findings, struct witness *witness)
{
    struct bundle bundle;
    struct hash leaves[TILE_WIDTH];
    if (bundle_load(log, group, width, &bundle) != STATUS_OK) {
        findings_add(findings, FOUND_LOG, 2 * group, "%s", failure_sentence());
        return;
    }
    for (int k = 0; k < bundle.n; k++)
        merkle_leaf(bundle.entry[k], bundle.length[k], &leaves[k]);
    merkle_root(leaves, bundle.n, &witness->bundle);
    witness->has_bundle = true;
    bundle_clear(&bundle);
}

static void read_tile(const char *log, int64_t group, int width, struct findings *findings, struct witness *witness)
{
    struct hash leaves[TILE_WIDTH];
    if (tile_load(log, 0, group, width, leaves) != STATUS_OK) {
        findings_add(findings, FOUND_LOG, 2 * group + 1, "%s", failure_sentence());
        return;
    }
    merkle_root(leaves, width, &witness->tile);
    witness->has_tile = true;
}

static int64_t part_begin(int64_t n, int n_part, int part)
{
    return n / n_part * part + (n % n_part < part ? n % n_part : part);
}

/* All ranks' witnesses to rank 0, in order, and its verdicts back. */
static bool judge_together(MPI_Comm comm, const char *log, int64_t size, const struct hash *root,
                           struct findings *findings, struct audit *audit, struct witness *own)
{
    int rank, n_rank;
    int64_t n_group = tile_count(size, 0), n;
    int has_root = 0;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &n_rank);
    if (rank != 0) {
        share_send(comm, 0, (const char *)own, audit->n * (int64_t)sizeof *own);
        char *verdicts = share_receive(comm, 0, &n);
        memcpy(own, verdicts, (size_t)n);
        memory_free(verdicts);
    } else {
        struct witness *all = memory_allocate(n_group, sizeof *all);
        memcpy(all, own, (size_t)audit->n * sizeof *all);
        for (int from = 1; from < n_rank; from++) {
            char *theirs = share_receive(comm, from, &n);
            memcpy(all + part_begin(n_group, n_rank, from), theirs, (size_t)n);
            memory_free(theirs);
        }
        has_root = audit_judge(log, size, root, all, findings);
        memcpy(own, all, (size_t)audit->n * sizeof *all);
        for (int to = 1; to < n_rank; to++) {
            int64_t first = part_begin(n_group, n_rank, to), last = part_begin(n_group, n_rank, to + 1);
            share_send(comm, to, (const char *)(all + first), (last - first) * (int64_t)sizeof *all);
        }
        memory_free(all);
    }
    MPI_Bcast(&has_root, 1, MPI_INT, 0, comm);
    return has_root;
}

void audit_log(MPI_Comm comm, const char *log, int64_t size, const struct hash *root, struct findings *findings,
               struct audit *audit)
{
    int rank, n_rank;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &n_rank);
    int64_t n_group = tile_count(size, 0);
    *audit = (struct audit){.first = part_begin(n_group, n_rank, rank)};
    audit->n = part_begin(n_group, n_rank, rank + 1) - audit->first;
    audit->is_right = memory_allocate(audit->n, sizeof *audit->is_right);
    struct witness *own = memory_allocate(audit->n, sizeof *own);
    for (int64_t i = 0; i < audit->n; i++) {
        int64_t group = audit->first + i;
        read_bundle(log, group, tile_width(size, BUNDLE_LEVEL, group), findings, &own[i]);
        read_tile(log, group, tile_width(size, 0, group), findings, &own[i]);
    }
    audit->has_root = judge_together(comm, log, size, root, findings, audit, own);
    for (int64_t i = 0; i < audit->n; i++)
        audit->is_right[i] = own[i].bundle_is_right;
    memory_free(own);
}

void audit_clear(struct audit *audit)
{
    memory_free(audit->is_right);
    *audit = (struct audit){0};
}
