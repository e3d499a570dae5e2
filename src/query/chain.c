#include "query/chain.h"

#include <string.h>

#include "base/memory.h"
#include "query/catalog.h"

/* ---- binding --------------------------------------------------------------------------------------------------- */

/* The next path of a line, up to a blank, with `member` for *; the caller owns it. */
static char *take_path(const char **line, const char *member)
{
    struct text path;
    text_init(&path);
    for (; **line && **line != ' '; ++*line)
        if (**line == '*')
            text_add(&path, "%s", member != NULL ? member : "*");
        else
            text_add_bytes(&path, *line, 1);
    return path.bytes;
}

static const char *skip(const char *line)
{
    return line + strspn(line, " >");
}

static void take_axes(const char **line, struct chain *chain)
{
    for (; **line && **line != ' '; ++*line)
        if (**line == '+')
            chain->is_place = true;
        else if (**line != '^')
            chain->axes[chain->n_axis++] = **line - '0';
}

static int64_t first_cells(const struct chain *chain, const struct shape *shape)
{
    int64_t n = 1;
    for (int a = 0; a < chain->n_axis; a++)
        n *= shape->dims[chain->axes[a]];
    return chain->n_axis > 0 ? n : shape->n_owner;
}

static enum chain_fit add_link(struct chain *chain, const struct shape *shape, struct stored *stored, bool adds_place)
{
    const struct dataset *dataset = stored->dataset;
    const char *file = store_files[stored->file];
    ASSERT(chain->n_link < CHAIN_LINKS);
    if (chain->n_link == 0 && stored->n_cell != first_cells(chain, shape)) {
        fail(BAD_INPUT, "%s: %s: expected %lld values, found %lld: its shape is not that of the datasets beside it",
             file, dataset->path, (long long)first_cells(chain, shape), (long long)stored->n_cell);
        return CHAIN_WRONG;
    }
    if (chain->n_link > 0 && !stored_is_integer(chain->links[chain->n_link - 1].stored)) {
        fail(BAD_INPUT, "%s: %s: expected integers, which are indices into %s, found %s", file,
             chain->links[chain->n_link - 1].stored->dataset->path, dataset->path,
             table_type_name(chain->links[chain->n_link - 1].stored->dataset->type));
        return CHAIN_WRONG;
    }
    chain->links[chain->n_link++] =
        (struct link){stored, adds_place, catalog_is_ordered(file, dataset->path) && stored_is_integer(stored),
                      catalog_is_distinct(file, dataset->path) && dataset->type == TABLE_STRING};
    return CHAIN_FITS;
}

enum chain_fit chain_bind(struct store *store, int file, const char *line, const char *member,
                          const struct shape *shape, struct chain *chain)
{
    *chain = (struct chain){0};
    take_axes(&line, chain);
    enum chain_fit fit = CHAIN_FITS;
    for (int a = 0; a < chain->n_axis; a++)
        if (chain->axes[a] >= shape->n_axis)
            return CHAIN_ABSENT;
    if (chain->n_axis == 0 && shape->owner == NULL)
        return CHAIN_ABSENT;
    for (line = skip(line); *line && fit == CHAIN_FITS; line = skip(line)) {
        bool adds_place = *line == '+';
        if (adds_place)
            line = skip(line + 1);
        char *path = take_path(&line, member);
        struct stored *stored = store_find(store, file, path);
        fit = stored == NULL ? CHAIN_ABSENT : add_link(chain, shape, stored, adds_place);
        memory_free(path);
    }
    return fit;
}

/* ---- values ---------------------------------------------------------------------------------------------------- */

/* The owner of a row: the last one that starts at or before it and is not empty.  Rows mostly come in order. */
static bool find_owner(const struct shape *shape, struct place *place)
{
    if (place->owner >= 0 && place->row >= place->owner_first && place->row < place->owner_end)
        return true;
    int64_t low = 0, high = shape->n_owner; /* start[low] <= row < start[high] */
    if (place->owner >= 0 && place->row == place->owner_end && place->owner + 1 < shape->n_owner)
        low = place->owner + 1;
    int64_t end;
    if (low > 0 && (!stored_integer(shape->owner, low + 1, &end) || end > place->row))
        high = low + 1; /* the next owner has it */
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2, start;
        if (!stored_integer(shape->owner, middle, &start))
            return false;
        if (start <= place->row)
            low = middle;
        else
            high = middle;
    }
    place->owner = low;
    return stored_integer(shape->owner, low, &place->owner_first) &&
           stored_integer(shape->owner, low + 1, &place->owner_end);
}

static enum status first_index(const struct chain *chain, const struct shape *shape, struct place *place,
                               int64_t *index)
{
    if (chain->n_axis == 0) {
        if (!find_owner(shape, place))
            return store_fail_again(shape->owner->store);
        *index = chain->is_place ? place->row - place->owner_first : place->owner;
        return STATUS_OK;
    }
    *index = place->coordinates[chain->axes[0]];
    for (int a = 1; a < chain->n_axis; a++)
        *index = *index * shape->dims[chain->axes[a]] + place->coordinates[chain->axes[a]];
    return STATUS_OK;
}

enum status chain_value(const struct chain *chain, const struct shape *shape, struct place *place,
                        struct stored **stored, int64_t *cell)
{
    enum status status = first_index(chain, shape, place, cell);
    *stored = NULL;
    if (status != STATUS_OK || chain->n_link == 0)
        return status;
    for (int i = 0; i + 1 < chain->n_link; i++) {
        const struct link *link = &chain->links[i];
        if (!stored_integer(link->stored, *cell, cell))
            return store_fail_again(link->stored->store);
        if (link->adds_place && *cell >= 0) {
            if (shape->owner == NULL || !find_owner(shape, place))
                return shape->owner == NULL ? STATUS_OK : store_fail_again(shape->owner->store);
            *cell += place->row - place->owner_first;
        }
        *stored = chain->links[i + 1].stored;
        if (*cell < 0 || *cell >= (*stored)->n_cell) { /* none, or a sample that the samples file does not know */
            *cell = -1;
            return STATUS_OK;
        }
    }
    *stored = chain->links[chain->n_link - 1].stored;
    return STATUS_OK;
}
