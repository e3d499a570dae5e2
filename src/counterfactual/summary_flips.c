#include "base/column.h"
#include "base/memory.h"
#include "counterfactual/answer.h"
#include "table/load.h"

enum { SHOWN = 5, NAME_WIDTH = 22, MEMBER_WIDTH = 18, SHOWN_MEMBERS = 3 };

/* Queries by the size of the set that flips them, smallest first; those without a set are left out. */
static int64_t find_smallest(const int64_t *count, const uint8_t *flipped, int64_t n, int64_t *order)
{
    int64_t found = 0;
    for (int64_t q = 0; q < n; q++)
        if (flipped[q] && count[q] > 0) {
            int64_t at = found++;
            for (; at > 0 && count[order[at - 1]] > count[q]; at--)
                order[at] = order[at - 1];
            order[at] = q;
        }
    return found;
}

/* The first of n examples, of which the table has at most `most`. */
static void add_set(struct answer *answer, const int64_t *member, int64_t n, int64_t most)
{
    for (int64_t i = 0; i < n && i < most && i < SHOWN_MEMBERS; i++) {
        char *id = table_load_text(answer->reader, "/samples/id", member[i]);
        text_add(answer->out, " ");
        text_add_column(answer->out, id ? id : "?", MEMBER_WIDTH);
        memory_free(id);
    }
    if (n > SHOWN_MEMBERS)
        text_add(answer->out, " ...");
    text_end_line(answer->out);
}

static void add_level(struct answer *answer, const char *level, const char *title)
{
    struct text path;
    text_init(&path);
    text_add(&path, "/flips/%s/member", level);
    int64_t m = answer->n_query, most = table_extent_of(answer->reader, path.bytes, 1);
    int64_t *member = table_load(answer->reader, path.bytes, TABLE_I64, m * most);
    path.length = 0;
    text_add(&path, "/flips/%s/count", level);
    int64_t *count = table_load(answer->reader, path.bytes, TABLE_I64, m);
    path.length = 0;
    text_add(&path, "/flips/%s/flipped", level);
    uint8_t *flipped = table_load(answer->reader, path.bytes, TABLE_U8, m);
    text_clear(&path);
    if (member != NULL && count != NULL && flipped != NULL) {
        int64_t *order = memory_allocate(m, sizeof *order), n = find_smallest(count, flipped, m, order);
        text_add(answer->out, "\n  %s: %lld of %lld queries%s\n", title, (long long)n, (long long)m,
                 n > 0 ? ", the easiest:" : "");
        for (int64_t i = 0; i < n && i < SHOWN; i++) {
            text_add(answer->out, "    ");
            answer_add_text(answer, "/queries/id", order[i], NAME_WIDTH);
            text_add(answer->out, " %4lld: ", (long long)count[order[i]]);
            add_set(answer, member + order[i] * most, count[order[i]], most);
        }
        memory_free(order);
    }
    memory_free(flipped);
    memory_free(count);
    memory_free(member);
}

void answer_add_flips(struct answer *answer)
{
    if (table_find(answer->reader, "/flips/ridge/count") != NULL)
        add_level(answer, "ridge", "flipped by few removals (greedy: an estimate; each margin exact)");
    if (table_find(answer->reader, "/flips/network/count") != NULL)
        add_level(answer, "network", "flipped by few removals at network level (first order: an estimate)");
}
