/* What the log of a run consists of: its entries in order, before contents are hashed.  Entry i is found by arithmetic,
 * so that ranks can share the work without sharing a list. */
#ifndef ASSAY_SEAL_LOG_PLAN_H
#define ASSAY_SEAL_LOG_PLAN_H

#include "merkle/merkle.h"
#include "seal/entry.h"
#include "table/table.h"

struct log_table {
    char *name, *path; /* owned: within the run directory; as the system finds it */
    struct table_reader *reader;
};

struct log_dataset {
    int table;                   /* index of its table */
    const struct dataset *shape; /* borrowed from the reader */
    char type[32];               /* as entries say it */
    int64_t offset, bytes;       /* of the data in the file; 0, 0 when it holds nothing */
    int64_t n_row, row_bytes;
    int64_t n_block, block_first; /* blocks of rows, and how many those of the datasets before it have */
};

struct log_plan {
    char *config; /* owned: run.json */
    int64_t config_bytes;
    uint8_t config_sha256[DIGEST_BYTES];
    struct segment_list inputs;
    struct log_table *tables; /* in order of name */
    int n_table;
    struct log_dataset *datasets; /* in order of table and path */
    int64_t n_dataset;
    const char *run_name;         /* borrowed; NULL: the run has no tree of samples */
    struct usage_summary samples; /* of that tree */
    int64_t n_block, n_entry;
};

/* Reads run.json and the tables' own descriptions.  log_plan_close releases it, also after a failure.
 * @local   @fails BAD_RUN, BAD_INPUT */
enum status log_plan_open(const char *run_directory, const char *const *tables, int n_table, struct log_plan *plan);
void log_plan_close(struct log_plan *plan);

/* One more entry: the tree of samples of the run of this name (borrowed).  @local */
void log_plan_add_samples(struct log_plan *plan, const char *run_name, const struct usage_summary *samples);

/* Entry i, its texts borrowed; the digest of a chunk is left zero, and *dataset is then the chunk's (otherwise NULL).
 */
void log_plan_entry(const struct log_plan *plan, int64_t i, struct entry *entry, const struct log_dataset **dataset);

/* Entries [*begin, *end) are part `part` of `n_part`, about as much work as the others.  @local */
void log_plan_share(const struct log_plan *plan, int n_part, int part, int64_t *begin, int64_t *end);

/* A dataset's type as entries say it: "f64le", "utf8[12]".  @local */
const char *log_type(const struct dataset *shape, char type[32]);

/* Two plans with one digest list the same entries.  @local */
void log_plan_digest(const struct log_plan *plan, struct hash *digest);

#endif
