/* The parts that a mechanism is taken apart into. */
#ifndef ASSAY_MECHANISM_PARTS_H
#define ASSAY_MECHANISM_PARTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "config/config.h"

enum part_kind { PART_FEATURE, PART_NEURON, PART_LAYER, PART_GROUP, N_PART_KIND };
extern const char *const part_kind_names[N_PART_KIND];

struct part {
    int64_t row;                    /* of the file, and so of every tensor of measurements */
    int kind;                       /* enum part_kind */
    int32_t layer;                  /* index into layers; -1: none was said */
    int64_t first_member, n_member; /* of parts->members; none where none were said */
    char *label;                    /* owned; "" for none */
};

struct parts {
    int64_t n;          /* taken */
    int64_t n_row;      /* in the file */
    struct part *items; /* owned; in file order */
    char *ids;          /* owned; n × id_bytes, zero-padded */
    int64_t id_bytes;
    int64_t *members; /* owned; features: columns of the policy's features; else whatever they are numbered by */
    int64_t n_member;
    char **layers; /* owned; distinct, in bytewise order */
    int64_t n_layer;
};

/* Parses one object per line: id (unique), kind, layer (a string, may be absent), members (a list of whole numbers,
 * none twice; may be absent), label (a string, may be absent); and takes those of the kinds named (none: all).
 * @local   @fails BAD_INPUT with file and line, BAD_CONFIG for a kind that is none */
enum status parts_parse(const char *file, const struct strings *kinds, const char *bytes, size_t n,
                        struct parts *parts);
/* One part per feature, "feature-12".  @local */
void parts_of_features(int64_t n_feature, char *const *labels, struct parts *parts);
void parts_clear(struct parts *parts);

/* How many members a part has: at least 1.  @local */
int64_t part_size(const struct part *part);
/* The part with this id, -1: none.  @local */
int64_t parts_find(const struct parts *parts, const char *id);
const char *part_id(const struct parts *parts, int64_t p, char *out); /* out[id_bytes + 1]; returned */

#endif
