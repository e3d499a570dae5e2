#include "query/relation.h"

#include <string.h>
#include <strings.h>

#include "base/memory.h"

/* ---- what * stands for ------------------------------------------------------------------------------------------- */

/* The part of `path` that * in `pattern` stands for (no slash in it); the caller owns it.  NULL: they do not match. */
static char *match(const char *pattern, const char *path)
{
    const char *star = strchr(pattern, '*');
    size_t before = (size_t)(star - pattern), after = strcspn(star, " ") - 1, n = strlen(path);
    if (n <= before + after || strncmp(pattern, path, before) != 0 || strncmp(star + 1, path + n - after, after) != 0 ||
        memchr(path + before, '/', n - before - after) != NULL)
        return NULL;
    struct text member;
    text_init(&member);
    text_add_bytes(&member, path + before, n - before - after);
    return member.bytes;
}

/* The members of a pattern in a file, in order of path; the caller owns the list and the names in it. */
static char **members(const struct store *store, int file, const char *pattern, int *n)
{
    const struct table_reader *reader = store_reader(store, file);
    int most = table_count(reader);
    char **list = memory_allocate(most, sizeof *list);
    *n = 0;
    for (int i = 0; i < most; i++) {
        char *member = match(pattern, table_dataset(reader, i)->path);
        if (member != NULL)
            list[(*n)++] = member;
    }
    return list;
}

static void members_free(char **list, int n)
{
    for (int i = 0; i < n; i++)
        memory_free(list[i]);
    memory_free(list);
}

/* The first path of a chain with a * in it. */
static const char *starred(const char *from)
{
    const char *star = strchr(from, '*');
    while (star > from && star[-1] != ' ')
        star--;
    return star;
}

/* ---- columns ----------------------------------------------------------------------------------------------------- */

static const char *type_of(const struct chain *chain)
{
    if (chain->n_link == 0)
        return "INTEGER";
    const struct stored *stored = chain->links[chain->n_link - 1].stored;
    if (stored->is_digest || stored->dataset->type == TABLE_STRING)
        return "TEXT";
    return stored->dataset->type == TABLE_F64 ? "REAL" : "INTEGER";
}

static bool has_field(const struct relation *relation, const char *name)
{
    for (int i = 0; i < relation->n_field; i++)
        if (strcasecmp(relation->fields[i].name, name) == 0)
            return true;
    return false;
}

static char *unused_name(const struct relation *relation, const char *name)
{
    struct text free_name;
    text_init(&free_name);
    text_add(&free_name, "%s", name);
    while (has_field(relation, free_name.bytes)) {
        free_name.length = 0;
        text_add(&free_name, "group_%s", name);
        name = "column";
    }
    return free_name.bytes;
}

static enum status add_field(struct relation *relation, const struct column_row *row, const char *name,
                             const char *member)
{
    struct chain chain;
    enum chain_fit fit = chain_bind(relation->store, relation->file, row->from, member, &relation->shape, &chain);
    if (fit == CHAIN_ABSENT)
        return STATUS_OK;
    if (fit == CHAIN_WRONG)
        return BAD_INPUT;
    const struct dataset *last = chain.n_link > 0 ? chain.links[chain.n_link - 1].stored->dataset : NULL;
    int n = relation->n_field;
    struct field field = {.name = unused_name(relation, name),
                          .type = type_of(&chain),
                          .unit = row->unit != NULL ? row->unit
                                  : last != NULL    ? last->unit
                                                    : "1",
                          .text = row->text != NULL ? row->text
                                  : last != NULL    ? last->text
                                                    : "",
                          .chain = chain,
                          .is_group = strcmp(row->name, "*") == 0};
    relation->fields = memory_resize(relation->fields, n, n + 1, sizeof field);
    relation->fields[relation->n_field++] = field;
    return STATUS_OK;
}

static enum status add_fields(struct relation *relation, const struct column_row *row)
{
    if (strcmp(row->name, "*") != 0)
        return add_field(relation, row, row->name, relation->member);
    int n = 0;
    char **list = members(relation->store, relation->file, starred(row->from), &n);
    enum status status = STATUS_OK;
    for (int i = 0; i < n && status == STATUS_OK; i++)
        status = add_field(relation, row, list[i], list[i]);
    members_free(list, n);
    return status;
}

static void find_steps(struct relation *relation)
{
    relation->steps_field = -1;
    relation->use_start = store_find(relation->store, relation->file, "/samples/use_start");
    relation->steps = store_find(relation->store, relation->file, "/uses_by_sample/step");
    if (relation->row->steps_of == NULL || relation->use_start == NULL || relation->steps == NULL)
        return;
    for (int i = 0; i < relation->n_field; i++)
        if (strcmp(relation->fields[i].name, relation->row->steps_of) == 0)
            relation->steps_field = i;
}

static enum status find_scores(struct relation *relation)
{
    const struct table_row *row = relation->row;
    if (row->sign_of == NULL)
        return STATUS_OK;
    enum chain_fit fit =
        chain_bind(relation->store, relation->file, row->sign_of, NULL, &relation->shape, &relation->score);
    if (fit == CHAIN_WRONG)
        return BAD_INPUT;
    const struct stored *score = fit == CHAIN_FITS ? relation->score.links[0].stored : NULL;
    relation->is_signed = score != NULL && score->dataset->type == TABLE_F64;
    return STATUS_OK;
}

/* ---- tables ------------------------------------------------------------------------------------------------------ */

static char *put_in(const char *pattern, const char *member)
{
    struct text text;
    text_init(&text);
    for (; *pattern; pattern++)
        if (*pattern == '*' && member != NULL)
            text_add(&text, "%s", member);
        else
            text_add_bytes(&text, pattern, 1);
    return text.bytes;
}

static enum status set_shape(struct relation *relation, const struct stored *stored)
{
    const struct dataset *dataset = stored->dataset;
    struct shape *shape = &relation->shape;
    shape->n_axis = dataset->n_dim - stored->is_digest;
    shape->stored = stored;
    shape->n_row = stored->n_cell;
    for (int a = 0; a < shape->n_axis; a++)
        shape->dims[a] = dataset->dims[a];
    if (shape->n_axis == 0)
        return fail(BAD_INPUT, "%s: %s: expected rows, found a single value", store_files[relation->file],
                    dataset->path);
    if (relation->row->owner != NULL) {
        shape->owner = store_find(relation->store, relation->file, relation->row->owner);
        if (shape->owner == NULL || !stored_is_integer(shape->owner) ||
            shape->owner->n_cell < (shape->n_row > 0 ? 2 : 1))
            return fail(BAD_INPUT, "%s: %s: expected the starts of the rows of %s, found none",
                        store_files[relation->file], relation->row->owner, dataset->path);
        shape->n_owner = shape->owner->n_cell - 1;
    }
    return STATUS_OK;
}

static void relation_destroy(struct relation *relation)
{
    for (int i = 0; i < relation->n_field; i++)
        memory_free(relation->fields[i].name);
    memory_free(relation->fields);
    memory_free(relation->name);
    memory_free(relation->member);
    memory_free(relation);
}

static enum status bind_table(struct store *store, int file, const struct table_row *row, const char *member,
                              struct relations *relations)
{
    char *path = put_in(row->shape, member);
    const struct stored *stored = store_find(store, file, path);
    memory_free(path);
    if (stored == NULL)
        return STATUS_OK;
    struct relation *relation = memory_allocate(1, sizeof *relation);
    *relation = (struct relation){.row = row, .file = file, .store = store, .name = put_in(row->name, member)};
    relation->member = member != NULL ? memory_copy_text(member) : NULL;
    enum status status = set_shape(relation, stored);
    for (const struct column_row *column = row->columns; column->name != NULL && status == STATUS_OK; column++)
        status = add_fields(relation, column);
    if (status == STATUS_OK)
        status = find_scores(relation);
    if (status != STATUS_OK) {
        relation_destroy(relation);
        return status;
    }
    find_steps(relation);
    relations->items = memory_resize(relations->items, relations->n, relations->n + 1, sizeof *relations->items);
    relations->items[relations->n++] = relation;
    return STATUS_OK;
}

static enum status bind_tables(struct store *store, int file, const struct table_row *row, struct relations *relations)
{
    if (strchr(row->name, '*') == NULL)
        return bind_table(store, file, row, NULL, relations);
    int n = 0;
    char **list = members(store, file, row->shape, &n);
    enum status status = STATUS_OK;
    for (int i = 0; i < n && status == STATUS_OK; i++)
        status = bind_table(store, file, row, list[i], relations);
    members_free(list, n);
    return status;
}

enum status relations_bind(struct store *store, struct relations *relations)
{
    *relations = (struct relations){0};
    enum status status = STATUS_OK;
    for (int f = 0; f < STORE_FILES; f++) {
        ASSERT(strcmp(catalog[f].file, store_files[f]) == 0);
        for (const struct table_row *row = catalog[f].tables; row->name != NULL && status == STATUS_OK; row++)
            if (store_reader(store, f) != NULL)
                status = bind_tables(store, f, row, relations);
    }
    return status;
}

void relations_clear(struct relations *relations)
{
    for (int i = 0; i < relations->n; i++)
        relation_destroy(relations->items[i]);
    memory_free(relations->items);
    *relations = (struct relations){0};
}

const struct relation *relations_find(const struct relations *relations, const char *name)
{
    for (int i = 0; i < relations->n; i++)
        if (strcasecmp(relations->items[i]->name, name) == 0)
            return relations->items[i];
    return NULL;
}

const struct relation *relations_find_any(const struct relations *relations, const char *name)
{
    const struct relation *found = relations_find(relations, name);
    for (int i = 0; i < relations->n && found == NULL; i++)
        if (relations->items[i]->row->view != NULL && strcasecmp(relations->items[i]->row->view, name) == 0)
            found = relations->items[i];
    return found;
}
