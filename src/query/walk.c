#include "query/walk.h"

#include <math.h>
#include <string.h>

void walk_init(const struct relation *relation, struct walk *walk)
{
    *walk = (struct walk){.relation = relation, .place = {.owner = -1}};
    walk_reset(walk);
}

void walk_reset(struct walk *walk)
{
    walk->place = (struct place){.owner = -1};
    walk->is_done = walk->by_sample = false;
    walk->filter = NULL;
    box_all(&walk->relation->shape, &walk->box);
}

bool walk_finds_samples(const struct relation *relation, int column)
{
    const char *name = relation->fields[column].name;
    return relation->steps_field >= 0 && (strcmp(name, "sample") == 0 || strcmp(name, "sample_id") == 0);
}

/* ---- restrictions ------------------------------------------------------------------------------------------------ */

static void leave_nothing(struct walk *walk)
{
    walk->box.end[0] = walk->box.first[0];
}

/* The integers that a comparison with a number leaves; false when it is no number that helps. */
static bool range_of(sqlite3_value *value, char letter, int64_t *low, int64_t *high)
{
    *low = INT64_MIN;
    *high = INT64_MAX;
    bool is_low = strchr("=>g", letter) != NULL, is_high = strchr("=<l", letter) != NULL;
    if (sqlite3_value_type(value) == SQLITE_INTEGER) {
        int64_t number = sqlite3_value_int64(value);
        if (is_low)
            *low = letter == '>' && number < INT64_MAX ? number + 1 : number;
        if (is_high)
            *high = letter == '<' && number > INT64_MIN ? number - 1 : number;
        return true;
    }
    double real = sqlite3_value_double(value);
    if (sqlite3_value_type(value) != SQLITE_FLOAT || !(fabs(real) < 9e18))
        return false;
    if (is_low)
        *low = (int64_t)ceil(real);
    if (is_high)
        *high = (int64_t)floor(real);
    return true;
}

/* The sample that a value speaks of: its index, −1 for none, −2 when that is not known. */
static enum status find_sample(const struct walk *walk, int column, sqlite3_value *value, int64_t *sample)
{
    const struct field *field = &walk->relation->fields[column];
    struct stored *names = field->chain.links[field->chain.n_link - 1].stored;
    bool is_text = strcmp(field->type, "TEXT") == 0;
    *sample = -2;
    if (is_text && sqlite3_value_type(value) == SQLITE_TEXT) {
        const char *text = (const char *)sqlite3_value_text(value);
        *sample = stored_find(names, text, sqlite3_value_bytes(value));
        return *sample == -2 ? store_fail_again(names->store) : STATUS_OK;
    }
    if (!is_text && sqlite3_value_type(value) == SQLITE_INTEGER) {
        int64_t index = sqlite3_value_int64(value);
        if (index >= 0 && index < walk->relation->use_start->n_cell - 1) /* others were used, but nobody knows them */
            *sample = index;
    }
    return STATUS_OK;
}

static enum status restrict_sample(struct walk *walk, int column, sqlite3_value *value)
{
    const struct relation *relation = walk->relation;
    int64_t sample;
    enum status status = find_sample(walk, column, value, &sample);
    if (status != STATUS_OK || sample == -2)
        return status;
    if (sample < 0 || sample >= relation->use_start->n_cell - 1) {
        leave_nothing(walk);
        return STATUS_OK;
    }
    walk->by_sample = true;
    if (!stored_integer(relation->use_start, sample, &walk->step) ||
        !stored_integer(relation->use_start, sample + 1, &walk->step_end))
        return store_fail_again(relation->store);
    walk->step = walk->step < 0 ? 0 : walk->step;
    if (walk->step_end > relation->steps->n_cell)
        walk->step_end = relation->steps->n_cell;
    return STATUS_OK;
}

enum status walk_restrict(struct walk *walk, int column, char letter, sqlite3_value *value)
{
    const struct shape *shape = &walk->relation->shape;
    const struct chain *chain = &walk->relation->fields[column].chain;
    int64_t low, high;
    if (sqlite3_value_type(value) == SQLITE_NULL) { /* nothing compares with it */
        leave_nothing(walk);
        return STATUS_OK;
    }
    if (letter == 's')
        return restrict_sample(walk, column, value);
    if (letter == 'f') {
        walk->filter = sqlite3_value_type(value) == SQLITE_INTEGER ? chain->links[0].stored : NULL;
        walk->wanted = sqlite3_value_int64(value);
        return STATUS_OK;
    }
    if (letter == 't' && sqlite3_value_type(value) == SQLITE_TEXT) {
        const char *text = (const char *)sqlite3_value_text(value);
        return chain_narrow_text(chain, shape, text, sqlite3_value_bytes(value), &walk->box);
    }
    if (letter != 't' && range_of(value, letter, &low, &high))
        return low > high ? (leave_nothing(walk), STATUS_OK) : chain_narrow(chain, shape, low, high, &walk->box);
    return STATUS_OK;
}

/* ---- rows -------------------------------------------------------------------------------------------------------- */

bool walk_filters(const struct relation *relation, int column)
{
    const struct chain *chain = &relation->fields[column].chain;
    return relation->shape.n_axis == 1 && chain->n_axis == 1 && chain->n_link == 1 &&
           stored_is_integer(chain->links[0].stored);
}

bool walk_pass(struct walk *walk)
{
    struct place *place = &walk->place;
    for (; place->row < walk->box.end[0]; place->row++) {
        int64_t value;
        if (!stored_integer(walk->filter, place->row, &value) || value == walk->wanted)
            break; /* what cannot be read fails when its value is asked for */
    }
    place->coordinates[0] = place->row;
    return place->row < walk->box.end[0];
}

bool walk_pass_signs(struct walk *walk)
{
    const struct relation *relation = walk->relation;
    do {
        struct stored *stored;
        int64_t cell;
        if (chain_value(&relation->score, &relation->shape, &walk->place, &stored, &cell) != STATUS_OK)
            return false;
        const char *bytes = stored_at(stored, cell);
        double score = 0;
        if (bytes == NULL)
            return false;
        memcpy(&score, bytes, sizeof score);
        if (relation->row->sign * score > 0)
            return true;
    } while (walk_move(walk));
    return false;
}

/* Puts the walk on the first row of its box; false when it is empty. */
static bool enter(struct walk *walk)
{
    const struct shape *shape = &walk->relation->shape;
    walk->place.row = 0;
    for (int a = 0; a < shape->n_axis; a++) {
        if (walk->box.first[a] >= walk->box.end[a])
            return false;
        walk->place.coordinates[a] = walk->box.first[a];
        walk->place.row = walk->place.row * shape->dims[a] + walk->box.first[a];
    }
    return walk->relation->is_signed ? walk_pass_signs(walk) : walk->filter == NULL || walk_pass(walk);
}

enum status walk_begin(struct walk *walk)
{
    walk->all = walk->box;
    walk->step_row = -1;
    if (!walk->by_sample && enter(walk))
        return STATUS_OK;
    return walk_advance(walk);
}

enum status walk_advance(struct walk *walk)
{
    const struct relation *relation = walk->relation;
    while (walk->by_sample && walk->step < walk->step_end) {
        int64_t step_row;
        if (!stored_integer(relation->steps, walk->step++, &step_row))
            return store_fail_again(relation->store);
        if (step_row == walk->step_row)
            continue; /* twice in one step: the stretch had both */
        walk->step_row = step_row;
        walk->box = walk->all;
        enum status status = chain_narrow(&relation->fields[relation->steps_field].chain, &relation->shape, step_row,
                                          step_row, &walk->box);
        if (status != STATUS_OK || enter(walk))
            return status;
    }
    walk->is_done = true;
    return relation->is_signed && store_status(relation->store) != STATUS_OK ? store_fail_again(relation->store)
                                                                             : STATUS_OK;
}
