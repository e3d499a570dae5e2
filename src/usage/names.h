/* A list of names of a table, kept as records write them. */
#ifndef ASSAY_USAGE_NAMES_H
#define ASSAY_USAGE_NAMES_H

#include "table/table.h"
#include "usage/record.h"

struct names {
    int64_t n;
    char *bytes;     /* owned: one after the other */
    int64_t *starts; /* owned; n + 1 */
};

/* Loads a list of strings; with `digests`, the path of another one of as many, each name comes after its digest ("-"
 * where that is empty).  `bare`: without quotes.  names_clear releases it, also after a failure.
 * @local   @fails BAD_INPUT, BAD_RUN */
enum status names_load(struct table_reader *reader, const char *path, const char *digests, bool bare,
                       struct names *names);
void names_clear(struct names *names);

/* Name i as a value of a record; "-" for −1.  False if there is none.  @local */
bool names_get(const struct names *names, int64_t i, struct record_value *value);

/* How many bytes of a fixed-width string count.  @local */
size_t padded_length(const char *bytes, int64_t width);

#endif
