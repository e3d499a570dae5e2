/* The tree of leaves is that of the sorted list, on any number of ranks and from any order; a leaf that is there twice
 * is refused on all of them. */
#include <mpi.h>

#include "base/memory.h"
#include "check.h"
#include "merkle/tree.h"
#include "usage/tree.h"

static int rank, size;

/* Leaf i of a test: its key is random, or one of a few. */
static struct leaf make_leaf(int64_t i, int64_t n_key)
{
    struct leaf leaf = {.sample = i};
    int64_t key = n_key > 0 ? i * 7 % n_key : i;
    digest_of(&key, sizeof key, leaf.key);
    digest_of(&i, sizeof i, leaf.record);
    return leaf;
}

/* All leaves sorted, as one rank alone would do it; the caller owns them. */
static struct leaf *make_sorted(int64_t n, int64_t n_key)
{
    struct leaf *all = memory_allocate(n, sizeof *all);
    for (int64_t i = 0; i < n; i++)
        all[i] = make_leaf(i, n_key);
    qsort(all, (size_t)n, sizeof *all, leaf_compare);
    return all;
}

static void check_part(const struct usage_tree *tree, const struct leaf *sorted)
{
    for (int64_t i = 0; i < tree->n; i++)
        CHECK(leaf_compare(&tree->leaves[i], &sorted[tree->begin + i]) == 0 &&
              tree->leaves[i].sample == sorted[tree->begin + i].sample);
    CHECK(tree->begin % GROUP_LEAVES == 0 || tree->n == 0);
    CHECK(tree->n_node == tree->n / GROUP_LEAVES);
    for (int64_t g = 0; g < tree->n_node; g++) {
        struct hash hashes[GROUP_LEAVES], root;
        for (int k = 0; k < GROUP_LEAVES; k++)
            merkle_leaf(&tree->leaves[g * GROUP_LEAVES + k], LEAF_BYTES, &hashes[k]);
        root = defined_root(hashes, GROUP_LEAVES);
        CHECK(hash_equal(&root, &tree->nodes[g]));
    }
}

static void test_tree(int64_t n, int64_t n_key)
{
    struct leaf *sorted = make_sorted(n, n_key), *own = memory_allocate(n, sizeof *own);
    struct hash *hashes = memory_allocate(n, sizeof *hashes), root;
    struct usage_tree tree = {0};
    int64_t n_own = 0, n_seen = 0;
    for (int64_t i = 0; i < n; i++) /* dealt out so that some ranks have much, and the last one nothing */
        if ((i * i / 3) % (size > 1 ? size - 1 : 1) == rank)
            own[n_own++] = make_leaf(i, n_key);
    for (int64_t i = 0; i < n; i++)
        leaf_hash(&sorted[i], &hashes[i]);
    if (n > 0)
        root = defined_root(hashes, n);
    else
        merkle_empty(&root);
    CHECK(usage_tree_build(MPI_COMM_WORLD, own, n_own, &tree) == STATUS_OK);
    CHECK(tree.summary.size == n && hash_equal(&tree.summary.root, &root));
    check_part(&tree, sorted);
    MPI_Allreduce(&tree.n, &n_seen, 1, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
    CHECK(n_seen == n);
    usage_tree_clear(&tree);
    memory_free(sorted);
    memory_free(hashes);
}

/* Two equal leaves, next to each other or on both sides of a rank's end. */
static void test_repeated(int64_t n, int64_t which)
{
    struct leaf *sorted = make_sorted(n, 0), *own = memory_allocate(n + 1, sizeof *own);
    struct usage_tree tree = {0};
    int64_t n_own = 0;
    for (int64_t i = rank; i < n; i += size)
        own[n_own++] = sorted[i];
    if (rank == size - 1)
        own[n_own++] = sorted[which];
    CHECK_FAILS(usage_tree_build(MPI_COMM_WORLD, own, n_own, &tree), BAD_RUN, "the same id and the same content");
    usage_tree_clear(&tree);
    memory_free(sorted);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    static const int64_t sizes[] = {0, 1, 2, 255, 256, 257, 1000, 5000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        test_tree(sizes[i], 0);
        test_tree(sizes[i], 1);
        test_tree(sizes[i], 3);
    }
    test_tree(40000, 0); /* more than are sorted at once */
    test_tree(20000, 1);
    for (int64_t which = 250; which < 260; which++)
        test_repeated(600, which);
    test_repeated(1, 0);
    int code = check_end_mpi(MPI_COMM_WORLD);
    MPI_Finalize();
    return code;
}
