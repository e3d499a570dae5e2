/* From the name of a tensor in a config to the files that hold it.  For the files of this folder,
 * and tensor_paths_find for other inputs that a config names by a glob. */
#ifndef ASSAY_TENSOR_NAMES_H
#define ASSAY_TENSOR_NAMES_H

#include <stdint.h>

#include "base/status.h"
#include "tensor/shard.h"

struct tensor_place {
    const char *separator; /* between file and object, NULL when there is no object; static */
    char *pattern;         /* owned; file name or glob */
    char *object;          /* owned; name within the file, "-" when there is none */
};

/* Splits FILE#NAME, FILE:/PATH or FILE.  @fails BAD_INPUT when a part is empty or cannot be a name */
enum status tensor_place_parse(const char *name, struct tensor_place *place);
void tensor_place_clear(struct tensor_place *place);

struct path_list {
    char **items; /* owned */
    int64_t n;
};

/* The file that `pattern` names, or all that it matches, in bytewise order; relative to `directory` as the pattern is.
 * @fails BAD_INPUT when none matches or a directory cannot be read */
enum status tensor_paths_find(const char *directory, const char *pattern, struct path_list *paths);
void tensor_paths_clear(struct path_list *paths);

#endif
