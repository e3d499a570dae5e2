/* A walk over the rows of a relation that can answer a comparison. */
#ifndef ASSAY_QUERY_WALK_H
#define ASSAY_QUERY_WALK_H

#include <sqlite3.h>

#include "query/relation.h"

struct walk {
    const struct relation *relation; /* borrowed */
    struct place place;              /* the row that the walk is on */
    struct box box;                  /* rows of this stretch */
    bool is_done;
    /* Where a sample is asked for, stretches are the steps that used it: [step, step_end) of /uses_by_sample/step. */
    bool by_sample;
    struct box all; /* what other comparisons leave */
    int64_t step, step_end, step_row;
    struct stored *filter; /* rows whose cell here is not `wanted` are passed over; NULL: none */
    int64_t wanted;
};

void walk_init(const struct relation *relation, struct walk *walk);

/* Whether an equal value of this column is found through the steps that used the sample. */
bool walk_finds_samples(const struct relation *relation, int column);

/* All rows again; then any number of restrictions; then to the first row. */
void walk_reset(struct walk *walk);
/* `letter`: = t (text) s (sample) f (read past the others) > g (>=) < l (<=).  May leave more rows than the comparison
 * does.
 * @local   @fails BAD_INPUT */
enum status walk_restrict(struct walk *walk, int column, char letter, sqlite3_value *value);
enum status walk_begin(struct walk *walk);

/* To the next stretch, or is_done.  @local   @fails BAD_INPUT */
enum status walk_advance(struct walk *walk);

/* Whether equal values of this column can be picked out while reading, though nothing orders them. */
bool walk_filters(const struct relation *relation, int column);
/* On to the next row of the stretch that passes the filter, maybe this one; false when there is none. */
bool walk_pass(struct walk *walk);
/* The same for rows whose score has the table's sign; a score that cannot be read ends the stretch. */
bool walk_pass_signs(struct walk *walk);

/* To the next row of this stretch, whatever stands in it; false when there is none. */
static inline bool walk_move(struct walk *walk)
{
    struct place *place = &walk->place;
    const struct shape *shape = &walk->relation->shape;
    int axis = shape->n_axis - 1;
    while (++place->coordinates[axis] >= walk->box.end[axis]) {
        if (axis == 0)
            return false;
        place->coordinates[axis] = walk->box.first[axis];
        axis--;
    }
    place->row = place->coordinates[0];
    for (int a = 1; a < shape->n_axis; a++)
        place->row = place->row * shape->dims[a] + place->coordinates[a];
    return true;
}

/* To the next row of this stretch that is shown; false when there is none. */
static inline bool walk_step(struct walk *walk)
{
    if (!walk_move(walk))
        return false;
    return walk->relation->is_signed ? walk_pass_signs(walk) : walk->filter == NULL || walk_pass(walk);
}

#endif
