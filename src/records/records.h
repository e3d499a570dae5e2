/* The JSON Lines files of a run: samples, queries, checkpoints. */
#ifndef ASSAY_RECORDS_RECORDS_H
#define ASSAY_RECORDS_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "config/config.h"
#include "records/pieces.h"

/* config section "samples": { file, id, split, train, group_by } */
struct samples_config {
    char *file;              /* JSON Lines, one object per sample */
    char *id;                /* key of the sample's id (a string, or an integer that is shown in decimal) */
    char *split;             /* key of the split; absent: every sample is a training sample */
    char *train;             /* value of `split` that marks training samples */
    struct strings group_by; /* keys whose values are totalled: "policy", "license", "source" */
};
extern const struct section samples_section;

/* config section "checkpoints": { file, select: { rule, threshold, names } } */
enum selection_rule { SELECT_ALL, SELECT_VALIDATION_IMPROVEMENT, SELECT_NAMES };
struct checkpoints_config {
    char *file;
    int rule;             /* enum selection_rule */
    double threshold;     /* for validation-improvement: relative improvement, default 0.02 */
    struct strings names; /* for names */
};
extern const struct section checkpoints_section;

struct group_column {
    char *name;     /* owned: the key */
    char **values;  /* owned: distinct values, sorted bytewise; "" stands for an absent key or null */
    int64_t *count; /* owned: training samples with each value */
    int64_t n_value;
};

/* What is known of the samples file once it was read (records/survey.h).  The rows themselves are read again, some at a
 * time (records/sample_rows.h): row i of every training capture belongs to training sample i, in file order. */
struct samples {
    const struct samples_config *config; /* borrowed */
    int64_t n;                           /* training samples */
    int64_t n_record;                    /* lines in the file, all splits */
    int64_t id_bytes;                    /* of the longest id of a training sample, at least 1 */
    struct group_column *columns;        /* owned */
    int64_t n_column;
    struct pieces pieces;     /* of the file */
    int64_t *training_before; /* owned; pieces.n + 1: training samples that begin in the pieces before */
};
void samples_clear(struct samples *samples);
/* Bytes that it takes per rank.  @local */
int64_t samples_bytes(const struct samples *samples);

/* The queries, in file order: row j of every query capture belongs to query j.  One object per line with the key "id".
 */
struct queries {
    int64_t n;
    char *ids; /* owned; n × id_bytes, zero-padded */
    int64_t id_bytes;
    char **texts; /* owned; value of the optional key "text" (what the query is, for people), or "" */
};
/* @local   @fails BAD_INPUT */
enum status queries_parse(const char *file, const char *bytes, size_t n, struct queries *queries);
void queries_clear(struct queries *queries);

/* The candidate checkpoints, by step. */
struct checkpoint {
    char *name; /* owned; replaces {checkpoint} in capture names */
    char *file; /* owned; the weights, relative to the records file, committed as an input; NULL if absent */
    int64_t step;
    double learning_rate;   /* η_k */
    double validation_loss; /* NaN if absent (then validation-improvement cannot be used) */
    bool selected;
};
struct checkpoints {
    struct checkpoint *items; /* owned */
    int64_t n, n_selected;
};
/* Parses { "name", "step", "learning_rate", "validation_loss"?, "file"? } lines, steps strictly increasing, names
 * unique and fit for a file name, and applies the rule: keep k iff L(last kept) − L(k) ≥ τ·L(last kept); always the
 * first and the last.
 * @local   @fails BAD_INPUT */
enum status checkpoints_parse(const struct checkpoints_config *config, const char *bytes, size_t n,
                              struct checkpoints *checkpoints);
void checkpoints_clear(struct checkpoints *checkpoints);

#endif
