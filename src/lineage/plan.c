#include "lineage/plan.h"

#include "lineage/ledger.h"
#include "lineage/tally.h"

/* Uses and events as pairs, and sorted; what is known of a sample beside its id, columns and groups. */
enum { PAIR_BYTES = 8 + 4, SAMPLE_BYTES = 11 * 8 + 32 + 2, COLUMN_BYTES = 4, GROUP_BYTES = 16 };

/* In larger windows memory only goes to the system and back. */
enum { WINDOW_MOST = 32 << 20 };

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

enum status lineage_plan_make(const struct lineage_shape *shape, struct lineage_plan *plan)
{
    const int64_t floor_bytes = 1 << 16;
    int64_t blocks = least(shape->n_sample + 1, TALLY_BLOCKS_MOST);
    *plan = (struct lineage_plan){.ledger_bytes = ledger_bytes(shape->n_step, shape->n_event) +
                                                  2 * (int64_t)sizeof(int64_t) * blocks + shape->reader_bytes,
                                  .use_bytes = PAIR_BYTES,
                                  .event_bytes = PAIR_BYTES};
    bool details = shape->n_detail > 0;
    plan->sample_bytes =
        SAMPLE_BYTES + shape->id_bytes + COLUMN_BYTES * shape->n_column + (details ? GROUP_BYTES * shape->n_group : 0);
    int64_t left = shape->memory - plan->ledger_bytes;
    plan->window_bytes = most(least(left / 4, WINDOW_MOST), most(shape->largest_step, floor_bytes));
    plan->share_bytes = most(left - plan->window_bytes, floor_bytes);
    double all = (double)plan->sample_bytes * (double)shape->n_sample +
                 (double)PAIR_BYTES * ((double)shape->n_use + (double)shape->n_event_use);
    double passes = all / (double)plan->share_bytes / (double)shape->n_rank;
    plan->n_pass = passes > 1 ? (int64_t)passes + 1 : 1;
    plan->share_bytes = least(plan->share_bytes, (int64_t)(all / (double)plan->n_pass / (double)shape->n_rank) + 1);
    plan->share_bytes = most(plan->share_bytes, floor_bytes);
    plan->peak_bytes = plan->ledger_bytes + plan->window_bytes + plan->share_bytes;
    plan->output_bytes = (double)shape->n_use * (8 + 8 + 8 * shape->has_losses + 8 * shape->has_weights) +
                         (double)shape->n_detail * 16 + (double)shape->n_event_use * 60 +
                         (double)shape->n_observed * 60 + (double)shape->n_step * 80 +
                         (double)shape->n_sample * (double)plan->sample_bytes;
    if (plan->peak_bytes <= shape->memory || shape->memory <= 0)
        return STATUS_OK;
    return fail(
        CANNOT_FIT,
        "lineage.memory: expected at least %lld bytes per rank, found %lld: what %lld steps and %lld events say "
        "takes %lld, the largest step %lld; give it more memory",
        (long long)plan->peak_bytes, (long long)shape->memory, (long long)shape->n_step, (long long)shape->n_event,
        (long long)plan->ledger_bytes, (long long)shape->largest_step);
}
