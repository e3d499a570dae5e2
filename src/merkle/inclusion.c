#include "merkle/inclusion.h"

enum status inclusion_make(merkle_source *source, void *context, int64_t index, int64_t size,
                           struct merkle_proof *proof)
{
    ASSERT(index >= 0 && index < size);
    struct merkle_proof path = {0}; /* from the root down */
    for (int64_t begin = 0, end = size; end - begin > 1;) {
        int64_t middle = begin + merkle_split(end - begin);
        bool goes_left = index < middle;
        enum status status =
            merkle_proof_add(&path, source, context, goes_left ? middle : begin, goes_left ? end : middle);
        if (status != STATUS_OK)
            return status;
        if (goes_left)
            end = middle;
        else
            begin = middle;
    }
    proof->n = path.n;
    for (int i = 0; i < path.n; i++) /* proofs list them from the leaf up */
        proof->hashes[i] = path.hashes[path.n - 1 - i];
    return STATUS_OK;
}

bool inclusion_holds(const struct merkle_proof *proof, const struct hash *leaf, int64_t index, int64_t size,
                     const struct hash *root)
{
    if (index < 0 || index >= size)
        return false;
    int64_t node = index, last = size - 1; /* at the height reached so far */
    struct hash hash = *leaf;
    for (int i = 0; i < proof->n; i++) {
        if (last == 0)
            return false; /* a hash too many */
        if (node % 2 == 1 || node == last) {
            merkle_node(&proof->hashes[i], &hash, &hash);
            while (node % 2 == 0 && node != 0) {
                node /= 2;
                last /= 2;
            }
        } else {
            merkle_node(&hash, &proof->hashes[i], &hash);
        }
        node /= 2;
        last /= 2;
    }
    return last == 0 && hash_equal(&hash, root);
}
