/* However leaves are cut into adjacent ranges, and in whatever order these merge, the root is the one of all leaves. */
#include "check.h"
#include "merkle/range.h"
#include "tree.h"

enum { MOST_PARTS = 17, MOST_LEAVES = 5000 };

static uint64_t state = 0x9e3779b97f4a7c15;

/* Ranges of parts [first, last) merged in a random order of neighbours. */
static struct range merge_parts(const struct range *parts, int first, int last)
{
    if (last - first == 1)
        return parts[first];
    int middle = first + 1 + (int)(next_random(&state) % (uint64_t)(last - first - 1));
    struct range left = merge_parts(parts, first, middle), right = merge_parts(parts, middle, last);
    range_merge(&left, &right);
    return left;
}

static void test_partition(const struct hash *leaves, int64_t n, int n_part)
{
    int64_t bounds[MOST_PARTS + 1] = {0};
    struct range parts[MOST_PARTS];
    for (int i = 1; i < n_part; i++) { /* sorted as they come: repeats make empty parts */
        int64_t bound = (int64_t)(next_random(&state) % (uint64_t)(n + 1));
        int at = i;
        for (; at > 1 && bounds[at - 1] > bound; at--)
            bounds[at] = bounds[at - 1];
        bounds[at] = bound;
    }
    bounds[n_part] = n;
    for (int p = 0; p < n_part; p++) {
        range_init(&parts[p], bounds[p]);
        for (int64_t i = bounds[p]; i < bounds[p + 1]; i++)
            range_add(&parts[p], 0, &leaves[i]);
    }
    struct range whole = merge_parts(parts, 0, n_part);
    struct hash root, expected;
    merkle_root(leaves, n, &expected);
    range_root(&whole, &root);
    CHECK(hash_equal(&root, &expected));
    CHECK(whole.begin == 0 && whole.end == n);
}

/* A range holds exactly the largest aligned subtrees that fit between its ends. */
static void test_shape(const struct hash *leaves)
{
    for (int64_t begin = 0; begin < 40; begin++) {
        struct range range;
        range_init(&range, begin);
        for (int64_t end = begin + 1; end <= 72; end++) {
            range_add(&range, 0, &leaves[end - 1]);
            int n = 0;
            for (int64_t at = begin; at < end; n++) {
                int level = range_level(at, end);
                struct hash expected = defined_root(leaves + at, (int64_t)1 << level);
                CHECK(n < range.n && range.level[n] == level && hash_equal(&range.node[n], &expected));
                at += (int64_t)1 << level;
            }
            CHECK(n == range.n && range.end == end);
        }
    }
}

int main(void)
{
    struct hash *leaves = leaves_of(MOST_LEAVES);
    for (int i = 0; i < 300; i++) {
        int64_t n = (int64_t)(next_random(&state) % (i % 3 == 0 ? 20 : MOST_LEAVES)) + 1;
        test_partition(leaves, n, 1 + i % MOST_PARTS);
    }
    test_partition(leaves, 0, 5);
    test_shape(leaves);
    memory_free(leaves);
    return check_end();
}
