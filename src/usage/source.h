/* Where records of samples come from: lineage.h5, and influence.h5 where the run has it. */
#ifndef ASSAY_USAGE_SOURCE_H
#define ASSAY_USAGE_SOURCE_H

#include "usage/names.h"
#include "usage/summary.h"

struct usage_source {
    struct table_reader *lineage, *influence; /* owned; influence may be NULL */
    int64_t n_sample;
    int64_t id_bytes;        /* of one sample's id */
    int64_t influence_bytes; /* of its rows of /self and, where kept, of /scores; 0 without influence.h5 */
    struct names roles, owners, decisions, policies, profiles, reasons;
    int64_t n_step;
    int64_t *step;                            /* owned; of each row of /steps */
    uint8_t *is_superseded;                   /* owned */
    int64_t rejected_role, rejected_decision; /* −1: there is none of that name */
};

/* Reads lists and steps; samples come in blocks.  usage_source_close releases it, also after a failure.
 * @local   @fails BAD_INPUT, BAD_RUN */
enum status usage_source_open(const char *run_directory, bool has_influence, struct usage_source *source);
void usage_source_close(struct usage_source *source);

/* What the tables say of samples [first, first + n), all owned. */
struct usage_block {
    int64_t first, n;
    char *id;
    uint8_t (*content)[DIGEST_BYTES], *has_content;
    int32_t *role, *owner, *decision, *policy, *profile, *reason;
    int64_t *uses, *training, *admission;
    int64_t *use_start; /* n + 1; from use_start[0] on, use[0] is the first */
    int64_t *use;       /* rows of /steps */
    char *influence;    /* NULL without influence.h5 */
    struct text made;   /* scratch of usage_block_record */
};

/* As many samples as should be read at once.  @local */
int64_t usage_block_rows(const struct usage_source *source);
/* usage_block_clear releases it, also after a failure.  @local   @fails BAD_INPUT, BAD_RUN */
enum status usage_block_read(const struct usage_source *source, int64_t first, int64_t n, struct usage_block *block);
void usage_block_clear(struct usage_block *block);

/* Appends the record of sample first + i.  @local   @fails BAD_RUN for an index that leads nowhere */
enum status usage_block_record(const struct usage_source *source, struct usage_block *block, int64_t i,
                               struct text *text);
bool usage_block_is_rejected(const struct usage_source *source, const struct usage_block *block, int64_t i);

#endif
