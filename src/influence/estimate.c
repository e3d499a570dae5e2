#include "influence/estimate.h"

#include <math.h>

/* A stored number multiplied in double while a gradient row is made costs about as much as that many 8-bit products:
 * the same figure by which captures choose between rows and pairs of positions. */
enum { MAKING = 64 };

/* The part of all blocks that the busiest team has. */
static double team_share(const struct influence_plan *plan)
{
    double rows = (double)plan->n_round * (double)plan->block_rows, n = (double)plan->n_train;
    return rows < n ? rows / n : 1;
}

/* The part of the checkpoints that its busiest member has. */
static double member_share(const struct influence_shape *shape, const struct influence_plan *plan)
{
    int64_t n_k = (shape->n_used + plan->n_member - 1) / plan->n_member;
    return (double)n_k / (double)shape->n_used;
}

/* Of n entries in random order, top (1 + ln(n / top)) enter a list of the best `top`; ln 2 per doubling. */
static double expected_kept(double n, double top)
{
    int doublings = 0;
    double rest = frexp(n > top ? n / top : 1, &doublings); /* in [1/2, 1) */
    return top * (1 + 0.6931471805599453 * ((double)(doublings - 1) + (2 * rest - 1)));
}

static int tree_depth(int64_t n_rank)
{
    int depth = 0;
    while (((int64_t)1 << depth) < n_rank)
        depth++;
    return depth;
}

void influence_work_make(const struct influence_shape *shape, const struct influence_plan *plan,
                         const struct influence_other *other, struct influence_work *work)
{
    double team = team_share(plan), member = team * member_share(shape, plan);
    double n = (double)plan->n_train, m = (double)plan->n_query, top = (double)plan->top;
    double values = 0, made = 0;
    for (int l = 0; l < shape->n_layer; l++) {
        values += (double)shape->layers[l].stored_values;
        made += (double)shape->layers[l].made_terms;
    }
    double own_n_k = member_share(shape, plan) * shape->n_used;
    *work = (struct influence_work){
        .record_lines = other->n_record * (other->n_pass / (double)shape->n_rank + team),
        .read_bytes = plan->input_bytes * member + other->rest_bytes / (double)shape->n_rank,
        .values = values * n * shape->n_used * member,
        .made_terms = made * n * shape->n_used * member,
        .digit_products = plan->digit_products * member,
        .score_terms = plan->score_terms * member,
        .tallies = n * m * team * (1 + (double)shape->n_group_column + own_n_k + shape->n_layer),
        .kept = 2 * m * (expected_kept(n * team, top) + top * tree_depth(shape->n_rank)),
        .write_bytes = plan->output_bytes * team,
        .n_message = plan->n_message,
        .message_bytes = plan->message_bytes};
}

void influence_time_make(const struct influence_work *work, const struct calibration *calibration, int n_digit,
                         bool beside, struct influence_time *time)
{
    double read = work->read_bytes / calibration->read_bytes + work->values / calibration->digit_values +
                  MAKING * work->made_terms / calibration->digit_products;
    double score = work->digit_products / calibration->digit_products +
                   work->score_terms / calibration->score_terms[n_digit - 1] + work->tallies / calibration->tallies +
                   work->kept / calibration->kept;
    *time = (struct influence_time){.records = work->record_lines / calibration->record_lines,
                                    .read = read,
                                    .score = score,
                                    .write = work->write_bytes / calibration->write_bytes,
                                    .reduce = work->n_message * ASSUMED_MESSAGE_SECONDS +
                                              work->message_bytes / ASSUMED_NETWORK_BYTES};
    double both = beside ? fmax(read, score) : read + score;
    time->total = time->records + both + time->write + time->reduce;
}
