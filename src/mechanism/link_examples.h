/* The examples behind a behaviour, from the influence.h5 of the run.  For links.c alone. */
#ifndef ASSAY_MECHANISM_LINK_EXAMPLES_H
#define ASSAY_MECHANISM_LINK_EXAMPLES_H

#include "mechanism/links.h"

/* Fills what links say of examples and policies; nothing without influence.h5 or queries.
 * @local   @fails BAD_INPUT, BAD_CONFIG */
enum status link_examples(const struct scene *scene, const char *queries, size_t n, struct links *links);

/* The policies under which training rows came in: by the admissions of lineage.h5, else by a group column of
 * influence.h5.  @local */
struct admissions;
struct table_reader;
struct admissions *admissions_open(const char *run_directory, struct table_reader *influence, const char *column);
void admissions_close(struct admissions *admissions); /* NULL is fine */
int64_t admissions_count(const struct admissions *admissions);
const char *admissions_name(const struct admissions *admissions, int64_t policy);
/* −1: not known. */
int32_t admissions_get(const struct admissions *admissions, int64_t training);

#endif
