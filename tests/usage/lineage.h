/* A lineage.h5 and an influence.h5 as their jobs write them, of any number of samples, all of it by a rule: sample i
 * has the content "content I", which it may share, a role, uses, an owner and an admission.  One rank writes. */
#ifndef ASSAY_TESTS_USAGE_LINEAGE_H
#define ASSAY_TESTS_USAGE_LINEAGE_H

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "table/table.h"

enum { LINEAGE_STEPS = 40, LINEAGE_QUERIES = 3, LINEAGE_ID_BYTES = 32 };
enum { LINEAGE_SHARED = 10, LINEAGE_UNLISTED = 97, LINEAGE_REJECTED = 31, LINEAGE_TEST = 7 };

/* Samples 10, 20, … share the content of the one before; 97, 194, … have no digest of theirs. */
static inline int64_t lineage_content(int64_t i)
{
    return i > 0 && i % LINEAGE_SHARED == 0 ? i - 1 : i;
}

static inline bool lineage_has_content(int64_t i)
{
    return i == 0 || i % LINEAGE_UNLISTED != 0;
}

static inline int lineage_content_bytes(int64_t i, char text[48])
{
    return snprintf(text, 48, "content %lld", (long long)lineage_content(i));
}

static inline void lineage_digest(int64_t i, uint8_t sha256[DIGEST_BYTES])
{
    char text[48];
    int n = lineage_content_bytes(i, text);
    digest_of(text, (size_t)n, sha256);
}

/* 0 train, 1 test, 2 rejected */
static inline int32_t lineage_role(int64_t i)
{
    return i % LINEAGE_REJECTED == 5 ? 2 : i % LINEAGE_TEST == 3 ? 1 : 0;
}

static inline void lineage_id(int64_t i, char id[LINEAGE_ID_BYTES])
{
    memset(id, 0, LINEAGE_ID_BYTES);
    if (i == 3)
        snprintf(id, LINEAGE_ID_BYTES, "a \"quoted\"\nid\\ \xc3\xa9");
    else
        snprintf(id, LINEAGE_ID_BYTES, "sample-%lld", (long long)i);
}

/* How often sample i is used, superseded uses included, and when: every 11th step from i % 13 on. */
static inline int64_t lineage_uses(int64_t i)
{
    return lineage_role(i) != 0 || i % 17 == 0 ? 0 : 1 + i % 3;
}

static inline int64_t lineage_use(int64_t i, int64_t k)
{
    return i % 13 + 11 * k; /* a row of /steps; below LINEAGE_STEPS */
}

static inline bool lineage_is_superseded(int64_t row)
{
    return row == 12;
}

struct lineage_part { /* one dataset, as it will be written */
    struct dataset shape;
    void *rows; /* owned */
};

struct lineage {
    struct lineage_part parts[40];
    int n;
};

static inline void *lineage_add(struct lineage *lineage, const char *path, enum table_type type, int64_t rows,
                                int64_t columns, int64_t string_bytes)
{
    struct dataset shape = {path, type, columns > 0 ? 2 : 1, {rows, columns}, string_bytes, "1", "a column"};
    struct lineage_part *part = &lineage->parts[lineage->n++];
    part->shape = shape;
    part->rows = memory_allocate(rows > 0 ? rows : 1, (size_t)dataset_row_bytes(&shape));
    return part->rows;
}

/* A list of names, ended by NULL. */
static inline void lineage_names(struct lineage *lineage, const char *path, const char *const *names, int64_t width)
{
    int n = 0;
    while (names[n] != NULL)
        n++;
    char *rows = lineage_add(lineage, path, TABLE_STRING, n, 0, width);
    for (int i = 0; i < n; i++)
        memcpy(rows + i * width, names[i], strlen(names[i]));
}

static inline void lineage_store(struct lineage *lineage, const char *directory, const char *name,
                                 const struct segment_list *inputs)
{
    struct dataset shapes[40 + N_INPUT_DATASETS];
    struct table *table = NULL;
    char *path = path_join(directory, name);
    int n = lineage->n;
    for (int i = 0; i < n; i++)
        shapes[i] = lineage->parts[i].shape;
    inputs_datasets(MPI_COMM_SELF, inputs, shapes + n);
    ASSERT(table_create(MPI_COMM_SELF, path, shapes, n + N_INPUT_DATASETS, NULL, 0, &table) == STATUS_OK);
    for (int i = 0; i < n; i++) {
        ASSERT(table_write(table, shapes[i].path, 0, dataset_rows(&shapes[i]), lineage->parts[i].rows) == STATUS_OK);
        memory_free(lineage->parts[i].rows);
    }
    ASSERT(inputs_write(table, inputs) == STATUS_OK);
    ASSERT(table_close(table, true) == STATUS_OK);
    memory_free(path);
}

static inline void lineage_add_samples(struct lineage *lineage, int64_t n)
{
    char *id = lineage_add(lineage, "/samples/id", TABLE_STRING, n, 0, LINEAGE_ID_BYTES);
    uint8_t *content = lineage_add(lineage, "/samples/content", TABLE_U8, n, DIGEST_BYTES, 0);
    uint8_t *has_content = lineage_add(lineage, "/samples/has_content", TABLE_U8, n, 0, 0);
    int32_t *role = lineage_add(lineage, "/samples/role", TABLE_I32, n, 0, 0);
    int32_t *owner = lineage_add(lineage, "/samples/owner", TABLE_I32, n, 0, 0);
    int64_t *training = lineage_add(lineage, "/samples/training", TABLE_I64, n, 0, 0);
    int64_t *admission = lineage_add(lineage, "/samples/admission", TABLE_I64, n, 0, 0);
    int64_t *uses = lineage_add(lineage, "/samples/uses", TABLE_I64, n, 0, 0);
    int64_t *start = lineage_add(lineage, "/samples/use_start", TABLE_I64, n + 1, 0, 0);
    int64_t n_training = 0;
    for (int64_t i = 0; i < n; i++) {
        lineage_id(i, id + i * LINEAGE_ID_BYTES);
        has_content[i] = lineage_has_content(i);
        if (has_content[i])
            lineage_digest(i, content + i * DIGEST_BYTES);
        role[i] = lineage_role(i);
        owner[i] = (int32_t)(i % 4) - 1;
        training[i] = role[i] == 0 ? n_training++ : -1;
        admission[i] = i % 5 == 4 ? -1 : n - 1 - i; /* rows in another order */
        start[i + 1] = start[i] + lineage_uses(i);
        for (int64_t k = 0; k < lineage_uses(i); k++)
            uses[i] += !lineage_is_superseded(lineage_use(i, k));
    }
    int64_t *use = lineage_add(lineage, "/uses_by_sample/step", TABLE_I64, start[n], 0, 0);
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < lineage_uses(i); k++)
            use[start[i] + k] = lineage_use(i, k);
}

static inline void lineage_add_lists(struct lineage *lineage)
{
    static const char *const roles[] = {"train", "test", "rejected", NULL},
                             *const owners[] = {"00aa", "11bb", "22cc", NULL},
                             *const decisions[] = {"admit", "modulate", "reject", NULL},
                             *const policies[] = {"open-license", "\"odd\" policy", NULL},
                             *const policy_hashes[] = {"aa01", "", NULL}, *const profiles[] = {"upper", NULL},
                             *const profile_hashes[] = {"bb02", NULL}, *const reasons[] = {"opted out", NULL};
    lineage_names(lineage, "/roles/name", roles, 8);
    lineage_names(lineage, "/owners/pseudonym", owners, 4);
    lineage_names(lineage, "/decisions/name", decisions, 8);
    lineage_names(lineage, "/policies/name", policies, 16);
    lineage_names(lineage, "/policies/sha256", policy_hashes, 4);
    lineage_names(lineage, "/profiles/name", profiles, 8);
    lineage_names(lineage, "/profiles/sha256", profile_hashes, 4);
    lineage_names(lineage, "/reasons/text", reasons, 16);
    int64_t *step = lineage_add(lineage, "/steps/step", TABLE_I64, LINEAGE_STEPS, 0, 0);
    uint8_t *superseded = lineage_add(lineage, "/steps/superseded", TABLE_U8, LINEAGE_STEPS, 0, 0);
    int64_t *epoch = lineage_add(lineage, "/completeness/epoch", TABLE_I64, 3, 0, 0);
    for (int64_t i = 0; i < LINEAGE_STEPS; i++) {
        step[i] = i < 12 ? i : i - 1; /* rows 11 and 12 are of one step; the second was superseded */
        superseded[i] = lineage_is_superseded(i);
    }
    for (int64_t i = 0; i < 3; i++)
        epoch[i] = i - 1;
}

static inline void lineage_add_admissions(struct lineage *lineage, int64_t n)
{
    int32_t *decision = lineage_add(lineage, "/admissions/decision", TABLE_I32, n, 0, 0);
    int32_t *policy = lineage_add(lineage, "/admissions/policy", TABLE_I32, n, 0, 0);
    int32_t *profile = lineage_add(lineage, "/admissions/profile", TABLE_I32, n, 0, 0);
    int32_t *reason = lineage_add(lineage, "/admissions/reason", TABLE_I32, n, 0, 0);
    for (int64_t i = 0; i < n; i++) {
        bool is_rejected = lineage_role(n - 1 - i) == 2;
        decision[i] = is_rejected ? 2 : (int32_t)(i % 2);
        policy[i] = (int32_t)(i % 3) - 1;
        profile[i] = decision[i] == 1 ? 0 : -1;
        reason[i] = is_rejected ? 0 : -1;
    }
}

/* Writes DIRECTORY/lineage.h5.  `inputs` are the segments that it names. */
static inline void lineage_make(const char *directory, int64_t n, const struct segment_list *inputs)
{
    struct lineage lineage = {.n = 0};
    lineage_add_samples(&lineage, n);
    lineage_add_lists(&lineage);
    lineage_add_admissions(&lineage, n);
    lineage_store(&lineage, directory, "lineage.h5", inputs);
}

/* Writes DIRECTORY/influence.h5. */
static inline void lineage_make_influence(const char *directory, int64_t n, const struct segment_list *inputs)
{
    struct lineage lineage = {.n = 0};
    int64_t n_training = 0;
    for (int64_t i = 0; i < n; i++)
        n_training += lineage_role(i) == 0;
    double *self = lineage_add(&lineage, "/self", TABLE_F64, n_training, 0, 0);
    double *scores = lineage_add(&lineage, "/scores", TABLE_F64, n_training, LINEAGE_QUERIES, 0);
    for (int64_t i = 0; i < n_training; i++) {
        self[i] = 0.5 + (double)i;
        for (int q = 0; q < LINEAGE_QUERIES; q++)
            scores[i * LINEAGE_QUERIES + q] = (double)i - 0.25 * q;
    }
    lineage_store(&lineage, directory, "influence.h5", inputs);
}

#endif
