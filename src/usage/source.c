#include "usage/source.h"

#include <string.h>

#include "base/file.h"
#include "base/memory.h"

/* Rows of a dataset that must be of this type, with `columns` elements a row (0: a plain list). */
static enum status expect(const struct table_reader *reader, const char *path, enum table_type type, int64_t columns,
                          int64_t *n_row)
{
    const struct dataset *shape = table_find(reader, path);
    if (shape == NULL)
        return fail(BAD_RUN, "lineage.h5: expected a dataset %s, found none; run `assay lineage` again", path);
    if (shape->type != type || shape->n_dim != (columns > 0 ? 2 : 1) || (columns > 0 && shape->dims[1] != columns))
        return fail(BAD_RUN, "lineage.h5: expected a dataset %s of another type or shape; run `assay lineage` again",
                    path);
    *n_row = shape->dims[0];
    return STATUS_OK;
}

/* The columns of /samples and of /admissions that are read by row. */
static enum status check_columns(const struct usage_source *source)
{
    static const struct {
        const char *path;
        enum table_type type;
        int columns, more; /* rows beyond one per sample; −1: any number */
    } columns[] = {{"/samples/content", TABLE_U8, DIGEST_BYTES, 0},
                   {"/samples/has_content", TABLE_U8, 0, 0},
                   {"/samples/role", TABLE_I32, 0, 0},
                   {"/samples/owner", TABLE_I32, 0, 0},
                   {"/samples/uses", TABLE_I64, 0, 0},
                   {"/samples/training", TABLE_I64, 0, 0},
                   {"/samples/admission", TABLE_I64, 0, 0},
                   {"/samples/use_start", TABLE_I64, 0, 1},
                   {"/uses_by_sample/step", TABLE_I64, 0, -1},
                   {"/admissions/decision", TABLE_I32, 0, -1},
                   {"/admissions/policy", TABLE_I32, 0, -1},
                   {"/admissions/profile", TABLE_I32, 0, -1},
                   {"/admissions/reason", TABLE_I32, 0, -1}};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        int64_t n_row = 0;
        enum status status = expect(source->lineage, columns[i].path, columns[i].type, columns[i].columns, &n_row);
        if (status != STATUS_OK)
            return status;
        if (columns[i].more >= 0 && n_row != source->n_sample + columns[i].more)
            return fail(BAD_RUN, "lineage.h5: expected %lld rows of %s, found %lld; run `assay lineage` again",
                        (long long)source->n_sample + columns[i].more, columns[i].path, (long long)n_row);
    }
    return STATUS_OK;
}

static enum status load_steps(struct usage_source *source)
{
    int64_t n_superseded = 0;
    enum status status = expect(source->lineage, "/steps/step", TABLE_I64, 0, &source->n_step);
    if (status == STATUS_OK)
        status = expect(source->lineage, "/steps/superseded", TABLE_U8, 0, &n_superseded);
    if (status == STATUS_OK && n_superseded != source->n_step)
        status = fail(BAD_RUN, "lineage.h5: its columns of /steps differ in length; run `assay lineage` again");
    if (status != STATUS_OK)
        return status;
    source->step = memory_allocate(source->n_step, sizeof *source->step);
    source->is_superseded = memory_allocate(source->n_step, 1);
    status = table_read(source->lineage, "/steps/step", 0, source->n_step, source->step);
    if (status == STATUS_OK)
        status = table_read(source->lineage, "/steps/superseded", 0, source->n_step, source->is_superseded);
    return status;
}

static int64_t find_name(const struct names *names, const char *quoted)
{
    struct record_value value;
    for (int64_t i = 0; names_get(names, i, &value); i++)
        if (value.n == strlen(quoted) && memcmp(value.bytes, quoted, value.n) == 0)
            return i;
    return -1;
}

static enum status load_lists(struct usage_source *source)
{
    const struct {
        const char *path, *digests;
        bool bare;
        struct names *names;
    } lists[] = {{"/roles/name", NULL, false, &source->roles},
                 {"/owners/pseudonym", NULL, true, &source->owners},
                 {"/decisions/name", NULL, false, &source->decisions},
                 {"/policies/name", "/policies/sha256", false, &source->policies},
                 {"/profiles/name", "/profiles/sha256", false, &source->profiles},
                 {"/reasons/text", NULL, false, &source->reasons}};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < sizeof lists / sizeof *lists && status == STATUS_OK; i++)
        status = names_load(source->lineage, lists[i].path, lists[i].digests, lists[i].bare, lists[i].names);
    if (status == STATUS_OK) {
        source->rejected_role = find_name(&source->roles, "\"rejected\"");
        source->rejected_decision = find_name(&source->decisions, "\"reject\"");
    }
    return status;
}

static enum status open_lineage(const char *run_directory, struct usage_source *source)
{
    char *path = path_join(run_directory, "lineage.h5");
    enum status status = table_open(path, &source->lineage);
    memory_free(path);
    if (status != STATUS_OK)
        return status;
    const struct dataset *id = table_find(source->lineage, "/samples/id");
    if (id == NULL || id->type != TABLE_STRING || id->n_dim != 1)
        return fail(BAD_RUN, "lineage.h5: expected a list of strings /samples/id; run `assay lineage` again");
    source->n_sample = id->dims[0];
    source->id_bytes = id->string_bytes;
    status = check_columns(source);
    if (status == STATUS_OK)
        status = load_steps(source);
    return status == STATUS_OK ? load_lists(source) : status;
}

static enum status open_influence(const char *run_directory, struct usage_source *source)
{
    char *path = path_join(run_directory, "influence.h5");
    enum status status = table_open(path, &source->influence);
    memory_free(path);
    if (status != STATUS_OK)
        return status;
    const struct dataset *self = table_find(source->influence, "/self");
    const struct dataset *scores = table_find(source->influence, "/scores");
    if (self == NULL || self->type != TABLE_F64 || self->n_dim != 1)
        return fail(BAD_RUN, "influence.h5: expected one number per training sample in /self; run `assay influence` "
                             "again");
    source->influence_bytes = dataset_row_bytes(self) + (scores != NULL ? dataset_row_bytes(scores) : 0);
    return STATUS_OK;
}

enum status usage_source_open(const char *run_directory, bool has_influence, struct usage_source *source)
{
    *source = (struct usage_source){.rejected_role = -1, .rejected_decision = -1};
    enum status status = open_lineage(run_directory, source);
    return status == STATUS_OK && has_influence ? open_influence(run_directory, source) : status;
}

void usage_source_close(struct usage_source *source)
{
    struct names *lists[] = {&source->roles,    &source->owners,   &source->decisions,
                             &source->policies, &source->profiles, &source->reasons};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        names_clear(lists[i]);
    table_reader_close(source->lineage);
    table_reader_close(source->influence);
    memory_free(source->step);
    memory_free(source->is_superseded);
    *source = (struct usage_source){0};
}
