#include "config/json_repeats.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "config/json.h"

enum { FEW_KEYS = 16 }; /* so few are kept off the heap */

/* A key and its number in the order of all keys of the text, which is also that of a walk from parents to children. */
struct key {
    const char *text; /* borrowed from the tree */
    int64_t ordinal;
};

/* The way from the root to an item. */
struct trail {
    const struct trail *parent; /* NULL for the root */
    const cJSON *item;
    int64_t index; /* within the list, if the parent is one */
};

struct walk {
    const struct json_source *source;
    struct text *lines;
    int n_line, limit;
    int64_t n_key;
};

static int compare_keys(const void *a, const void *b)
{
    const struct key *left = a, *right = b;
    int order = strcmp(left->text, right->text);
    return order ? order : (left->ordinal > right->ordinal) - (left->ordinal < right->ordinal);
}

static void add_path(const struct trail *trail, struct text *text)
{
    if (trail->parent == NULL)
        return;
    add_path(trail->parent, text);
    if (trail->item->string == NULL) {
        text_add(text, "[%lld]", (long long)trail->index);
    } else {
        text_add(text, "%s", trail->parent->parent ? "." : "");
        json_add_key(text, trail->item->string);
    }
}

static void add_repeat(struct walk *walk, const struct trail *object, const struct key *first, const struct key *again)
{
    int64_t line, column, first_line, first_column;
    json_key_place(walk->source, first->ordinal, &first_line, &first_column);
    json_key_place(walk->source, again->ordinal, &line, &column);
    add_path(object, walk->lines);
    text_add(walk->lines, "%s", object->parent ? "." : "");
    json_add_key(walk->lines, again->text);
    text_add(walk->lines,
             ": is repeated at line %lld, column %lld (first given at line %lld, column %lld): keep one of them\n",
             (long long)line, (long long)column, (long long)first_line, (long long)first_column);
    walk->n_line++;
}

static void check_keys(struct walk *walk, const struct trail *object, struct key *keys, int64_t n)
{
    qsort(keys, (size_t)n, sizeof *keys, compare_keys);
    int64_t first = 0;
    for (int64_t i = 1; i < n; i++) {
        if (strcmp(keys[first].text, keys[i].text) != 0)
            first = i;
        else if (walk->n_line < walk->limit)
            add_repeat(walk, object, &keys[first], &keys[i]);
    }
}

/* Recursion goes at most JSON_DEPTH deep: the scan came first. */
static void walk_item(struct walk *walk, const struct trail *trail)
{
    int64_t n = 0;
    for (const cJSON *child = trail->item->child; child != NULL; child = child->next)
        n++;
    bool is_object = cJSON_IsObject(trail->item);
    struct key few[FEW_KEYS], *keys = n <= FEW_KEYS ? few : memory_allocate(is_object ? n : 0, sizeof *keys);
    struct trail step = {.parent = trail};
    for (step.item = trail->item->child; step.item != NULL; step.item = step.item->next, step.index++) {
        if (is_object)
            keys[step.index] = (struct key){step.item->string, walk->n_key++};
        if (step.item->child != NULL)
            walk_item(walk, &step);
    }
    if (is_object && n > 1)
        check_keys(walk, trail, keys, n);
    if (keys != few)
        memory_free(keys);
}

int json_repeats(const struct json_source *source, const cJSON *json, int limit, struct text *lines)
{
    struct walk walk = {.source = source, .lines = lines, .limit = limit};
    walk_item(&walk, &(struct trail){.item = json});
    return walk.n_line;
}
