/* From a value to the rows that can have it: back along the chain, as far as the order of storage allows. */
#include <math.h>

#include "base/memory.h"
#include "query/chain.h"

enum { FAILED = -2 };

void box_all(const struct shape *shape, struct box *box)
{
    *box = (struct box){0};
    for (int a = 0; a < shape->n_axis; a++)
        box->end[a] = shape->dims[a];
}

enum chain_use chain_use(const struct chain *chain, const struct shape *shape, double *n_row)
{
    double all = (double)shape->n_row, per_value = 1;
    enum chain_use use = CHAIN_RANGES;
    if (chain->n_axis > 1 || chain->is_place)
        return CHAIN_USELESS;
    for (int i = 0; i < chain->n_link; i++) {
        const struct link *link = &chain->links[i];
        bool is_last = i + 1 == chain->n_link;
        if (link->adds_place || (!link->is_ordered && !(is_last && link->is_distinct)))
            return CHAIN_USELESS;
        if (link->is_distinct)
            use = CHAIN_EQUALS;
    }
    if (chain->n_link > 0 && chain->links[0].is_ordered)
        per_value = sqrt((double)chain->links[0].stored->n_cell) / 4 + 1; /* how often values repeat is not known */
    double n_first = chain->n_axis > 0 ? (double)shape->dims[chain->axes[0]] : (double)shape->n_owner;
    *n_row = n_first > 0 ? all / n_first * per_value : 0;
    return use;
}

/* The first cell whose value is at least `value`; FAILED. */
static int64_t first_at_least(struct stored *stored, int64_t value)
{
    int64_t low = 0, high = stored->n_cell, found;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (!stored_integer(stored, middle, &found))
            return FAILED;
        if (found < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void cut(struct box *box, int axis, int64_t first, int64_t end)
{
    if (first > box->first[axis])
        box->first[axis] = first;
    if (end < box->end[axis])
        box->end[axis] = end;
    if (box->end[axis] < box->first[axis])
        box->end[axis] = box->first[axis];
}

/* Cells [first, end) of what the first link is indexed by. */
static enum status narrow_first(const struct chain *chain, const struct shape *shape, int64_t first, int64_t end,
                                struct box *box)
{
    if (chain->n_axis == 1) {
        cut(box, chain->axes[0], first, end);
        return STATUS_OK;
    }
    first = first < 0 ? 0 : first;
    end = end > shape->n_owner ? shape->n_owner : end;
    if (first >= end) {
        cut(box, 0, 0, 0);
        return STATUS_OK;
    }
    int64_t row_first, row_end;
    if (!stored_integer(shape->owner, first, &row_first) || !stored_integer(shape->owner, end, &row_end))
        return store_fail_again(shape->owner->store);
    cut(box, 0, row_first, row_end);
    return STATUS_OK;
}

/* Values from `low` to `high` after the first n links. */
static enum status narrow(const struct chain *chain, const struct shape *shape, int n, int64_t low, int64_t high,
                          struct box *box)
{
    int64_t end = high == INT64_MAX ? INT64_MAX : high + 1;
    while (n > 0) {
        struct stored *stored = chain->links[--n].stored;
        int64_t first = first_at_least(stored, low);
        end = end == INT64_MAX ? stored->n_cell : first_at_least(stored, end);
        if (first == FAILED || end == FAILED)
            return store_fail_again(stored->store);
        low = first;
    }
    return narrow_first(chain, shape, low, end, box);
}

enum status chain_narrow(const struct chain *chain, const struct shape *shape, int64_t low, int64_t high,
                         struct box *box)
{
    return narrow(chain, shape, chain->n_link, low, high, box);
}

enum status chain_narrow_text(const struct chain *chain, const struct shape *shape, const char *text, int64_t n,
                              struct box *box)
{
    ASSERT(chain->n_link > 0 && chain->links[chain->n_link - 1].is_distinct);
    struct stored *names = chain->links[chain->n_link - 1].stored;
    int64_t cell = stored_find(names, text, n);
    if (cell == FAILED)
        return store_fail_again(names->store);
    if (cell < 0) {
        cut(box, 0, 0, 0);
        return STATUS_OK;
    }
    return narrow(chain, shape, chain->n_link - 1, cell, cell, box);
}
