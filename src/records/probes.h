/* The probes: the inputs on which features and behaviour were measured. */
#ifndef ASSAY_RECORDS_PROBES_H
#define ASSAY_RECORDS_PROBES_H

#include <stddef.h>

#include "base/status.h"
#include "config/config.h"

/* In file order: row i of the features and of the behaviour belongs to probe i. */
struct probes {
    int64_t n;
    char *ids; /* owned; n × id_bytes, zero-padded */
    int64_t id_bytes;
    char **categories; /* owned: distinct categories in bytewise order; "" stands for none */
    int64_t n_category;
    int32_t *category; /* owned; per probe an index into categories */
    uint8_t *expected; /* owned; n × n_behaviour: whether the behaviour is expected of the probe */
    int64_t n_behaviour;
};

/* Parses one object per line: id (unique), category (a string, may be absent), expected (a list of names among
 * `behaviours`, may be absent).  Other keys are allowed.
 * @local   @fails BAD_INPUT with file and line */
enum status probes_parse(const char *file, const struct strings *behaviours, const char *bytes, size_t n,
                         struct probes *probes);
void probes_clear(struct probes *probes);

#endif
