/* Any stretch of leaves of any small tree can be proved to lie where it lies, and nowhere else. */
#include "check.h"
#include "merkle/inclusion.h"
#include "merkle/stretch.h"
#include "merkle/tree.h"

enum { LARGEST = 21 };

static struct hash *leaves;

static void test_stretch(int64_t begin, int64_t end, int64_t size)
{
    const struct hash root = defined_root(leaves, size);
    struct stretch_proof proof;
    CHECK(stretch_make(leaf_source, leaves, begin, end, size, &proof) == STATUS_OK);
    CHECK(stretch_holds(&proof, leaves + begin, begin, end, size, &root));
    CHECK(!stretch_holds(&proof, leaves + begin, begin + 1, end + 1, size, &root));
    CHECK(!stretch_holds(&proof, leaves + begin, begin - 1, end - 1, size, &root));
    CHECK(!stretch_holds(&proof, leaves + begin + 1, begin, end, size, &root));
    CHECK(!stretch_holds(&proof, leaves + begin, begin, begin, size, &root));
    CHECK(end - begin == 1 || !stretch_holds(&proof, leaves + begin, begin, end - 1, size, &root));
    proof.n++; /* a hash too many */
    proof.hashes[proof.n - 1] = leaves[0];
    CHECK(!stretch_holds(&proof, leaves + begin, begin, end, size, &root));
    proof.n -= 2; /* one too few */
    CHECK(proof.n < 0 || !stretch_holds(&proof, leaves + begin, begin, end, size, &root));
    for (int i = 0; i <= proof.n; i++) {
        struct stretch_proof wrong = proof;
        wrong.n++;
        wrong.hashes[i].bytes[31] ^= 1;
        CHECK(!stretch_holds(&wrong, leaves + begin, begin, end, size, &root));
    }
}

/* One leaf needs the hashes of an inclusion proof, in another order. */
static void test_one_leaf(int64_t index, int64_t size)
{
    struct stretch_proof stretch;
    struct merkle_proof inclusion;
    CHECK(stretch_make(leaf_source, leaves, index, index + 1, size, &stretch) == STATUS_OK);
    CHECK(inclusion_make(leaf_source, leaves, index, size, &inclusion) == STATUS_OK);
    CHECK(stretch.n == inclusion.n);
    for (int i = 0; i < stretch.n; i++) {
        int n_same = 0;
        for (int k = 0; k < inclusion.n; k++)
            n_same += hash_equal(&stretch.hashes[i], &inclusion.hashes[k]);
        CHECK(n_same == 1);
    }
}

static enum status no_source(void *context, int level, int64_t index, struct hash *hash)
{
    (void)context;
    (void)hash;
    return fail(BAD_RUN, "no node %d %lld", level, (long long)index);
}

int main(void)
{
    leaves = leaves_of(LARGEST + 1);
    for (int64_t size = 1; size <= LARGEST; size++)
        for (int64_t begin = 0; begin < size; begin++) {
            test_one_leaf(begin, size);
            for (int64_t end = begin + 1; end <= size; end++)
                test_stretch(begin, end, size);
        }
    struct stretch_proof proof;
    CHECK_FAILS(stretch_make(no_source, NULL, 1, 2, 3, &proof), BAD_RUN, "no node");
    memory_free(leaves);
    return check_end();
}
