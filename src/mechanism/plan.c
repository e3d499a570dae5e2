#include "mechanism/plan.h"

#include "base/text.h"
#include "mechanism/effects.h"
#include "mechanism/resample.h"

static enum status refuse(const struct mechanism_shape *shape, const struct mechanism_plan *plan)
{
    char all[32], have[32], blocks[32], draws[32], table[32], whole[32];
    return fail(CANNOT_FIT,
                "mechanism.memory: a rank needs %s (a block of parts %s, resamples %s, effects %s, the largest other "
                "tensor %s), and may use %s: raise mechanism.memory, or lower block_parts or bootstrap.resamples",
                figure_bytes(plan->peak_bytes, all), figure_bytes(plan->block_bytes, blocks),
                figure_bytes(plan->resample_bytes, draws), figure_bytes(plan->effect_bytes, table),
                figure_bytes(plan->tensor_bytes, whole), figure_bytes((double)shape->memory, have));
}

enum status mechanism_plan_make(const struct mechanism_shape *shape, struct mechanism_plan *plan)
{
    double cells = (double)shape->n_probe * (double)shape->n_behaviour, parts = (double)shape->n_part;
    double per_part = (double)shape->n_behaviour * (double)shape->n_intervention;
    int64_t block = shape->block_parts < shape->n_part ? shape->block_parts : shape->n_part;
    int64_t n_block = block > 0 ? (shape->n_part + block - 1) / block : 0;
    int64_t rounds = (n_block + shape->n_rank - 1) / shape->n_rank;
    *plan = (struct mechanism_plan){
        .n_block = n_block,
        .block_bytes = 2 * 8 * cells * (double)(shape->n_control + 1) * (double)block,
        .resample_bytes = (double)resample_bytes(shape->n_probe, shape->n_resample),
        .effect_bytes = 8 * parts * per_part * (double)(N_EFFECT_FIELD + 1 + shape->n_fold + shape->n_category),
        .tensor_bytes = 2 * 8 * (double)shape->n_largest,
        .read_bytes = 8 * cells * (parts * (double)shape->n_measure + 3 * (double)shape->n_pair),
        .operations =
            cells * (double)shape->n_resample * (parts * (double)shape->n_intervention + (double)shape->n_pair),
        .busiest = n_block > 0 ? (double)rounds / (double)n_block : 0,
    };
    plan->output_bytes = plan->effect_bytes + 40 * (double)shape->n_behaviour * (double)shape->n_pair + 32 * cells;
    plan->peak_bytes = plan->block_bytes + plan->resample_bytes + plan->effect_bytes + plan->tensor_bytes;
    return plan->peak_bytes <= (double)shape->memory ? STATUS_OK : refuse(shape, plan);
}
