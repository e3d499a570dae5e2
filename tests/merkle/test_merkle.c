/* Roots are those that two independent implementations gave; proofs hold for every pair of sizes, and for nothing else.
 */
#include "base/text.h"
#include "check.h"
#include "merkle/consistency.h"
#include "merkle/inclusion.h"
#include "tree.h"

static const struct {
    int64_t n;
    const char *root;
} known[] = {
    {0, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="},     {1, "PnB3/S9m1ongzuanz1s3vy3KfJea81bQoxy8XIVgXH0="},
    {2, "p9kYlLYfv0Y3jYjj4bH3rvOVMsUEtIS9MVUdFeCgnf8="},     {3, "m0ll+LIgukL3A5rQeByWbPkLsa6hWoBYbWNLMiqx9M4="},
    {7, "Rc6n7cqVQ+5VdaV3TQ2PqTIai+CEs/tlf6T20HGjyUw="},     {255, "uzuXQ+CBGOpYOud98EoUSaBgHN5vdRRtecLKtjZs4hA="},
    {256, "FeLdSXOuRN6MjPMEj9mNF62q6mKH9OBgalWmQ2F0CMA="},   {257, "1BjAhzJZvOfQVhqwBEhhEkFsHESQhlQVNCv+BuZzFGw="},
    {65537, "qQG7RHpLTDYc31WWWPJ/JKij67xJJXxHLv6VCTLUhTo="}, {1000000, "jtCAXbobBqxhoKL9djArvf9pr3MF/o3Rbh3QXOPqMpU="}};

static void test_roots(const struct hash *leaves)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct hash root;
        struct text text;
        text_init(&text);
        merkle_root(leaves, known[i].n, &root);
        base64_encode(&text, root.bytes, DIGEST_BYTES);
        CHECK(strcmp(text.bytes, known[i].root) == 0);
        text_clear(&text);
    }
    for (int64_t n = 1; n <= 70; n++) {
        struct hash root, defined = defined_root(leaves, n);
        merkle_root(leaves, n, &root);
        CHECK(hash_equal(&root, &defined));
    }
}

/* The proof with one bit changed, with a hash more and a hash less, and with another index, size or leaf. */
static void test_false_inclusion(const struct merkle_proof *proof, const struct hash *leaves, int64_t index,
                                 int64_t size, const struct hash *root)
{
    for (int i = 0; i < proof->n; i++) {
        struct merkle_proof wrong = *proof;
        wrong.hashes[i].bytes[(index + i) % DIGEST_BYTES] ^= 16;
        CHECK(!inclusion_holds(&wrong, &leaves[index], index, size, root));
    }
    struct merkle_proof longer = *proof, shorter = *proof;
    longer.hashes[longer.n++] = *root;
    CHECK(!inclusion_holds(&longer, &leaves[index], index, size, root));
    shorter.n--;
    CHECK(proof->n == 0 || !inclusion_holds(&shorter, &leaves[index], index, size, root));
    CHECK(!inclusion_holds(proof, &leaves[index], index ^ 1, size, root));
    CHECK(!inclusion_holds(proof, &leaves[index], -1, size, root));
    CHECK(!inclusion_holds(proof, &leaves[index], size, size, root));
    CHECK(!inclusion_holds(proof, &leaves[index], index, 0, root));
    CHECK(!inclusion_holds(proof, root, index, size, root) || size == 1);
    CHECK(!inclusion_holds(proof, &leaves[index], index, size, &leaves[size]));
}

static void test_inclusion(struct hash *leaves, int64_t size)
{
    struct hash root;
    merkle_root(leaves, size, &root);
    for (int64_t index = 0; index < size; index++) {
        struct merkle_proof proof;
        CHECK(inclusion_make(leaf_source, leaves, index, size, &proof) == STATUS_OK);
        CHECK(inclusion_holds(&proof, &leaves[index], index, size, &root));
        test_false_inclusion(&proof, leaves, index, size, &root);
    }
}

static void test_consistency(struct hash *leaves, int64_t size)
{
    struct hash root, old_root;
    merkle_root(leaves, size, &root);
    for (int64_t old = 1; old <= size; old++) {
        struct merkle_proof proof;
        merkle_root(leaves, old, &old_root);
        CHECK(consistency_make(leaf_source, leaves, old, size, &proof) == STATUS_OK);
        CHECK(consistency_holds(&proof, old, &old_root, size, &root));
        for (int i = 0; i < proof.n; i++) {
            struct merkle_proof wrong = proof;
            wrong.hashes[i].bytes[old % DIGEST_BYTES] ^= 1;
            CHECK(!consistency_holds(&wrong, old, &old_root, size, &root));
        }
        struct merkle_proof longer = proof, shorter = proof;
        longer.hashes[longer.n++] = root;
        CHECK(!consistency_holds(&longer, old, &old_root, size, &root));
        shorter.n--;
        CHECK(proof.n == 0 || !consistency_holds(&shorter, old, &old_root, size, &root));
        CHECK(!consistency_holds(&proof, 0, &old_root, size, &root));
        CHECK(!consistency_holds(&proof, old, &old_root, old - 1, &root));
        CHECK(old == size || !consistency_holds(&proof, old, &root, size, &old_root));
    }
}

int main(void)
{
    struct hash *leaves = leaves_of(1000001);
    test_roots(leaves);
    for (int64_t size = 1; size <= 70; size++) {
        test_inclusion(leaves, size);
        test_consistency(leaves, size);
    }
    for (int level = 2; level < 40; level++) {
        int64_t power = (int64_t)1 << level;
        CHECK(merkle_split(power) == power / 2 && merkle_split(power + 1) == power &&
              merkle_split(power - 1) == power / 2);
    }
    memory_free(leaves);
    return check_end();
}
