#include "seal/target.h"

#include <string.h>

#include "base/cursor.h"
#include "base/memory.h"

static char *copy_part(const char *bytes, size_t n)
{
    return memcpy(memory_allocate((int64_t)n + 1, 1), bytes, n);
}

/* Takes "[ROW]" off the end of a text; −1 if there is none. */
static int64_t take_row(char *text)
{
    size_t n = strlen(text);
    char *open = strrchr(text, '[');
    int64_t row;
    if (n == 0 || text[n - 1] != ']' || open == NULL || !parse_integer(open + 1, n - 2 - (size_t)(open - text), &row))
        return -1;
    *open = 0;
    return row;
}

void target_parse(const char *what, bool plain, struct target *target)
{
    *target = (struct target){.path = memory_copy_text(what), .row = -1, .offset = -1};
    if (plain)
        return;
    target->row = take_row(target->path);
    char *dataset = strstr(target->path, ":/"), *tensor = strrchr(target->path, '#'), *at = strrchr(target->path, '@');
    if (dataset != NULL || tensor != NULL) {
        char *mark = dataset != NULL ? dataset : tensor;
        target->object = copy_part(mark + 1, strlen(mark + 1)); /* a dataset's name keeps its slash */
        *mark = 0;
    } else if (at != NULL && parse_integer(at + 1, strlen(at + 1), &target->offset)) {
        *at = 0;
    }
}

void target_clear(struct target *target)
{
    memory_free(target->path);
    memory_free(target->object);
    *target = (struct target){0};
}

static bool has(int64_t wanted, int64_t first, int64_t n)
{
    return wanted < 0 || (wanted >= first && wanted - first < n);
}

int target_match(const struct target *target, const struct entry *entry)
{
    if (entry->kind == ENTRY_FOOTER || strcmp(entry->path, target->path) != 0)
        return 0;
    if (target->object != NULL && (entry->object == NULL || strcmp(entry->object, target->object) != 0))
        return 0;
    if (target->offset >= 0 && (entry->kind != ENTRY_INPUT || entry->segment != SEGMENT_RAW ||
                                !has(target->offset, entry->offset, entry->bytes)))
        return 0;
    if (entry->kind == ENTRY_DATASET) /* only if it has no block, or for a whole table */
        return target->row < 0 ? (target->object == NULL ? 2 : 1) : 0;
    bool has_rows = entry->kind == ENTRY_CHUNK || entry->kind == ENTRY_INPUT;
    if (target->row >= 0 && (!has_rows || !has(target->row, entry->row_first, entry->n_row)))
        return 0;
    return 2;
}

/* Edits (a byte put in, taken out or changed) from one name to the other. */
static int distance(const char *a, const char *b)
{
    size_t n = strlen(b);
    int *row = memory_allocate((int64_t)n + 1, sizeof *row);
    for (size_t k = 0; k <= n; k++)
        row[k] = (int)k;
    for (size_t i = 0; a[i]; i++) {
        int diagonal = row[0];
        row[0] = (int)i + 1;
        for (size_t k = 1; k <= n; k++) {
            int best = diagonal + (a[i] != b[k - 1]);
            diagonal = row[k];
            best = best < row[k] + 1 ? best : row[k] + 1;
            row[k] = best < row[k - 1] + 1 ? best : row[k - 1] + 1;
        }
    }
    int edits = row[n];
    memory_free(row);
    return edits;
}

void near_names_add(struct near_names *names, const char *name)
{
    enum { LONGEST = 1000 };
    for (int i = 0; i < names->n; i++)
        if (strcmp(names->items[i].name, name) == 0)
            return;
    if (strlen(name) > LONGEST || strlen(names->wanted) > LONGEST)
        return;
    bool is_part = strstr(name, names->wanted) != NULL; /* someone who leaves out the directory means this one */
    int edits = is_part ? 0 : distance(names->wanted, name), at = names->n;
    if (names->n == NEAR_NAMES) {
        if (edits >= names->items[--at].distance)
            return;
        memory_free(names->items[at].name);
    } else {
        names->n++;
    }
    for (; at > 0 && names->items[at - 1].distance > edits; at--)
        names->items[at] = names->items[at - 1];
    names->items[at].name = memory_copy_text(name);
    names->items[at].distance = edits;
}

void near_names_clear(struct near_names *names)
{
    for (int i = 0; i < names->n; i++)
        memory_free(names->items[i].name);
    *names = (struct near_names){0};
}
