/* Ids of one width, as tables store them. */
#ifndef ASSAY_RECORDS_IDS_H
#define ASSAY_RECORDS_IDS_H

#include "records/lines.h"
#include "records/name_set.h"

/* Adds the id of the present line to the set of all ids so far.  As every line has one, id number i is that of line
 * i + 1.  @local   @fails BAD_INPUT also when an earlier line has the same id */
enum status ids_add(const struct lines *lines, const char *key, struct text *scratch, struct name_set *ids);

/* The n ids with these numbers (NULL: the first n), zero-padded to the longest, at least 1; the caller owns them. */
char *ids_pad(const struct name_set *ids, const int64_t *numbers, int64_t n, int64_t *id_bytes);

#endif
