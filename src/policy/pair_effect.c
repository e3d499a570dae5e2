#include "policy/pair_effect.h"

#include <math.h>

static double off_target(const struct shift *shift, int64_t behaviour, const struct pair_intended *known, int64_t pair)
{
    int64_t first = behaviour * shift->n_feature;
    double all = 0, intended = 0;
    if (pair_intended_count(known, pair) == 0)
        return (double)NAN;
    for (int64_t j = 0; j < shift->n_feature; j++)
        all += fabs(shift_total(shift, first + j));
    for (int64_t k = known->start[pair]; k < known->start[pair + 1]; k++)
        intended += fabs(shift_total(shift, first + known->feature[k]));
    return all > 0 ? fmax(0, 1 - intended / all) : 0;
}

void pair_effect_find(const struct shift *shift, int64_t behaviour, const double *deviation,
                      const struct pair_intended *known, int64_t pair, struct pair_effect *effect)
{
    double whole = 0, x = 0, y = 0, interaction = 0, error = 0, strongest = 0;
    *effect = (struct pair_effect){.intercept = shift->intercept[behaviour], .dominant = -1};
    for (int64_t j = 0; j < shift->n_feature; j++) {
        int64_t i = behaviour * shift->n_feature + j;
        double total = shift_total(shift, i) * deviation[j], by_x = shift->x[i] * deviation[j];
        double by_y = shift->y[i] * deviation[j], both = shift->interaction[i] * deviation[j];
        double missed = (shift->first_order[i] - shift_total(shift, i)) * deviation[j];
        whole += total * total;
        x += by_x * by_x;
        y += by_y * by_y;
        interaction += both * both;
        error += missed * missed;
        if (fabs(total) > strongest) {
            strongest = fabs(total);
            effect->dominant = j;
        }
    }
    effect->shift = sqrt(whole);
    effect->x = sqrt(x);
    effect->y = sqrt(y);
    effect->interaction = sqrt(interaction);
    effect->first_order_error = error == 0 ? 0 : whole > 0 ? sqrt(error / whole) : (double)INFINITY;
    effect->off_target = off_target(shift, behaviour, known, pair);
    if (pair_intended_count(known, pair) == 0)
        effect->interferes = -1;
    else
        effect->interferes = effect->dominant >= 0 && !pair_intended_has(known, pair, effect->dominant);
}

void pair_effect_keep(const struct shift *shift, int64_t behaviour, const double *deviation, int64_t n_kept,
                      int64_t *kept)
{
    const int64_t first = behaviour * shift->n_feature;
    int64_t n = 0;
    for (int64_t j = 0; j < shift->n_feature; j++) { /* a feature goes before the first kept one that is weaker */
        double size = fabs(shift_total(shift, first + j)) * deviation[j];
        int64_t place = n;
        while (place > 0 && fabs(shift_total(shift, first + kept[place - 1])) * deviation[kept[place - 1]] < size)
            place--;
        if (place == n_kept)
            continue;
        n += n < n_kept;
        for (int64_t k = n - 1; k > place; k--)
            kept[k] = kept[k - 1];
        kept[place] = j;
    }
}
