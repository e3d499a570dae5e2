/* What each training pair did to the policy: its features and behaviour after one stated update on that pair alone →
 * the shift of every coefficient, in policy.h5. */
#ifndef ASSAY_POLICY_PAIRS_H
#define ASSAY_POLICY_PAIRS_H

#include <mpi.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/segment.h"
#include "base/status.h"
#include "policy/policy_config.h"
#include "policy/shift_base.h"
#include "policy/source.h"
#include "table/table.h"

struct pairs;

/* All borrowed, until pairs_close. */
struct pairs_request {
    const char *directory;               /* of the config: inputs are relative to it */
    const struct policy_config *config;  /* pairs.file is given */
    const struct source_names *features; /* those of the pairs, and the encoder of the probes if there is one */
    int64_t n_probe, n_feature;          /* of the policy */
    char *const *labels;                 /* per feature, for pairs that name what they intend; NULL: none */
};

/* Reads the records, opens features and behaviour, and checks them against the policy: items, probes, features and
 * behaviours, the indices or labels of intended features, the keys to group by.  `segments` (may be NULL) gets the
 * records file (on rank 0) and the encoder (on every rank; see source_open).  The local one is for programs without
 * MPI.
 * @collective comm   @fails BAD_CONFIG, BAD_INPUT; nothing is open then */
enum status pairs_open(MPI_Comm comm, const struct pairs_request *request, struct segment_list *segments,
                       struct pairs **pairs);
enum status pairs_open_local(const struct pairs_request *request, struct segment_list *segments, struct pairs **pairs);
void pairs_close(struct pairs *pairs); /* NULL is fine */

int64_t pairs_count(const struct pairs *pairs);
/* Features of each behaviour by which groups of pairs are compared: the configured number, at most all.  @local */
int64_t pairs_watched(const struct pairs *pairs);
struct source *pairs_source(const struct pairs *pairs); /* borrowed */

/* The tensors whose rows pairs_run reads, into list[PAIRS_MAX_TENSORS], borrowed, for tensor_gaps; and the segments
 * that it will append, on all ranks together, digests left zero.  @local */
enum { PAIRS_MAX_TENSORS = SOURCE_MAX_TENSORS + 1 };
int pairs_tensors(const struct pairs *pairs, struct tensor **list);
enum status pairs_list_segments(struct pairs *pairs, struct segment_list *segments);

/* The datasets that pairs_run writes: how many, and their rows, whose strings live as long as `pairs`.  @local */
int pairs_n_dataset(const struct pairs *pairs);
void pairs_datasets(const struct pairs *pairs, struct dataset *datasets);

/* Bytes that pairs_run takes on each rank beside what shift_base points to (rank 0 takes most), an encoder's own not
 * counted; and the multiply-adds of all pairs together, at most, each taken as dense.  `dual` as in shift_base.
 * @local */
int64_t pairs_bytes(const struct pairs *pairs, bool dual);
double pairs_operations(const struct pairs *pairs, bool dual);

struct pairs_output {
    struct table *table;           /* has the datasets of pairs_datasets */
    struct segment_list *segments; /* gets what this rank read */
    const int64_t *watched;        /* n_behaviour × pairs_watched(): features, for /pairs/watched and the groups */
    bool show;                     /* progress, on rank 0 */
};

/* Computes the shift of every pair, each wholly on one rank, in blocks that do not depend on the number of ranks, and
 * writes all of it: the same bytes on any number of ranks.  The base's features and behaviour are those that were read,
 * as pairs that give what is after the update are compared with them.  Memory does not grow with the number of pairs,
 * beyond their records.
 * @collective comm   @fails BAD_INPUT, NOT_CONVERGED naming the pair, CANNOT_WRITE, STOPPED on request */
enum status pairs_run(MPI_Comm comm, struct pairs *pairs, const struct shift_base *base,
                      const struct pairs_output *output);

#endif
