#include "merkle/consistency.h"

enum status consistency_make(merkle_source *source, void *context, int64_t old_size, int64_t size,
                             struct merkle_proof *proof)
{
    ASSERT(old_size > 0 && old_size <= size);
    struct merkle_proof path = {0}; /* from the root down */
    int64_t begin = 0, end = size;
    bool is_old_root = true; /* leaves [begin, old_size) are the whole old tree, whose root the reader has */
    enum status status = STATUS_OK;
    while (status == STATUS_OK && old_size < end) {
        int64_t middle = begin + merkle_split(end - begin);
        if (old_size <= middle) {
            status = merkle_proof_add(&path, source, context, middle, end);
            end = middle;
        } else {
            status = merkle_proof_add(&path, source, context, begin, middle);
            begin = middle;
            is_old_root = false;
        }
    }
    if (status == STATUS_OK && !is_old_root)
        status = merkle_proof_add(&path, source, context, begin, end);
    if (status != STATUS_OK)
        return status;
    proof->n = path.n;
    for (int i = 0; i < path.n; i++)
        proof->hashes[i] = path.hashes[path.n - 1 - i];
    return STATUS_OK;
}

bool consistency_holds(const struct merkle_proof *proof, int64_t old_size, const struct hash *old_root, int64_t size,
                       const struct hash *root)
{
    if (old_size <= 0 || old_size > size)
        return false;
    if (old_size == size)
        return proof->n == 0 && hash_equal(old_root, root);
    int64_t node = old_size - 1, last = size - 1;
    while (node % 2 == 1) {
        node /= 2;
        last /= 2;
    }
    /* If the old tree is perfect (node is now 0) the path starts at its root, which is not part of the proof. */
    int next = 0;
    if (node != 0 && proof->n == 0)
        return false;
    struct hash old_hash = node == 0 ? *old_root : proof->hashes[next++], new_hash = old_hash;
    for (; next < proof->n; next++) {
        if (last == 0)
            return false;
        if (node % 2 == 1 || node == last) {
            merkle_node(&proof->hashes[next], &old_hash, &old_hash);
            merkle_node(&proof->hashes[next], &new_hash, &new_hash);
            while (node % 2 == 0 && node != 0) {
                node /= 2;
                last /= 2;
            }
        } else {
            merkle_node(&new_hash, &proof->hashes[next], &new_hash);
        }
        node /= 2;
        last /= 2;
    }
    return last == 0 && hash_equal(&old_hash, old_root) && hash_equal(&new_hash, root);
}
