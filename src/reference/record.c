#include "reference/record.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "capture/recorder.h"
#include "reference/captures.h"

const char record_path[] = "lineage/rank-00000.sqlite";

struct record {
    struct training *training; /* borrowed */
    struct recorder *recorder;
    struct account account;
    int64_t *list; /* room for all samples */
};

/* Public, and the same in every demonstration: the owners are invented, and whoever reads this can see how pseudonyms
 * are made.  A real run has a secret key. */
static const char demonstration_key[] = "assay demonstration: this key is public";

/* ---- before the first step ------------------------------------------------------------------------------------- */

static enum status record_layers(struct record *record)
{
    const struct network *network = &record->training->network;
    enum status status = STATUS_OK;
    for (int64_t k = 0; k < network->n_layer && status == STATUS_OK; k++) {
        const struct layer *layer = &network->layers[k];
        char name[LAYER_NAME_BYTES];
        status = recorder_group(record->recorder, layer_name(k, name), (layer->n_in + 1) * layer->n_out, true);
    }
    return status;
}

static enum status record_roles(struct record *record)
{
    static const struct {
        enum split split;
        const char *role;
    } roles[] = {{SPLIT_TRAIN, "train"}, {SPLIT_VALIDATION, "validation"}, {SPLIT_TEST, "test"}};
    const struct splits *splits = &record->training->splits;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < sizeof roles / sizeof *roles && status == STATUS_OK; i++)
        status =
            recorder_role(record->recorder, roles[i].role, splits->n[roles[i].split], splits->rows[roles[i].split]);
    return status;
}

/* The samples of each owner, owners in the order of their first one. */
static enum status record_owners(struct record *record)
{
    const struct images *images = record->training->images;
    struct governance *governance = memory_allocate(images->n, sizeof *governance);
    bool *done = memory_allocate(images->n, sizeof *done);
    for (int64_t i = 0; i < images->n; i++)
        governance[i] = sample_governance(images, i);
    enum status status = STATUS_OK;
    for (int64_t i = 0; i < images->n && status == STATUS_OK; i++) {
        if (done[i])
            continue;
        int64_t n = 0;
        for (int64_t j = i; j < images->n; j++)
            if (!done[j] && strcmp(governance[j].owner, governance[i].owner) == 0) {
                record->list[n++] = j;
                done[j] = true;
            }
        status = recorder_user(record->recorder, governance[i].owner, n, record->list);
    }
    memory_free(done);
    memory_free(governance);
    return status;
}

static enum status record_preprocessing(struct record *record)
{
    int64_t n = record->training->images->n;
    for (int64_t i = 0; i < n; i++)
        record->list[i] = i;
    return recorder_preprocessing(record->recorder, "scale pixels", "{\"divide_by\": 16}", n, record->list);
}

static enum status record_definitions(struct record *record)
{
    const struct policies *policies = record->training->admissions->policies;
    enum status status = STATUS_OK;
    for (int64_t i = 0; i < policies_count(policies) && status == STATUS_OK; i++) {
        const struct definition *policy = policies_get(policies, i);
        status = recorder_definition(record->recorder, "policy", policy->name, policy->text);
    }
    for (int64_t i = 0; i < profiles_count(policies) && status == STATUS_OK; i++) {
        const struct definition *profile = profiles_get(policies, i);
        status = recorder_definition(record->recorder, "profile", profile->name, profile->text);
    }
    return status;
}

static bool same_verdict(const struct verdict *a, const struct verdict *b)
{
    return a->decision == b->decision && a->policy == b->policy && a->profile == b->profile &&
           strcmp(a->reason, b->reason) == 0;
}

/* One admission of n samples that met with the same verdict. */
static enum status record_verdict(struct record *record, int64_t n)
{
    const struct policies *policies = record->training->admissions->policies;
    const struct verdict *verdict = admissions_of(record->training->admissions, record->list[0]);
    const struct governance governance = sample_governance(record->training->images, record->list[0]);
    const struct recorder_admission admission = {
        .decision = decision_name(verdict->decision),
        .policy = verdict->policy >= 0 ? policies_get(policies, verdict->policy)->name : governance.policy,
        .profile = verdict->profile >= 0 ? profiles_get(policies, verdict->profile)->name : NULL,
        .reason = verdict->reason[0] ? verdict->reason : NULL,
        .n = n,
        .samples = record->list};
    return recorder_admission(record->recorder, &admission);
}

/* What the gate said of all samples that were drawn for training. */
static enum status record_admissions(struct record *record)
{
    const struct admissions *admissions = record->training->admissions;
    const struct splits *splits = &record->training->splits;
    if (admissions->policies == NULL)
        return STATUS_OK;
    enum status status = record_definitions(record);
    bool *done = memory_allocate(admissions->n, sizeof *done);
    for (int64_t i = 0; i < admissions->n; i++)
        done[i] = splits->of_sample[i] != SPLIT_TRAIN && splits->of_sample[i] != SPLIT_REJECTED;
    for (int64_t i = 0; i < admissions->n && status == STATUS_OK; i++) {
        if (done[i])
            continue;
        int64_t n = 0;
        for (int64_t j = i; j < admissions->n; j++)
            if (!done[j] && same_verdict(admissions_of(admissions, i), admissions_of(admissions, j))) {
                record->list[n++] = j;
                done[j] = true;
            }
        status = record_verdict(record, n);
    }
    memory_free(done);
    return status;
}

enum status record_begin(const char *directory, struct training *training, const uint8_t samples_sha256[DIGEST_BYTES],
                         struct record **record)
{
    char *path = path_join(directory, record_path);
    const struct recorder_options options = {.run = "reference",
                                             .world_size = 1,
                                             .samples_file = "samples.jsonl",
                                             .samples_sha256 = samples_sha256,
                                             .key = (const uint8_t *)demonstration_key,
                                             .n_key = sizeof demonstration_key - 1,
                                             .reproducible = true};
    struct record *begun = memory_allocate(1, sizeof *begun);
    begun->training = training;
    enum status status = recorder_open(path, &options, &begun->recorder);
    memory_free(path);
    if (status != STATUS_OK) {
        memory_free(begun);
        return status;
    }
    int64_t batch = training->config->batch, n_train = training->plan->n_train;
    account_init(&begun->account, &training->network, batch < n_train ? batch : n_train);
    begun->list = memory_allocate(training->images->n, sizeof *begun->list);
    training->account = &begun->account;
    enum status (*const parts[])(struct record *) = {record_layers, record_roles, record_owners, record_preprocessing,
                                                     record_admissions};
    for (size_t i = 0; i < sizeof parts / sizeof *parts && status == STATUS_OK; i++)
        status = parts[i](begun);
    if (status == STATUS_OK)
        *record = begun;
    else
        record_end(begun, NULL, NULL, 0);
    return status;
}

/* ---- while training -------------------------------------------------------------------------------------------- */

static enum status record_contributions(struct record *record, double rate)
{
    const struct account *account = &record->account;
    enum status status = STATUS_OK;
    for (int64_t k = 0; k < account->n_layer && status == STATUS_OK; k++) {
        const struct layer_account *layer = &account->layers[k];
        char name[LAYER_NAME_BYTES];
        const struct recorder_contribution contribution = {.group = layer_name(k, name),
                                                           .learning_rate = rate,
                                                           .delta_norm = layer->delta_norm,
                                                           .residual = layer->residual,
                                                           .rounding = layer->rounding,
                                                           .n = account->n,
                                                           .norms = layer->norms,
                                                           .shares = layer->delta_norm > 0 ? layer->shares : NULL};
        status = recorder_contribute(record->recorder, &contribution);
        if (status == STATUS_OK && record->training->config->momentum > 0)
            status = recorder_optimizer(record->recorder, name, "momentum", layer->momentum_norm,
                                        layer->delta_norm > 0 ? layer->momentum_share : NAN);
    }
    return status;
}

enum status record_step(struct record *record)
{
    const struct training *training = record->training;
    const struct account *account = &record->account;
    int64_t step = training->step - 1;
    double rate = training->rates[step], loss = 0;
    for (int64_t i = 0; i < account->n; i++)
        loss += (double)account->losses[i];
    enum status status = recorder_step_begin(record->recorder, step, step / training->plan->steps_per_epoch, rate);
    if (status == STATUS_OK)
        status = recorder_use(record->recorder, account->n, account->samples, account->losses, NULL);
    if (status == STATUS_OK)
        status = record_contributions(record, rate);
    return status == STATUS_OK ? recorder_step_end(record->recorder, loss / (double)account->n) : status;
}

enum status record_predictions(struct record *record, const char *checkpoint, const int64_t *samples, int64_t n)
{
    struct training *training = record->training;
    int64_t *predicted = memory_allocate(2 * n, sizeof *predicted), *labels = predicted + n;
    float *probabilities = memory_allocate(n, sizeof *probabilities);
    for (int64_t q = 0; q < n; q++) {
        float x[N_PIXEL];
        labels[q] = training->images->labels[samples[q]];
        images_get(training->images, samples[q], x);
        network_forward(&training->network, x, labels[q], &training->pass);
        predicted[q] = pass_prediction(&training->network, &training->pass);
        probabilities[q] = (float)training->pass.probability[predicted[q]];
    }
    const struct recorder_prediction prediction = {.checkpoint = checkpoint,
                                                   .n = n,
                                                   .samples = samples,
                                                   .predicted = predicted,
                                                   .labels = labels,
                                                   .probabilities = probabilities};
    enum status status = recorder_prediction(record->recorder, &prediction);
    memory_free(probabilities);
    memory_free(predicted);
    return status;
}

/* ---- at the end ------------------------------------------------------------------------------------------------ */

static enum status record_checkpoint(struct record *record, const struct hand_over *hand_over,
                                     const struct checkpoint_note *note)
{
    char name[CHECKPOINT_NAME_BYTES], file[64];
    checkpoint_name(note->step, name);
    snprintf(file, sizeof file, "checkpoints/%s.safetensors", name);
    const uint8_t *sha256 = NULL;
    for (int64_t i = 0; i < hand_over->n && sha256 == NULL; i++)
        if (strcmp(hand_over->files[i].path, file) == 0)
            sha256 = hand_over->files[i].sha256;
    const struct recorder_checkpoint checkpoint = {.step = note->step,
                                                   .name = name,
                                                   .file = file,
                                                   .sha256 = sha256,
                                                   .learning_rate = note->learning_rate,
                                                   .validation_loss = note->validation_loss};
    return recorder_checkpoint(record->recorder, &checkpoint);
}

enum status record_end(struct record *record, const struct hand_over *hand_over, const struct checkpoint_note *notes,
                       int64_t n)
{
    enum status status = STATUS_OK;
    struct recorder_summary summary;
    for (int64_t k = 0; k < n && notes != NULL && status == STATUS_OK; k++)
        status = record_checkpoint(record, hand_over, &notes[k]);
    enum status closed = recorder_close(record->recorder, &summary);
    if (status == STATUS_OK && closed == STATUS_OK && notes != NULL && summary.lost > 0)
        closed = fail(CANNOT_WRITE, "%s: %lld events could not be recorded: %s", record_path, (long long)summary.lost,
                      summary.sentence);
    record->training->account = NULL;
    account_clear(&record->account);
    memory_free(record->list);
    memory_free(record);
    return status == STATUS_OK ? closed : status;
}
