/* What clang's analyzer cannot see, because it reads one file at a time: that fail() gives back the status it is given,
 * that agree() never turns a failure into success, and that cJSON's questions say no to NULL.  Without this it follows
 * paths that cannot happen.  Only tests/style/tidy.sh includes it, before everything else. */
#ifndef ASSAY_TESTS_STYLE_ANALYZER_MODEL_H
#define ASSAY_TESTS_STYLE_ANALYZER_MODEL_H

#include "base/status.h"

static inline enum status model_fail(enum status status, enum status returned)
{
    (void)returned;
    return status;
}
#define fail(status, ...) model_fail(status, fail(status, __VA_ARGS__))

#if __has_include(<mpi.h>)
#include "comm/agree.h"

static inline enum status model_agree(enum status local, enum status agreed)
{
    return local == STATUS_OK ? agreed : local;
}
#define agree(comm, status) model_agree(status, agree(comm, status))
#endif

#if __has_include(<cjson/cJSON.h>)
#include <cjson/cJSON.h>

#define cJSON_IsString(item) ((item) != NULL && cJSON_IsString(item))
#define cJSON_IsNumber(item) ((item) != NULL && cJSON_IsNumber(item))
#define cJSON_IsArray(item)  ((item) != NULL && cJSON_IsArray(item))
#define cJSON_IsObject(item) ((item) != NULL && cJSON_IsObject(item))
#define cJSON_IsBool(item)   ((item) != NULL && cJSON_IsBool(item))
#endif

#endif
