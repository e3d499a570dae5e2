#include "merkle/range.h"

void range_init(struct range *range, int64_t begin)
{
    *range = (struct range){.begin = begin, .end = begin};
}

int range_level(int64_t begin, int64_t end)
{
    ASSERT(begin >= 0 && begin < end);
    int level = 0;
    while (level < 61) {
        int64_t width = (int64_t)2 << level;
        if (begin % width != 0 || width > end - begin)
            break;
        level++;
    }
    return level;
}

void range_add(struct range *range, int level, const struct hash *hash)
{
    int64_t width = (int64_t)1 << level;
    ASSERT(level >= 0 && level < 62 && range->end % width == 0);
    struct hash node = *hash;
    range->end += width;
    /* Two neighbours of one height are children of one parent exactly if the left one starts at the parent's place. */
    while (range->n > 0 && range->level[range->n - 1] == level && (range->end - 2 * width) % (2 * width) == 0) {
        merkle_node(&range->node[range->n - 1], &node, &node);
        range->n--;
        level++;
        width *= 2;
    }
    ASSERT(range->n < RANGE_MAX_NODE);
    range->level[range->n] = (int8_t)level;
    range->node[range->n++] = node;
}

void range_merge(struct range *left, const struct range *right)
{
    if (right->begin == right->end)
        return;
    if (left->begin == left->end) {
        *left = *right;
        return;
    }
    ASSERT(left->end == right->begin);
    for (int i = 0; i < right->n; i++)
        range_add(left, right->level[i], &right->node[i]);
}

void range_fold(const struct range *range, struct hash *hash)
{
    ASSERT(range->n > 0);
    *hash = range->node[range->n - 1];
    for (int i = range->n - 2; i >= 0; i--)
        merkle_node(&range->node[i], hash, hash);
}

void range_root(const struct range *range, struct hash *root)
{
    ASSERT(range->begin == 0 || range->begin == range->end);
    if (range->n == 0)
        merkle_empty(root);
    else
        range_fold(range, root);
}
