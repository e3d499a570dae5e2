#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "capture/recorder_parts.h"

enum { ID_LONGEST = 1024 }; /* bytes, as in samples files */

/* ---- checks -------------------------------------------------------------------------------------------------------
 */

enum status check_text(const char *what, const char *text, bool optional)
{
    if (text == NULL)
        return optional ? STATUS_OK : fail(BAD_INPUT, "%s: expected a text, found none", what);
    return utf8_is_valid(text, strlen(text)) ? STATUS_OK : fail(BAD_INPUT, "%s: expected UTF-8", what);
}

enum status check_name(const char *what, const char *name)
{
    enum status status = check_text(what, name, false);
    if (status != STATUS_OK)
        return status;
    size_t n = strlen(name);
    if (n < 1 || n > ID_LONGEST)
        return fail(BAD_INPUT, "%s: expected 1 to %d bytes, found %zu", what, ID_LONGEST, n);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
            return fail(BAD_INPUT, "%s: expected no control characters, found one at byte %zu", what, i);
    return STATUS_OK;
}

static enum status check_room(const struct recorder *recorder, int64_t bytes)
{
    const struct step_draft *draft = &recorder->draft;
    int64_t held = (int64_t)(recorder->rows.bytes.length + draft->samples.length + draft->losses.length +
                             draft->weights.length + draft->micro_batches.length);
    return held + bytes <= recorder->queue.limit
               ? STATUS_OK
               : fail(CANNOT_FIT, "more than %lld bytes in one step", (long long)recorder->queue.limit);
}

enum status check_samples(const struct recorder *recorder, int64_t n, const int64_t *samples)
{
    enum { BYTES_EACH = 32 }; /* at most: index, class, label, weight */
    if (n < 1)
        return fail(BAD_INPUT, "expected at least one sample, found %lld", (long long)n);
    for (int64_t i = 0; i < n; i++)
        if (samples[i] < 0)
            return fail(BAD_INPUT, "expected indices of samples, found %lld", (long long)samples[i]);
    return check_room(recorder, n * BYTES_EACH);
}

/* ---- what all events do ---------------------------------------------------------------------------------------------
 */

enum status recorder_end_event(struct recorder *recorder, enum status status, const char *what)
{
    if (status != STATUS_OK)
        queue_lose(&recorder->queue, recorder->session, recorder->draft.open ? recorder->draft.step : -1, what);
    return status;
}

enum status recorder_send(struct recorder *recorder, const char *what)
{
    if (recorder->draft.open)
        return STATUS_OK;
    return queue_submit(&recorder->queue, &recorder->rows, recorder->session, -1, what);
}

static void empty(struct text *text)
{
    text_clear(text);
    text_init(text);
}

/* The step under way ends, with or without being written. */
static void reset_draft(struct recorder *recorder)
{
    struct step_draft *draft = &recorder->draft;
    empty(&draft->samples);
    empty(&draft->losses);
    empty(&draft->weights);
    empty(&draft->micro_batches);
    draft->open = draft->has_losses = draft->has_weights = false;
    draft->n = 0;
    batch_clear(&recorder->rows);
    batch_init(&recorder->rows);
}

void recorder_abandon_step(struct recorder *recorder)
{
    queue_lose(&recorder->queue, recorder->session, recorder->draft.step, "step");
    reset_draft(recorder);
}

/* ---- steps --------------------------------------------------------------------------------------------------------
 */

enum status recorder_step_begin(struct recorder *recorder, int64_t step, int64_t epoch, double learning_rate)
{
    if (recorder == NULL)
        return STATUS_OK;
    struct step_draft *draft = &recorder->draft;
    if (draft->open) {
        fail(BAD_INPUT, "the next step was begun before it was ended");
        recorder_abandon_step(recorder);
    }
    if (step <= recorder->last_step)
        return recorder_end_event(recorder,
                                  fail(BAD_INPUT,
                                       "expected a step after %lld, found %lld: count steps over the whole run, and "
                                       "begin a session after going back to a checkpoint",
                                       (long long)recorder->last_step, (long long)step),
                                  "step_begin");
    draft->open = true;
    draft->step = step;
    draft->epoch = epoch;
    draft->learning_rate = learning_rate;
    return STATUS_OK;
}

static enum status check_open(const struct recorder *recorder)
{
    return recorder->draft.open ? STATUS_OK : fail(BAD_INPUT, "no step was begun: call recorder_step_begin first");
}

/* n values, or n times what stands for them. */
static void add_floats(struct text *list, int64_t n, const float *values, float missing)
{
    if (values != NULL)
        text_add_bytes(list, values, (size_t)n * sizeof *values);
    else
        for (int64_t i = 0; i < n; i++)
            text_add_bytes(list, &missing, sizeof missing);
}

enum status recorder_use(struct recorder *recorder, int64_t n, const int64_t *samples, const float *losses,
                         const float *weights)
{
    if (recorder == NULL)
        return STATUS_OK;
    struct step_draft *draft = &recorder->draft;
    enum status status = check_open(recorder);
    if (status == STATUS_OK)
        status = check_samples(recorder, n, samples);
    if (status != STATUS_OK)
        return recorder_end_event(recorder, status, "use");
    text_add_bytes(&draft->samples, samples, (size_t)n * sizeof *samples);
    add_floats(&draft->losses, n, losses, NAN);
    add_floats(&draft->weights, n, weights, 1);
    text_add_bytes(&draft->micro_batches, &n, sizeof n);
    draft->n += n;
    draft->has_losses |= losses != NULL;
    draft->has_weights |= weights != NULL;
    return STATUS_OK;
}

enum status recorder_contribute(struct recorder *recorder, const struct recorder_contribution *contribution)
{
    if (recorder == NULL)
        return STATUS_OK;
    const struct recorder_contribution *c = contribution;
    int64_t group = 0, n = c->norms != NULL || c->shares != NULL ? c->n : 0;
    enum status status = check_open(recorder);
    if (status == STATUS_OK && n != 0 && n != recorder->draft.n)
        status =
            fail(BAD_INPUT, "expected numbers for %lld uses, found %lld", (long long)recorder->draft.n, (long long)n);
    if (status == STATUS_OK)
        status = check_room(recorder, n * 12);
    if (status == STATUS_OK)
        status = recorder_find_group(recorder, c->group, &group);
    if (status != STATUS_OK)
        return recorder_end_event(recorder, status, "contribution");
    struct batch *rows = &recorder->rows;
    batch_row(rows, TABLE_CONTRIBUTION);
    batch_integer(rows, recorder->record + 1);
    batch_integer(rows, group);
    batch_real(rows, c->learning_rate);
    batch_real(rows, c->delta_norm);
    batch_real(rows, c->residual);
    batch_real(rows, c->rounding);
    batch_integer(rows, c->conditional);
    batch_integer(rows, n);
    batch_array(rows, n, c->norms);
    batch_array(rows, n, c->shares);
    return STATUS_OK;
}

enum status recorder_optimizer(struct recorder *recorder, const char *group, const char *kind, double norm,
                               double share)
{
    if (recorder == NULL)
        return STATUS_OK;
    int64_t number = 0;
    enum status status = check_open(recorder);
    if (status == STATUS_OK)
        status = check_name("kind", kind);
    if (status == STATUS_OK)
        status = check_room(recorder, 0);
    if (status == STATUS_OK)
        status = recorder_find_group(recorder, group, &number);
    if (status != STATUS_OK)
        return recorder_end_event(recorder, status, "optimizer");
    struct batch *rows = &recorder->rows;
    batch_row(rows, TABLE_OPTIMIZER);
    batch_integer(rows, recorder->record + 1);
    batch_integer(rows, number);
    batch_text(rows, kind);
    batch_real(rows, norm);
    batch_real(rows, share);
    return STATUS_OK;
}

/* The step first: its rows name its record. */
static void add_step(struct recorder *recorder, struct batch *rows, double loss)
{
    const struct step_draft *draft = &recorder->draft;
    batch_row(rows, TABLE_STEP);
    batch_integer(rows, recorder->record);
    batch_integer(rows, recorder->session);
    batch_integer(rows, draft->step);
    batch_maybe_integer(rows, draft->epoch);
    batch_real(rows, recorder_seconds(recorder));
    batch_real(rows, draft->learning_rate);
    batch_real(rows, loss);
    batch_integer(rows, draft->n);
    batch_array(rows, draft->n, draft->samples.bytes);
    batch_array(rows, draft->n, draft->has_losses ? draft->losses.bytes : NULL);
    batch_array(rows, draft->n, draft->has_weights ? draft->weights.bytes : NULL);
    batch_array(rows, (int64_t)(draft->micro_batches.length / sizeof(int64_t)), draft->micro_batches.bytes);
}

enum status recorder_step_end(struct recorder *recorder, double loss)
{
    if (recorder == NULL)
        return STATUS_OK;
    enum status status = check_open(recorder);
    if (status != STATUS_OK)
        return recorder_end_event(recorder, status, "step_end");
    struct step_draft *draft = &recorder->draft;
    struct batch rows;
    batch_init(&rows);
    recorder->record++;
    recorder->last_step = draft->step;
    recorder->steps++;
    recorder->uses += draft->n;
    add_step(recorder, &rows, loss);
    batch_append(&rows, &recorder->rows);
    int64_t step = draft->step;
    reset_draft(recorder);
    status = queue_submit(&recorder->queue, &rows, recorder->session, step, "step");
    batch_clear(&rows);
    return status;
}

enum status recorder_begin_session(struct recorder *recorder)
{
    if (recorder == NULL)
        return STATUS_OK;
    if (recorder->draft.open)
        return recorder_end_event(recorder, fail(BAD_INPUT, "a step is under way: end it first"), "begin_session");
    recorder_add_closing(recorder, &recorder->queue.owed);
    recorder->steps_before += recorder->steps;
    recorder->uses_before += recorder->uses;
    recorder->lost_before = recorder->queue.n_lost;
    recorder->steps = recorder->uses = 0;
    recorder->last_step = -1;
    recorder->session++;
    recorder_owe_session(recorder);
    return STATUS_OK;
}
