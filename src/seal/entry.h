/* Entries: what the leaves of a run's log say, one short text each.
 *
 *     assay/chunk/v1
 *     path influence.h5
 *     object /top/proponents/score
 *     start 4096
 *     …
 *
 * Lines end in LF and come in a fixed order, so that there is exactly one text for each content: what is hashed needs
 * no canonical form of its own.  Names and places are inside what is hashed; contents stay out, only digests go in. */
#ifndef ASSAY_SEAL_ENTRY_H
#define ASSAY_SEAL_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/segment.h"
#include "base/status.h"
#include "base/text.h"
#include "usage/summary.h"

/* In the order in which a log lists them. */
enum entry_kind {
    ENTRY_CONFIG,  /* the resolved config, run.json: path, bytes, sha256 */
    ENTRY_INPUT,   /* a segment of an input file */
    ENTRY_DATASET, /* a dataset of a table: type, shape, unit, description */
    ENTRY_CHUNK,   /* a block of rows of a dataset */
    ENTRY_SAMPLES, /* the tree of samples, where the run has lineage */
    ENTRY_FOOTER,  /* the counts of all others; a log without it is an aborted run */
    ENTRY_KIND_COUNT
};

enum { ENTRY_MAX_DIM = 8, ENTRY_MAX_BYTES = 16384 };

struct entry {
    enum entry_kind kind;
    const char *path;                 /* input: as the config names it; others: within the run directory */
    const char *object;               /* dataset or tensor; "-": other bytes of an input */
    enum segment_kind segment;        /* input */
    int64_t offset;                   /* input: first byte; bytes of the file, or logical bytes of the dataset */
    int64_t bytes;                    /* config: of the file; input, chunk: hashed */
    int64_t row_first, n_row;         /* input: of the object within the file; chunk: of the dataset */
    const char *type;                 /* dataset, chunk: i8 u8 i32le i64le f64le utf8[N] */
    int n_dim;                        /* dataset; 0 for a scalar */
    int64_t dims[ENTRY_MAX_DIM];      /* dataset */
    const char *unit, *text;          /* dataset */
    uint8_t sha256[DIGEST_BYTES];     /* config, input, chunk */
    const char *run;                  /* samples: the run's name */
    struct usage_summary samples;     /* samples */
    int64_t counts[ENTRY_KIND_COUNT]; /* footer: entries of each kind, itself included */
    int64_t total;                    /* footer: the size of the log */
    char *storage;                    /* owned, what the texts above point into; NULL where they are borrowed */
};

/* Adds the text of an entry.  @local   @fails BAD_RUN for a control character or empty name, or a text of more than
 * ENTRY_MAX_BYTES; then nothing is added */
enum status entry_write(const struct entry *entry, struct text *text);

/* Accepts exactly what entry_write writes, byte for byte; `where` names it in the sentence.  entry_clear releases it.
 * @local   @fails BAD_RUN */
enum status entry_parse(const char *bytes, size_t n, const char *where, struct entry *entry);
void entry_clear(struct entry *entry);

/* Total order of a log: kind, path, object, then place; 0 only for two entries of the same thing.  @local */
int entry_compare(const struct entry *a, const struct entry *b);

const char *entry_kind_name(enum entry_kind kind); /* "chunk" */
/* Bytes of one element of a type ("i64le": 8, "utf8[12]": 12), or 0 if it is none.  @local */
int64_t entry_type_bytes(const char *type);

/* Rows per block of a dataset whose rows have `row_bytes` bytes: as many as fit 1 MiB, at least one.  @local */
int64_t block_rows(int64_t row_bytes);
/* Blocks of a dataset: 0 when it holds nothing.  @local */
int64_t block_count(int64_t n_row, int64_t row_bytes);

/* What an entry is about, for people: "influence.h5:/top/score rows 0 to 99".  @local */
void entry_describe(const struct entry *entry, struct text *text);

#endif
