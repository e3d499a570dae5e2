/* A verification under way. */
#ifndef ASSAY_SEAL_VERIFY_H
#define ASSAY_SEAL_VERIFY_H

#include "seal/audit.h"
#include "seal/deal.h"
#include "seal/entry.h"
#include "seal/ground.h"
#include "seal/seal.h"

enum { SAMPLES_NAME_BYTES = 4096 };

/* The entry of the samples, once it was seen. */
struct verify_samples {
    bool is_seen;
    int64_t index;                 /* of the entry */
    char name[SAMPLES_NAME_BYTES]; /* of the run, as the entry has it; cut */
    struct usage_summary summary;
};

struct verification {
    MPI_Comm comm;
    int rank, n_rank;
    const char *run_directory; /* borrowed */
    char *inputs_directory;    /* owned; NULL when nobody says where they are */
    char *log;                 /* owned: seal/ */
    struct ground ground;
    struct audit audit;
    struct findings findings;
    struct verify_report *report;          /* borrowed; its counts are this rank's until the end */
    int64_t counts[ENTRY_KIND_COUNT];      /* entries of each kind that this rank saw */
    struct verify_samples samples;         /* on the rank that saw it, and after verify_samples on all */
    int64_t n_logical;                     /* input entries among them that are logical segments */
    int64_t footer[ENTRY_KIND_COUNT];      /* what the footer counts, on the rank that saw it */
    bool *is_block_wrong, *is_table_wrong; /* owned; per table of the statement: a block differs; the file does */
    struct segment_list pieces;            /* which bytes of which inputs this rank's entries cover */
    struct segment_list damaged;           /* inputs whose bytes differ; after verify_inputs the same on every rank */
};

/* Which entries a sweep over the log is about. */
enum sweep {
    SWEEP_BYTES,  /* everything but the next */
    SWEEP_LOGICAL /* logical segments of inputs, which are only read where the bytes of the file are right */
};

/* All entries of the log that are what was signed, parsed where they lie and their contents checked by all ranks in
 * equal parts.  @collective */
void verify_sweep(struct verification *verification, enum sweep sweep);

/* Whether the first sweep saw any logical segment, on any rank.  @collective */
bool verify_has_logical(struct verification *verification);

/* Checks what one entry says against what lies on disk.  @local */
void verify_entry(struct verification *verification, int64_t index, const struct entry *entry);
/* How many bytes must be read for that; -1 when there is nothing to read.  @local */
int64_t verify_work(const struct entry *entry, enum sweep sweep);
/* Whether a dataset entry, and the place of a block, are as the statement and the fixed grid have them.  @local */
void verify_dataset(struct verification *verification, int64_t index, const struct entry *entry);

/* After the first sweep: no input is missing, longer than its segments, or has bytes between them; collects the damaged
 * ones.
 * @collective   @fails FAULT_INJECTED only */
enum status verify_inputs(struct verification *verification);
/* Whole files against the statement, and whether differences are outside all datasets.  @collective */
void verify_tables(struct verification *verification);
/* The tree of samples is made anew, and must be the one that the log tells of and the one that is stored.
 * @collective   @fails FAULT_INJECTED only */
enum status verify_samples(struct verification *verification);
/* The statement's list of inputs against the log's.  @local to rank 0 */
void verify_dependencies(struct verification *verification);

#endif
