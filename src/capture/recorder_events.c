#include <string.h>

#include "base/memory.h"
#include "capture/pseudonym.h"
#include "capture/recorder_parts.h"

/* ---- parameter groups ---------------------------------------------------------------------------------------------
 */

/* Steps name groups in the same order again and again: the search begins where the latest one ended. */
static int64_t find_group(struct recorder *recorder, const char *name)
{
    for (int64_t i = 0; i < recorder->n_group; i++) {
        int64_t k = (recorder->group_found + 1 + i) % recorder->n_group;
        if (strcmp(recorder->groups[k], name) == 0) {
            recorder->group_found = k;
            return k;
        }
    }
    return -1;
}

static int64_t add_group(struct recorder *recorder, const char *name, int64_t n_parameter, bool covered)
{
    if (recorder->n_group == recorder->group_capacity) {
        int64_t capacity = 2 * recorder->group_capacity;
        recorder->groups =
            memory_resize(recorder->groups, recorder->group_capacity, capacity, sizeof *recorder->groups);
        recorder->group_capacity = capacity;
    }
    recorder->groups[recorder->n_group++] = memory_copy_text(name);
    struct batch *rows = &recorder->queue.owed;
    batch_row(rows, TABLE_PARAMETER_GROUP);
    batch_integer(rows, recorder->n_group);
    batch_text(rows, name);
    batch_maybe_integer(rows, n_parameter);
    batch_integer(rows, covered);
    return recorder->n_group - 1;
}

enum status recorder_find_group(struct recorder *recorder, const char *name, int64_t *number)
{
    enum status status = check_name("parameter group", name);
    if (status != STATUS_OK)
        return status;
    int64_t k = find_group(recorder, name);
    *number = 1 + (k >= 0 ? k : add_group(recorder, name, -1, true));
    return STATUS_OK;
}

enum status recorder_group(struct recorder *recorder, const char *name, int64_t n_parameter, bool covered)
{
    if (recorder == NULL)
        return STATUS_OK;
    enum status status = check_name("parameter group", name);
    if (status == STATUS_OK && find_group(recorder, name) < 0)
        add_group(recorder, name, n_parameter, covered);
    return recorder_end_event(recorder, status, "parameter_group");
}

/* ---- samples ------------------------------------------------------------------------------------------------------
 */

enum status recorder_samples(struct recorder *recorder, int64_t first, int64_t n, const char *const *ids,
                             const uint8_t (*contents)[32])
{
    if (recorder == NULL)
        return STATUS_OK;
    enum status status =
        first >= 0 ? STATUS_OK : fail(BAD_INPUT, "expected indices of samples, found %lld", (long long)first);
    for (int64_t i = 0; i < n && status == STATUS_OK; i++)
        status = check_name("sample", ids[i]);
    for (int64_t i = 0; i < n && status == STATUS_OK; i++) {
        batch_row(&recorder->rows, TABLE_SAMPLE);
        batch_integer(&recorder->rows, first + i);
        batch_text(&recorder->rows, ids[i]);
        batch_digest(&recorder->rows, contents != NULL ? contents[i] : NULL);
    }
    if (status != STATUS_OK)
        return recorder_end_event(recorder, status, "samples");
    return recorder_send(recorder, "samples");
}

/* The step under way, or none. */
static int64_t current_step(const struct recorder *recorder)
{
    return recorder->draft.open ? recorder->draft.step : -1;
}

static void add_samples(struct recorder *recorder, int64_t n, const int64_t *samples)
{
    batch_integer(&recorder->rows, n);
    batch_array(&recorder->rows, n, samples);
}

enum status recorder_user(struct recorder *recorder, const char *user, int64_t n, const int64_t *samples)
{
    if (recorder == NULL)
        return STATUS_OK;
    enum status status = check_text("user", user, false);
    if (status == STATUS_OK && recorder->key == NULL)
        status = fail(BAD_INPUT, "a user's pseudonym needs the run's key: see recorder_options");
    if (status == STATUS_OK)
        status = check_samples(recorder, n, samples);
    if (status != STATUS_OK)
        return recorder_end_event(recorder, status, "user");
    uint8_t name[DIGEST_BYTES];
    pseudonym(recorder->key, (size_t)recorder->n_key, user, name);
    batch_row(&recorder->rows, TABLE_USER);
    batch_integer(&recorder->rows, recorder->session);
    batch_digest(&recorder->rows, name);
    add_samples(recorder, n, samples);
    return recorder_send(recorder, "user");
}

static enum status check_one_of(const char *what, const char *value, const char *const *allowed)
{
    for (int i = 0; allowed[i] != NULL; i++)
        if (value != NULL && strcmp(value, allowed[i]) == 0)
            return STATUS_OK;
    return fail(BAD_INPUT, "%s: expected %s, %s%s%s, found \"%.40s\"", what, allowed[0], allowed[1],
                allowed[2] != NULL ? " or " : "", allowed[2] != NULL ? allowed[2] : "", value != NULL ? value : "");
}

enum status recorder_role(struct recorder *recorder, const char *role, int64_t n, const int64_t *samples)
{
    static const char *const roles[] = {"train", "validation", "test", NULL};
    if (recorder == NULL)
        return STATUS_OK;
    enum status status = check_one_of("role", role, roles);
    if (status == STATUS_OK)
        status = check_samples(recorder, n, samples);
    if (status != STATUS_OK)
        return recorder_end_event(recorder, status, "role");
    batch_row(&recorder->rows, TABLE_ROLE);
    batch_integer(&recorder->rows, recorder->session);
    batch_text(&recorder->rows, role);
    add_samples(recorder, n, samples);
    return recorder_send(recorder, "role");
}

enum status recorder_preprocessing(struct recorder *recorder, const char *name, const char *parameters, int64_t n,
                                   const int64_t *samples)
{
    if (recorder == NULL)
        return STATUS_OK;
    enum status status = check_name("preprocessing", name);
    if (status == STATUS_OK)
        status = check_text("parameters", parameters, false);
    if (status == STATUS_OK)
        status = check_samples(recorder, n, samples);
    if (status != STATUS_OK)
        return recorder_end_event(recorder, status, "preprocessing");
    batch_row(&recorder->rows, TABLE_PREPROCESSING);
    batch_integer(&recorder->rows, recorder->session);
    batch_maybe_integer(&recorder->rows, current_step(recorder));
    batch_text(&recorder->rows, name);
    batch_text(&recorder->rows, parameters);
    add_samples(recorder, n, samples);
    return recorder_send(recorder, "preprocessing");
}

static enum status check_there(const char *what, const void *list)
{
    return list != NULL ? STATUS_OK : fail(BAD_INPUT, "expected %s for each sample, found none", what);
}

enum status recorder_modality(struct recorder *recorder, const char *modality, int64_t n, const int64_t *samples,
                              const float *weights)
{
    if (recorder == NULL)
        return STATUS_OK;
    enum status status = check_name("modality", modality);
    if (status == STATUS_OK)
        status = check_samples(recorder, n, samples);
    if (status == STATUS_OK)
        status = check_there("a weight", weights);
    if (status != STATUS_OK)
        return recorder_end_event(recorder, status, "modality");
    batch_row(&recorder->rows, TABLE_MODALITY);
    batch_integer(&recorder->rows, recorder->session);
    batch_maybe_integer(&recorder->rows, current_step(recorder));
    batch_text(&recorder->rows, modality);
    add_samples(recorder, n, samples);
    batch_array(&recorder->rows, n, weights);
    return recorder_send(recorder, "modality");
}

/* ---- admission ----------------------------------------------------------------------------------------------------
 */

enum status recorder_definition(struct recorder *recorder, const char *kind, const char *name, const char *content)
{
    static const char *const kinds[] = {"policy", "profile", NULL};
    if (recorder == NULL)
        return STATUS_OK;
    enum status status = check_one_of("definition", kind, kinds);
    if (status == STATUS_OK)
        status = check_name(kind, name);
    if (status == STATUS_OK)
        status = check_text(kind, content, false);
    if (status != STATUS_OK)
        return recorder_end_event(recorder, status, "definition");
    uint8_t sha256[DIGEST_BYTES];
    digest_of(content, strlen(content), sha256);
    batch_row(&recorder->rows, TABLE_DEFINITION);
    batch_integer(&recorder->rows, recorder->session);
    batch_text(&recorder->rows, kind);
    batch_text(&recorder->rows, name);
    batch_digest(&recorder->rows, sha256);
    batch_text(&recorder->rows, content);
    return recorder_send(recorder, "definition");
}

static enum status check_admission(const struct recorder *recorder, const struct recorder_admission *a)
{
    static const char *const decisions[] = {"admit", "modulate", "reject", NULL};
    enum status status = check_one_of("decision", a->decision, decisions);
    if (status == STATUS_OK)
        status = check_name("policy", a->policy);
    if (status == STATUS_OK)
        status = check_text("profile", a->profile, true);
    if (status == STATUS_OK)
        status = check_text("reason", a->reason, true);
    if (status == STATUS_OK && strcmp(a->decision, "reject") == 0 && (a->reason == NULL || a->reason[0] == 0))
        status = fail(BAD_INPUT, "a rejection needs a reason");
    if (status == STATUS_OK && strcmp(a->decision, "modulate") == 0 && a->profile == NULL && a->weights == NULL)
        status = fail(BAD_INPUT, "a modulated admission needs a depth profile or weights");
    return status == STATUS_OK ? check_samples(recorder, a->n, a->samples) : status;
}

enum status recorder_admission(struct recorder *recorder, const struct recorder_admission *admission)
{
    if (recorder == NULL)
        return STATUS_OK;
    enum status status = check_admission(recorder, admission);
    if (status != STATUS_OK)
        return recorder_end_event(recorder, status, "admission");
    struct batch *rows = &recorder->rows;
    batch_row(rows, TABLE_ADMISSION);
    batch_integer(rows, recorder->session);
    batch_maybe_integer(rows, current_step(recorder));
    batch_text(rows, admission->decision);
    batch_text(rows, admission->policy);
    batch_text(rows, admission->profile);
    batch_text(rows, admission->reason);
    add_samples(recorder, admission->n, admission->samples);
    batch_array(rows, admission->n, admission->weights);
    return recorder_send(recorder, "admission");
}

/* ---- checkpoints and what was asked of them -------------------------------------------------------------------------
 */

enum status recorder_checkpoint(struct recorder *recorder, const struct recorder_checkpoint *checkpoint)
{
    if (recorder == NULL)
        return STATUS_OK;
    enum status status = check_name("checkpoint", checkpoint->name);
    if (status == STATUS_OK)
        status = check_text("file", checkpoint->file, true);
    if (status == STATUS_OK && checkpoint->step < 0)
        status = fail(BAD_INPUT, "checkpoint: expected a step of 0 or more, found %lld", (long long)checkpoint->step);
    if (status != STATUS_OK)
        return recorder_end_event(recorder, status, "checkpoint");
    struct batch *rows = &recorder->rows;
    batch_row(rows, TABLE_CHECKPOINT);
    batch_integer(rows, recorder->session);
    batch_integer(rows, checkpoint->step);
    batch_text(rows, checkpoint->name);
    batch_text(rows, checkpoint->file);
    batch_digest(rows, checkpoint->sha256);
    batch_real(rows, checkpoint->learning_rate);
    batch_real(rows, checkpoint->validation_loss);
    return recorder_send(recorder, "checkpoint");
}

enum status recorder_influence(struct recorder *recorder, const struct recorder_influence *influence)
{
    if (recorder == NULL)
        return STATUS_OK;
    enum status status = check_name("checkpoint", influence->checkpoint);
    if (status == STATUS_OK)
        status = check_name("query", influence->query);
    if (status == STATUS_OK)
        status = check_name("method", influence->method);
    if (status == STATUS_OK)
        status = check_samples(recorder, influence->n, influence->samples);
    if (status == STATUS_OK)
        status = check_there("a score", influence->scores);
    if (status != STATUS_OK)
        return recorder_end_event(recorder, status, "influence");
    struct batch *rows = &recorder->rows;
    batch_row(rows, TABLE_INFLUENCE);
    batch_integer(rows, recorder->session);
    batch_text(rows, influence->checkpoint);
    batch_text(rows, influence->query);
    batch_text(rows, influence->method);
    add_samples(recorder, influence->n, influence->samples);
    batch_array(rows, influence->n, influence->scores);
    return recorder_send(recorder, "influence");
}

enum status recorder_prediction(struct recorder *recorder, const struct recorder_prediction *prediction)
{
    if (recorder == NULL)
        return STATUS_OK;
    enum status status = check_text("checkpoint", prediction->checkpoint, true);
    if (status == STATUS_OK)
        status = check_samples(recorder, prediction->n, prediction->samples);
    if (status == STATUS_OK)
        status = check_there("a prediction", prediction->predicted);
    if (status != STATUS_OK)
        return recorder_end_event(recorder, status, "prediction");
    struct batch *rows = &recorder->rows;
    batch_row(rows, TABLE_PREDICTION);
    batch_integer(rows, recorder->session);
    batch_maybe_integer(rows, current_step(recorder));
    batch_text(rows, prediction->checkpoint);
    add_samples(recorder, prediction->n, prediction->samples);
    batch_array(rows, prediction->n, prediction->predicted);
    batch_array(rows, prediction->n, prediction->labels);
    batch_array(rows, prediction->n, prediction->probabilities);
    return recorder_send(recorder, "prediction");
}
