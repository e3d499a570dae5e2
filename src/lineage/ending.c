/* The end of lineage.h5: lists of names, counts of epochs, the strongest contributors, and the findings. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "comm/agree.h"
#include "comm/share.h"
#include "lineage/job.h"
#include "lineage/strings.h"

enum { MOST_FIXED = 96 };

/* Datasets with their data. */
struct ending {
    struct dataset *list; /* owned, as all that it lists, and the paths in `made` */
    void **data;
    int n, most;
    char **made;
    int64_t n_made;
};

static void *add(struct ending *ending, const char *path, enum table_type type, int64_t n, size_t bytes,
                 const char *unit, const char *text)
{
    ASSERT(ending->n < ending->most);
    ending->list[ending->n] =
        (struct dataset){.path = path, .type = type, .n_dim = 1, .dims = {n}, .unit = unit, .text = text};
    ending->data[ending->n] = memory_allocate(n, bytes);
    return ending->data[ending->n++];
}

static void add_strings(struct ending *ending, const char *path, char *const *texts, int64_t n, const char *text)
{
    int64_t width = strings_width(texts, n);
    char *padded = add(ending, path, TABLE_STRING, n, (size_t)width, "1", text);
    ending->list[ending->n - 1].string_bytes = width;
    for (int64_t i = 0; i < n; i++)
        memcpy(padded + i * width, texts[i], strlen(texts[i]));
}

/* Names of the ledger, "" for -1, each `stride` bytes after the one before. */
static void add_names(struct ending *ending, const struct ledger *ledger, const char *path, const int64_t *names,
                      int64_t n, size_t stride, const char *text)
{
    char **texts = memory_allocate(n, sizeof *texts);
    for (int64_t i = 0; i < n; i++)
        texts[i] =
            (char *)ledger_text(ledger, *(const int64_t *)(const void *)((const char *)names + (size_t)i * stride));
    add_strings(ending, path, texts, n, text);
    memory_free(texts);
}

/* Whose word a text is, where not all are the recorders'. */
static void add_recorded(struct ending *ending, const char *path, const struct named_texts *list)
{
    uint8_t *recorded = NULL;
    for (int64_t i = 0; i < list->n; i++)
        if (list->items[i].from_file && recorded == NULL)
            recorded = add(ending, path, TABLE_U8, list->n, 1, "1",
                           "1: a recorder has the text; 0: none has, and the text is that of lineage.policies");
    for (int64_t i = 0; i < list->n && recorded != NULL; i++)
        recorded[i] = !list->items[i].from_file && list->items[i].sha256 >= 0;
}

static void add_definitions(struct ending *ending, const struct ledger *ledger)
{
    const struct named_texts *p = &ledger->policies, *d = &ledger->profiles;
    struct named_text none = {0};
    const struct named_text *policies = p->n > 0 ? p->items : &none, *profiles = d->n > 0 ? d->items : &none;
    size_t stride = sizeof none;
    add_names(ending, ledger, "/policies/name", &policies->name, p->n, stride, "policies that admissions name");
    add_names(ending, ledger, "/policies/sha256", &policies->sha256, p->n, stride,
              "SHA-256 of the policy's text, in hex; empty: no recorder has it");
    add_names(ending, ledger, "/policies/text", &policies->content, p->n, stride, "the policy as JSON");
    add_names(ending, ledger, "/profiles/name", &profiles->name, d->n, stride, "depth profiles that admissions name");
    add_names(ending, ledger, "/profiles/sha256", &profiles->sha256, d->n, stride,
              "SHA-256 of the profile's text, in hex; empty: no recorder has it");
    add_names(ending, ledger, "/profiles/text", &profiles->content, d->n, stride, "the profile as JSON");
    add_recorded(ending, "/policies/recorded", p);
    add_recorded(ending, "/profiles/recorded", d);
}

/* What was decided under each policy, and for which reasons: of every recorded event. */
static void add_decisions(struct ending *ending, const struct ledger *ledger)
{
    int64_t *decided[N_DECISION];
    decided[ADMIT] =
        add(ending, "/policies/admit", TABLE_I64, ledger->policies.n, 8, "samples", "admissions under the policy");
    decided[MODULATE] = add(ending, "/policies/modulate", TABLE_I64, ledger->policies.n, 8, "samples",
                            "admissions with a weight or profile");
    decided[REJECT] =
        add(ending, "/policies/reject", TABLE_I64, ledger->policies.n, 8, "samples", "rejections under the policy");
    int64_t *reasons =
        add(ending, "/reasons/count", TABLE_I64, ledger->reasons.n, 8, "samples", "decisions for this reason");
    for (int64_t i = 0; i < ledger->n_admission_event; i++) {
        const struct event_note *event = &ledger->events[i];
        decided[event->decision][event->name] += event->n;
        if (event->reason >= 0)
            reasons[event->reason] += event->n;
    }
}

static void add_lists(struct ending *ending, const struct ledger *ledger)
{
    size_t wide = sizeof(int64_t);
    add_names(ending, ledger, "/roles/name", ledger->roles.names, ledger->roles.n, wide, "roles of samples");
    add_names(ending, ledger, "/owners/pseudonym", ledger->owners.names, ledger->owners.n, wide,
              "owners of samples: HMAC-SHA-256 of their name under the run's key, in hex");
    add_names(ending, ledger, "/reasons/text", ledger->reasons.names, ledger->reasons.n, wide, "reasons of decisions");
    add_names(ending, ledger, "/parameter_groups/name", ledger->groups.names, ledger->groups.n, wide,
              "groups of parameters");
    add_names(ending, ledger, "/optimizer_kinds/name", ledger->kinds.names, ledger->kinds.n, wide,
              "what optimizers do by themselves");
    char *decisions[N_DECISION];
    for (int d = 0; d < N_DECISION; d++)
        decisions[d] = (char *)decision_name((enum decision)d);
    add_strings(ending, "/decisions/name", decisions, N_DECISION, "decisions on samples");
    add_definitions(ending, ledger);
    add_decisions(ending, ledger);
}

static void add_observed_names(struct ending *ending, const struct ledger *ledger)
{
    for (int kind = 0; kind < N_OBSERVED; kind++)
        for (int k = 0; observation_classes[kind].names[k].column != NULL; k++) {
            const struct observed_name *name = &observation_classes[kind].names[k];
            const struct lexicon *lexicon = &ledger->observed_names[kind][k];
            add_names(ending, ledger, name->list_path, lexicon->names, lexicon->n, sizeof *lexicon->names,
                      name->list_text);
        }
}

static void add_recorders(struct ending *ending, const struct ledger *ledger)
{
    int64_t n = ledger->n_recorder;
    char **paths = memory_allocate(n, sizeof *paths);
    for (int64_t i = 0; i < n; i++)
        paths[i] = ledger->recorders[i].path;
    add_strings(ending, "/recorders/path", paths, n, "recorder files, as the config finds them");
    int64_t *process = add(ending, "/recorders/process", TABLE_I64, n, 8, "1", "rank of the training process");
    int64_t *steps = add(ending, "/recorders/steps", TABLE_I64, n, 8, "steps", "steps in the file");
    int64_t *uses = add(ending, "/recorders/uses", TABLE_I64, n, 8, "uses", "uses in the file");
    uint8_t *closed = add(ending, "/recorders/closed", TABLE_U8, n, 1, "1", "1: its last session was closed well");
    for (int64_t i = 0; i < n; i++) {
        process[i] = ledger->recorders[i].process;
        steps[i] = ledger->recorders[i].n_step;
        uses[i] = ledger->recorders[i].n_use;
        closed[i] = ledger->recorders[i].closed != 0;
    }
    memory_free(paths);
}

static void add_checkpoints(struct ending *ending, const struct ledger *ledger)
{
    int64_t n = ledger->n_checkpoint;
    struct checkpoint_note none = {0};
    const struct checkpoint_note *items = n > 0 ? ledger->checkpoints : &none;
    add_names(ending, ledger, "/checkpoints/name", &items->name, n, sizeof *items, "checkpoints, by step");
    add_names(ending, ledger, "/checkpoints/sha256", &items->sha256, n, sizeof *items,
              "SHA-256 of the file, in hex; empty: not recorded");
    int64_t *step = add(ending, "/checkpoints/step", TABLE_I64, n, 8, "steps", "steps after which it was saved");
    double *rate = add(ending, "/checkpoints/learning_rate", TABLE_F64, n, 8, "1", "learning rate; NaN: not recorded");
    double *loss =
        add(ending, "/checkpoints/validation_loss", TABLE_F64, n, 8, "nat", "validation loss; NaN: not recorded");
    for (int64_t i = 0; i < n; i++) {
        step[i] = items[i].step;
        rate[i] = items[i].learning_rate;
        loss[i] = items[i].validation_loss;
    }
}

static void add_group_uses(struct ending *ending, const struct lineage_job *job)
{
    ending->made = memory_allocate(job->lines.n_column, sizeof *ending->made);
    for (int64_t c = 0; c < job->lines.n_column; c++) {
        const struct group_column *column = &job->lines.samples.columns[c];
        struct text path;
        text_init(&path);
        text_add(&path, "/groups/%s/uses", column->name);
        ending->made[ending->n_made++] = path.bytes;
        int64_t *uses = add(ending, path.bytes, TABLE_I64, column->n_value, 8, "uses",
                            "uses of samples with this value, in steps that were not superseded");
        memcpy(uses, job->judge.group_uses[c], (size_t)column->n_value * sizeof *uses);
    }
}

/* As many samples were used as were let in, and the same ones. */
static bool is_complete(const struct judge *judge, int64_t epoch)
{
    return judge->epoch_used[epoch] == judge->expected && judge->epoch_covered[epoch] == judge->expected;
}

static void note_incomplete(struct lineage_job *job, int64_t e)
{
    const struct judge *judge = &job->judge;
    int64_t used = judge->epoch_used[e], missing = judge->expected - judge->epoch_covered[e];
    struct finding finding = finding_of(FOUND_EPOCH_INCOMPLETE);
    finding.size = (double)used;
    finding.limit = (double)judge->expected;
    finding_say(&finding, "epoch %lld used %lld samples, of %lld that were let in", (long long)job->ledger.epochs[e],
                (long long)used, (long long)judge->expected);
    if (used == judge->expected)
        finding_say(&finding, "epoch %lld used %lld samples, as many as were let in, but not %lld of these",
                    (long long)job->ledger.epochs[e], (long long)used, (long long)missing);
    finding_list_add(&job->findings, &finding);
}

static void add_completeness(struct ending *ending, struct lineage_job *job)
{
    const struct ledger *ledger = &job->ledger;
    int64_t n = ledger->n_epoch;
    int64_t *epoch = add(ending, "/completeness/epoch", TABLE_I64, n, 8, "epochs", "epoch; -1: of steps without one");
    int64_t *steps = add(ending, "/completeness/steps", TABLE_I64, n, 8, "steps", "its steps, each process's counted");
    int64_t *uses = add(ending, "/completeness/uses", TABLE_I64, n, 8, "uses", "uses in them");
    int64_t *used = add(ending, "/completeness/samples_used", TABLE_I64, n, 8, "samples", "different samples in them");
    int64_t *covered = add(ending, "/completeness/samples_covered", TABLE_I64, n, 8, "samples",
                           "samples of samples_expected among them");
    int64_t *expected = add(ending, "/completeness/samples_expected", TABLE_I64, n, 8, "samples",
                            "training samples that were not rejected in the end");
    for (int64_t i = 0; i < ledger->n_step; i++)
        if (!ledger->steps[i].superseded) {
            steps[job->judge.times[i].epoch]++;
            uses[job->judge.times[i].epoch] += ledger->steps[i].n;
        }
    for (int64_t e = 0; e < n; e++) {
        epoch[e] = ledger->epochs[e];
        used[e] = job->judge.epoch_used[e];
        covered[e] = job->judge.epoch_covered[e];
        expected[e] = job->judge.expected;
        if (epoch[e] >= 0 && !is_complete(&job->judge, e))
            note_incomplete(job, e);
    }
}

static void add_top(struct ending *ending, const struct lineage_job *job)
{
    if (!job->ledger.has_details)
        return;
    int64_t n = job->top.n_group * job->top.keep;
    int64_t *sample = add(ending, "/parameter_groups/top/sample", TABLE_I64, n, 8, "1",
                          "samples with the largest total share in the group's changes; -1: no more");
    double *share = add(ending, "/parameter_groups/top/share", TABLE_F64, n, 8, "1",
                        "their total share: positive moved the group the way it went");
    double *norm = add(ending, "/parameter_groups/top/norm", TABLE_F64, n, 8, "parameter", "their total norm");
    for (int d = ending->n - 3; d < ending->n; d++) {
        ending->list[d].n_dim = 2;
        ending->list[d].dims[0] = job->top.n_group;
        ending->list[d].dims[1] = job->top.keep;
    }
    for (int64_t i = 0; i < n; i++) {
        sample[i] = job->top.items[i].sample;
        share[i] = job->top.items[i].share;
        norm[i] = job->top.items[i].norm;
    }
}

static void add_findings(struct ending *ending, const struct finding_list *findings)
{
    char *names[N_FINDING_KIND], *meanings[N_FINDING_KIND];
    int64_t n = 0;
    for (int k = 0; k < N_FINDING_KIND; k++) {
        names[k] = (char *)finding_classes[k].name;
        meanings[k] = (char *)finding_classes[k].text;
        n += findings->n[k];
    }
    add_strings(ending, "/finding_kinds/name", names, N_FINDING_KIND, "kinds of findings");
    add_strings(ending, "/finding_kinds/text", meanings, N_FINDING_KIND, "what they say");
    uint8_t *violation = add(ending, "/finding_kinds/violation", TABLE_U8, N_FINDING_KIND, 1, "1", "0: a note");
    int64_t *count = add(ending, "/finding_kinds/count", TABLE_I64, N_FINDING_KIND, 8, "findings",
                         "all of them, also those beyond what /findings keeps of a kind");
    int32_t *kind = add(ending, "/findings/kind", TABLE_I32, n, 4, "1", "index into /finding_kinds");
    int64_t *step = add(ending, "/findings/step", TABLE_I64, n, 8, "steps", "step; -1: none");
    int64_t *group = add(ending, "/findings/group", TABLE_I64, n, 8, "1", "index into /parameter_groups; -1: none");
    int64_t *process = add(ending, "/findings/process", TABLE_I64, n, 8, "1", "rank of the process; -1: none");
    int64_t *sample = add(ending, "/findings/sample", TABLE_I64, n, 8, "1", "sample; -1: none");
    double *size = add(ending, "/findings/size", TABLE_F64, n, 8, "1", "how large it is, as the text says; NaN: none");
    double *limit = add(ending, "/findings/limit", TABLE_F64, n, 8, "1", "what would have been in order; NaN: none");
    char **texts = memory_allocate(n, sizeof *texts);
    int64_t at = 0;
    for (int k = 0; k < N_FINDING_KIND; k++) {
        violation[k] = finding_classes[k].violation;
        count[k] = findings->count[k];
        for (int64_t i = 0; i < findings->n[k]; i++, at++) {
            struct finding *finding = &findings->items[k][i];
            kind[at] = k;
            step[at] = finding->step;
            group[at] = finding->group;
            process[at] = finding->process;
            sample[at] = finding->sample;
            size[at] = finding->size;
            limit[at] = finding->limit;
            texts[at] = finding->text;
        }
    }
    add_strings(ending, "/findings/text", texts, n, "the finding in a sentence");
    memory_free(texts);
}

static void make(struct ending *ending, struct lineage_job *job)
{
    ending->most = (int)(MOST_FIXED + job->lines.n_column);
    ending->list = memory_allocate(ending->most, sizeof *ending->list);
    ending->data = memory_allocate(ending->most, sizeof *ending->data);
    add_group_uses(ending, job);
    add_completeness(ending, job);
    add_lists(ending, &job->ledger);
    add_observed_names(ending, &job->ledger);
    add_recorders(ending, &job->ledger);
    add_checkpoints(ending, &job->ledger);
    add_top(ending, job);
    add_findings(ending, &job->findings);
}

static void clear(struct ending *ending)
{
    for (int i = 0; i < ending->n; i++)
        memory_free(ending->data[i]);
    for (int64_t i = 0; i < ending->n_made; i++)
        memory_free(ending->made[i]);
    memory_free(ending->made);
    memory_free(ending->list);
    memory_free(ending->data);
}

/* Sums over the ranks' samples. */
static void gather(struct lineage_job *job)
{
    struct judge *judge = &job->judge;
    share_sum(job->comm, judge->epoch_used, job->ledger.n_epoch);
    share_sum(job->comm, judge->epoch_covered, job->ledger.n_epoch);
    share_sum(job->comm, &judge->expected, 1);
    for (int64_t c = 0; c < job->lines.n_column; c++)
        share_sum(job->comm, judge->group_uses[c], job->lines.samples.columns[c].n_value);
    contributors_gather(job->comm, &job->top);
    finding_list_gather(job->comm, &job->findings);
}

static enum status end_well(struct lineage_job *job, struct ending *ending, int64_t *n_violation)
{
    enum { FIGURES = 6 };
    gather(job);
    if (job->rank == 0)
        make(ending, job);
    *n_violation = finding_list_violations(&job->findings);
    MPI_Bcast(n_violation, 1, MPI_INT64_T, 0, job->comm);
    const int64_t figures[] = {job->ledger.n_step, job->ledger.use_start[job->ledger.n_step], job->tally.n_sample,
                               ledger_admissions(&job->ledger), *n_violation};
    char texts[FIGURES][32];
    for (int i = 0; i < FIGURES - 1; i++)
        snprintf(texts[i], sizeof texts[i], "%lld", (long long)figures[i]);
    bool complete = true;
    for (int64_t e = 0; e < job->ledger.n_epoch; e++)
        complete = complete && is_complete(&job->judge, e);
    const struct table_attribute attributes[] = {{"steps", texts[0]},      {"uses", texts[1]},
                                                 {"samples", texts[2]},    {"admissions", texts[3]},
                                                 {"violations", texts[4]}, {"complete", complete ? "yes" : "no"}};
    return table_extend(job->table, STATUS_OK, ending->list, (const void *const *)ending->data, ending->n, attributes,
                        FIGURES);
}

enum status job_end_table(struct lineage_job *job, enum status status, int64_t *n_violation)
{
    if (status != STATUS_OK)
        return table_conclude(job->table, status);
    struct ending ending = {0};
    status = end_well(job, &ending, n_violation);
    clear(&ending);
    return status;
}
