/* lineage.h5: its datasets, but for those that are only known in the end. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "comm/agree.h"
#include "lineage/job.h"
#include "lineage/strings.h"

enum { MOST_FIXED = 128 };

struct layout {
    struct dataset *list; /* owned */
    int n;
    char **paths; /* owned; those that were made here */
    int n_path;
};

static void add(struct layout *layout, const char *path, enum table_type type, int64_t n, const char *unit,
                const char *text)
{
    layout->list[layout->n++] =
        (struct dataset){.path = path, .type = type, .n_dim = 1, .dims = {n}, .unit = unit, .text = text};
}

static void add_two(struct layout *layout, const char *path, enum table_type type, int64_t n, int64_t m,
                    const char *unit, const char *text)
{
    add(layout, path, type, n, unit, text);
    layout->list[layout->n - 1].n_dim = 2;
    layout->list[layout->n - 1].dims[1] = m;
}

static void add_string(struct layout *layout, const char *path, int64_t n, int64_t bytes, const char *text)
{
    add(layout, path, TABLE_STRING, n, "1", text);
    layout->list[layout->n - 1].string_bytes = bytes;
}

static const char *path_of(struct layout *layout, const char *prefix, const char *name, const char *suffix)
{
    struct text path;
    text_init(&path);
    text_add(&path, "%s%s%s", prefix, name, suffix);
    layout->paths[layout->n_path] = text_take(&path);
    return layout->paths[layout->n_path++];
}

static void add_samples(struct layout *layout, const struct lineage_job *job)
{
    int64_t n = job->tally.n_sample, uses = job->ledger.use_start[job->ledger.n_step] - job->tally.n_unknown;
    add_string(layout, "/samples/id", n, job->lines.samples.id_bytes, "id of the sample, in the order of the file");
    add(layout, "/samples/training", TABLE_I64, n, "1", "row among training samples; -1: of another split");
    add_two(layout, "/samples/content", TABLE_U8, n, DIGEST_BYTES, "1", "SHA-256 of its content, from key sha256");
    add(layout, "/samples/has_content", TABLE_U8, n, "1", "1 where the samples file has such a digest");
    add(layout, "/samples/role", TABLE_I32, n, "1", "split or recorded role, as an index into /roles/name");
    add(layout, "/samples/owner", TABLE_I32, n, "1", "whose it is, as an index into /owners/pseudonym; -1: not told");
    add(layout, "/samples/uses", TABLE_I64, n, "uses", "uses in steps that were not superseded");
    add(layout, "/samples/first_step", TABLE_I64, n, "steps", "the first of these steps; -1: never used");
    add(layout, "/samples/last_step", TABLE_I64, n, "steps", "the last of these steps; -1: never used");
    add(layout, "/samples/use_start", TABLE_I64, n + 1, "1",
        "where its rows of /uses_by_sample begin, and the end; those of superseded steps are among them");
    add(layout, "/samples/admission", TABLE_I64, n, "1", "last row of /admissions about it; -1: none");
    for (int64_t c = 0; c < job->lines.n_column; c++) {
        const char *key = job->lines.config->group_by.items[c];
        add(layout, path_of(layout, "/samples/group/", key, ""), TABLE_I32, n, "1",
            "its value of this key, as an index into /groups/KEY/value");
    }
    add(layout, "/uses_by_sample/step", TABLE_I64, uses, "1",
        "row of /steps in which the sample was used, ascending; all known samples one after the other");
    if (!job->ledger.has_details)
        return;
    int64_t n_group = job->ledger.groups.n;
    add_two(layout, "/samples/contribution/norm", TABLE_F64, n, n_group, "parameter",
            "sum over its uses of the norm of its contribution to each parameter group");
    add_two(layout, "/samples/contribution/share", TABLE_F64, n, n_group, "1",
            "sum over its uses of its signed share in the change of each parameter group");
}

static void add_groups(struct layout *layout, const struct lineage_job *job)
{
    for (int64_t c = 0; c < job->lines.n_column; c++) {
        const struct group_column *column = &job->lines.samples.columns[c];
        add_string(layout, path_of(layout, "/groups/", column->name, "/value"), column->n_value,
                   strings_width(column->values, column->n_value), "values of this key, in bytewise order");
        add(layout, path_of(layout, "/groups/", column->name, "/count"), TABLE_I64, column->n_value, "samples",
            "samples of all splits with this value");
    }
}

static void add_steps(struct layout *layout, const struct lineage_job *job)
{
    const struct ledger *ledger = &job->ledger;
    int64_t n = ledger->n_step, uses = ledger->use_start[n];
    add(layout, "/steps/step", TABLE_I64, n, "steps", "number of the step; one row per step and process");
    add(layout, "/steps/epoch", TABLE_I64, n, "epochs", "epoch; -1: not recorded");
    add(layout, "/steps/process", TABLE_I64, n, "1", "rank of the training process; -1: of an order file");
    add(layout, "/steps/session", TABLE_I64, n, "1", "session of its recorder; -1: of an order file");
    add(layout, "/steps/record", TABLE_I64, n, "1", "number of the record in its file");
    add(layout, "/steps/recorder", TABLE_I32, n, "1", "index into /recorders/path; -1: the order file");
    add(layout, "/steps/uses", TABLE_I64, n, "uses", "samples in the process's batch");
    add(layout, "/steps/learning_rate", TABLE_F64, n, "1", "learning rate; NaN: not recorded");
    add(layout, "/steps/loss", TABLE_F64, n, "nat", "loss of the batch as the trainer recorded it; NaN: not recorded");
    add(layout, "/steps/superseded", TABLE_U8, n, "1", "1: training went back and did this step again");
    add(layout, "/steps/use_start", TABLE_I64, n + 1, "1", "where its rows of /uses begin, and the end");
    add(layout, "/uses/sample", TABLE_I64, uses, "1", "sample, in the order of the batch: line of the samples file");
    if (ledger->has_losses)
        add(layout, "/uses/loss", TABLE_F64, uses, "nat", "its loss; NaN: not recorded");
    if (ledger->has_weights)
        add(layout, "/uses/weight", TABLE_F64, uses, "1", "what its loss was multiplied with; 1: nothing");
}

static void add_admissions(struct layout *layout, const struct lineage_job *job)
{
    int64_t n = ledger_admissions(&job->ledger);
    add(layout, "/admissions/sample", TABLE_I64, n, "1", "sample that was decided on");
    add(layout, "/admissions/step", TABLE_I64, n, "steps", "step from which it holds; -1: from the beginning");
    add(layout, "/admissions/process", TABLE_I64, n, "1", "rank of the process that recorded it");
    add(layout, "/admissions/session", TABLE_I64, n, "1", "session of its recorder");
    add(layout, "/admissions/decision", TABLE_I32, n, "1", "index into /decisions/name");
    add(layout, "/admissions/policy", TABLE_I32, n, "1", "index into /policies");
    add(layout, "/admissions/profile", TABLE_I32, n, "1", "index into /profiles; -1: none");
    add(layout, "/admissions/reason", TABLE_I32, n, "1", "index into /reasons/text; -1: none");
    add(layout, "/admissions/weight", TABLE_F64, n, "1", "weight at which it was let in; 1 where none was recorded");
}

static void add_contributions(struct layout *layout, const struct lineage_job *job)
{
    const struct ledger *ledger = &job->ledger;
    int64_t n = ledger->contribution_start[ledger->n_step], d = ledger->detail_start[ledger->n_step];
    int64_t o = ledger->optimizer_start[ledger->n_step];
    add(layout, "/parameter_groups/parameters", TABLE_I64, ledger->groups.n, "1", "parameters in it; -1: not told");
    add(layout, "/parameter_groups/covered", TABLE_U8, ledger->groups.n, "1", "1: contributions to it are recorded");
    add(layout, "/contributions/step", TABLE_I64, n, "1", "row of /steps");
    add(layout, "/contributions/group", TABLE_I64, n, "1", "index into /parameter_groups");
    add(layout, "/contributions/delta_norm", TABLE_F64, n, "parameter", "norm of the group's change in the step");
    add(layout, "/contributions/residual", TABLE_F64, n, "parameter",
        "norm of the change less all contributions and the optimizer's parts; NaN: not computed");
    add(layout, "/contributions/rounding", TABLE_F64, n, "parameter", "what rounding may leave in the residual");
    add(layout, "/contributions/share_sum", TABLE_F64, n, "1",
        "sum of the shares of the row's examples and of its optimizer's parts; NaN: no shares");
    add(layout, "/contributions/conditional", TABLE_U8, n, "1",
        "1: the update is not linear in the examples; shares hold for the step's preconditioner");
    add(layout, "/contributions/use_start", TABLE_I64, n + 1, "1",
        "where its rows of /contribution_uses begin, one per use of its step or none, and the end");
    add(layout, "/contribution_uses/norm", TABLE_F64, d, "parameter", "norm of the example's contribution");
    add(layout, "/contribution_uses/share", TABLE_F64, d, "1",
        "its signed share in the change: <it, change>/|change|^2");
    add(layout, "/optimizer/contribution", TABLE_I64, o, "1", "row of /contributions it belongs to; -1: none");
    add(layout, "/optimizer/kind", TABLE_I32, o, "1", "index into /optimizer_kinds/name");
    add(layout, "/optimizer/norm", TABLE_F64, o, "parameter", "norm of what the optimizer did by itself");
    add(layout, "/optimizer/share", TABLE_F64, o, "1", "its signed share in the change");
}

static void add_observations(struct layout *layout, const struct lineage_job *job)
{
    for (int kind = 0; kind < N_OBSERVED; kind++) {
        const struct observation_class *class = &observation_classes[kind];
        int64_t n = ledger_observed(&job->ledger, kind);
        add(layout, class->sample, TABLE_I64, n, "1", "sample that it is about: line of the samples file");
        if (class->step != NULL)
            add(layout, class->step, TABLE_I64, n, "steps", "step in which it was recorded; -1: outside of steps");
        if (class->superseded != NULL)
            add(layout, class->superseded, TABLE_U8, n, "1", "1: training went back and did this step again");
        add(layout, class->process, TABLE_I64, n, "1", "rank of the process that recorded it");
        add(layout, class->session, TABLE_I64, n, "1", "session of its recorder");
        for (int k = 0; class->names[k].column != NULL; k++)
            add(layout, class->names[k].path, TABLE_I32, n, "1", class->names[k].text);
        for (int v = 0; class->values[v].column != NULL; v++)
            add(layout, class->values[v].path, observed_type(&class->values[v]), n, class->values[v].unit,
                class->values[v].text);
    }
}

/* ---- rank 0's part of the data ----------------------------------------------------------------------------------- */

static enum status write(const struct lineage_job *job, const char *path, int64_t n, const void *data)
{
    return n > 0 ? table_write(job->table, path, 0, n, data) : STATUS_OK;
}

/* Columns of steps, some at a time. */
static enum status write_steps(const struct lineage_job *job)
{
    enum { PIECE = 1 << 16 };
    const struct ledger *ledger = &job->ledger;
    int64_t *wide[6];
    int32_t *recorder = memory_allocate_raw(PIECE, sizeof *recorder);
    uint8_t *superseded = memory_allocate_raw(PIECE, 1);
    static const char *const paths[] = {"/steps/step",    "/steps/epoch",  "/steps/process",
                                        "/steps/session", "/steps/record", "/steps/uses"};
    for (int k = 0; k < 6; k++)
        wide[k] = memory_allocate_raw(PIECE, sizeof **wide);
    enum status status = write(job, "/steps/use_start", ledger->n_step + 1, ledger->use_start);
    for (int64_t at = 0; at < ledger->n_step && status == STATUS_OK; at += PIECE) {
        int64_t n = ledger->n_step - at < PIECE ? ledger->n_step - at : PIECE;
        for (int64_t i = 0; i < n; i++) {
            const struct step_note *step = &ledger->steps[at + i];
            const int64_t values[] = {step->step, step->epoch, step->process, step->session, step->record, step->n};
            for (int k = 0; k < 6; k++)
                wide[k][i] = values[k];
            recorder[i] = step->recorder;
            superseded[i] = step->superseded;
        }
        for (int k = 0; k < 6 && status == STATUS_OK; k++)
            status = table_write(job->table, paths[k], at, n, wide[k]);
        if (status == STATUS_OK)
            status = table_write(job->table, "/steps/recorder", at, n, recorder);
        if (status == STATUS_OK)
            status = table_write(job->table, "/steps/superseded", at, n, superseded);
    }
    for (int k = 0; k < 6; k++)
        memory_free(wide[k]);
    memory_free(superseded);
    memory_free(recorder);
    return status;
}

static enum status write_groups(const struct lineage_job *job)
{
    enum status status = STATUS_OK;
    for (int64_t c = 0; c < job->lines.n_column && status == STATUS_OK; c++) {
        const struct group_column *column = &job->lines.samples.columns[c];
        struct text value, count;
        text_init(&value);
        text_init(&count);
        text_add(&value, "/groups/%s/value", column->name);
        text_add(&count, "/groups/%s/count", column->name);
        char *values = strings_pad(column->values, column->n_value);
        status = write(job, value.bytes, column->n_value, values);
        if (status == STATUS_OK)
            status = write(job, count.bytes, column->n_value, column->count);
        memory_free(values);
        text_clear(&value);
        text_clear(&count);
    }
    return status;
}

static enum status write_fixed(const struct lineage_job *job)
{
    const struct ledger *ledger = &job->ledger;
    int64_t end = ledger->detail_start[ledger->n_step];
    enum status status = write_steps(job);
    if (status == STATUS_OK)
        status = write_groups(job);
    if (status == STATUS_OK)
        status = write(job, "/parameter_groups/parameters", ledger->groups.n, ledger->parameters);
    if (status == STATUS_OK)
        status = write(job, "/parameter_groups/covered", ledger->groups.n, ledger->covered);
    if (status == STATUS_OK)
        status =
            table_write(job->table, "/contributions/use_start", ledger->contribution_start[ledger->n_step], 1, &end);
    return status == STATUS_OK ? inputs_write(job->table, &job->segments) : status;
}

enum status job_begin_table(struct lineage_job *job)
{
    int64_t n_column = job->lines.n_column;
    struct layout layout = {.list = memory_allocate(MOST_FIXED + 3 * n_column, sizeof *layout.list),
                            .paths = memory_allocate(3 * n_column, sizeof *layout.paths)};
    add_samples(&layout, job);
    add_groups(&layout, job);
    add_steps(&layout, job);
    add_admissions(&layout, job);
    add_contributions(&layout, job);
    add_observations(&layout, job);
    inputs_datasets(job->comm, &job->segments, layout.list + layout.n);
    layout.n += N_INPUT_DATASETS;
    ASSERT(layout.n <= MOST_FIXED + 3 * n_column);
    const struct table_attribute attributes[] = {
        {"table", "lineage"},
        {"source", "recorder files of the training processes; order files"},
        {"exactness", "as recorded; totals of samples are sums of doubles in the order of the table"},
        {"fingerprint", job->fingerprint},
    };
    enum status status = table_create(job->comm, job->path, layout.list, layout.n, attributes,
                                      sizeof attributes / sizeof *attributes, &job->table);
    for (int i = 0; i < layout.n_path; i++)
        memory_free(layout.paths[i]);
    memory_free(layout.paths);
    memory_free(layout.list);
    return status == STATUS_OK ? agree_from(job->comm, 0, job->rank == 0 ? write_fixed(job) : STATUS_OK) : status;
}
