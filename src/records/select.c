#include "records/select.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "config/suggest.h"

/* Keeps k iff L(last kept) − L(k) ≥ τ·L(last kept), and always the first and the last. */
static enum status select_by_improvement(const struct checkpoints_config *config, struct checkpoints *checkpoints)
{
    for (int64_t i = 0; i < checkpoints->n; i++) {
        const struct checkpoint *candidate = &checkpoints->items[i];
        if (isnan(candidate->validation_loss))
            return fail(BAD_INPUT,
                        "%s: line %lld: validation_loss: expected a number, as checkpoints.select.rule is "
                        "\"validation-improvement\", found nothing",
                        config->file, (long long)i + 1);
        if (candidate->validation_loss < 0)
            return fail(
                BAD_INPUT,
                "%s: line %lld: validation_loss: expected a number of at least 0, as improvement is relative to "
                "the loss, found %g",
                config->file, (long long)i + 1, candidate->validation_loss);
    }
    double kept = checkpoints->items[0].validation_loss;
    for (int64_t i = 0; i < checkpoints->n; i++) {
        struct checkpoint *candidate = &checkpoints->items[i];
        double loss = candidate->validation_loss;
        candidate->selected = i == 0 || i == checkpoints->n - 1 || kept - loss >= config->threshold * kept;
        if (candidate->selected)
            kept = loss;
    }
    return STATUS_OK;
}

static enum status fail_unknown_name(const struct checkpoints_config *config, const struct checkpoints *checkpoints,
                                     const char *name)
{
    const char **names = memory_allocate(checkpoints->n, sizeof *names);
    for (int64_t i = 0; i < checkpoints->n; i++)
        names[i] = checkpoints->items[i].name;
    const char *near = word_nearest(name, names, to_int(checkpoints->n));
    enum status status =
        fail(BAD_INPUT, "%s: expected a checkpoint \"%s\", as checkpoints.select.names has it, found none%s%s%s",
             config->file, name, near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    memory_free(names);
    return status;
}

static enum status select_by_name(const struct checkpoints_config *config, struct checkpoints *checkpoints)
{
    for (int64_t k = 0; k < config->names.n; k++) {
        int64_t i = 0;
        while (i < checkpoints->n && strcmp(checkpoints->items[i].name, config->names.items[k]) != 0)
            i++;
        if (i == checkpoints->n)
            return fail_unknown_name(config, checkpoints, config->names.items[k]);
        checkpoints->items[i].selected = true;
    }
    return STATUS_OK;
}

enum status checkpoints_select(const struct checkpoints_config *config, struct checkpoints *checkpoints)
{
    enum status status = STATUS_OK;
    if (config->rule == SELECT_VALIDATION_IMPROVEMENT)
        status = select_by_improvement(config, checkpoints);
    else if (config->rule == SELECT_NAMES)
        status = select_by_name(config, checkpoints);
    else
        for (int64_t i = 0; i < checkpoints->n; i++)
            checkpoints->items[i].selected = true;
    checkpoints->n_selected = 0;
    for (int64_t i = 0; i < checkpoints->n; i++)
        checkpoints->n_selected += checkpoints->items[i].selected;
    return status;
}
