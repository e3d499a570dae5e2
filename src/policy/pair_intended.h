/* What each pair was meant to move: a list of features per pair, given by index or by label. */
#ifndef ASSAY_POLICY_PAIR_INTENDED_H
#define ASSAY_POLICY_PAIR_INTENDED_H

#include <stdbool.h>
#include <stdint.h>

#include "records/lines.h"
#include "records/name_set.h"

struct pair_intended {
    int64_t n;        /* pairs so far */
    int64_t *start;   /* owned; n + 1: those of pair i are [start[i], start[i + 1]) */
    int32_t *feature; /* owned; ascending within a pair, each once */
    int64_t pair_room, feature_room;
};

/* What features may be called while lists are read. */
struct feature_labels {
    int64_t n_feature;
    bool given;
    struct name_set names;
    int64_t *start;   /* owned; names.n + 1: label l is that of feature[start[l]] … */
    int32_t *feature; /* owned */
};

/* `labels`: per feature, "" for none; NULL: there are no labels. */
void feature_labels_init(struct feature_labels *index, int64_t n_feature, char *const *labels);
void feature_labels_clear(struct feature_labels *index);

/* Adds the pair of the present line: key "intended", absent, null, or a list of feature indices and labels; a label
 * means every feature that has it.
 * @local   @fails BAD_INPUT with file and line when a feature does not exist */
enum status pair_intended_add(struct pair_intended *intended, const struct lines *lines, struct feature_labels *labels);
void pair_intended_clear(struct pair_intended *intended);

/* How many features pair i was meant to move (0: nothing is known), and whether j is one of them.  @local */
int64_t pair_intended_count(const struct pair_intended *intended, int64_t i);
bool pair_intended_has(const struct pair_intended *intended, int64_t i, int64_t j);

#endif
