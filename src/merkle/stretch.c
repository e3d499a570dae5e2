#include "merkle/stretch.h"

/* A walk over the tree as it splits, from left to right. */
struct making {
    merkle_source *source;
    void *context;
    int64_t begin, end; /* the stretch */
    struct stretch_proof *proof;
};

static enum status add_outside(const struct making *making, int64_t first, int64_t last)
{
    if (first >= making->begin && last <= making->end)
        return STATUS_OK; /* within the stretch: who checks has these leaves */
    if (last <= making->begin || first >= making->end) {
        ASSERT(making->proof->n < STRETCH_MAX_PROOF);
        return merkle_span(making->source, making->context, first, last, &making->proof->hashes[making->proof->n++]);
    }
    int64_t middle = first + merkle_split(last - first);
    enum status status = add_outside(making, first, middle);
    return status == STATUS_OK ? add_outside(making, middle, last) : status;
}

enum status stretch_make(merkle_source *source, void *context, int64_t begin, int64_t end, int64_t size,
                         struct stretch_proof *proof)
{
    ASSERT(begin >= 0 && begin < end && end <= size);
    const struct making making = {source, context, begin, end, proof};
    proof->n = 0;
    return add_outside(&making, 0, size);
}

struct folding {
    const struct stretch_proof *proof;
    const struct hash *leaves;
    int64_t begin, end;
    int n_used;    /* hashes of the proof */
    bool is_short; /* it had too few */
};

static void fold(struct folding *folding, int64_t first, int64_t last, struct hash *hash)
{
    if (last <= folding->begin || first >= folding->end) {
        folding->is_short = folding->is_short || folding->n_used == folding->proof->n;
        *hash = folding->is_short ? (struct hash){0} : folding->proof->hashes[folding->n_used++];
        return;
    }
    if (last - first == 1) {
        *hash = folding->leaves[first - folding->begin];
        return;
    }
    struct hash right;
    int64_t middle = first + merkle_split(last - first);
    fold(folding, first, middle, hash);
    fold(folding, middle, last, &right);
    merkle_node(hash, &right, hash);
}

bool stretch_holds(const struct stretch_proof *proof, const struct hash *leaves, int64_t begin, int64_t end,
                   int64_t size, const struct hash *root)
{
    if (begin < 0 || begin >= end || end > size)
        return false;
    struct folding folding = {.proof = proof, .leaves = leaves, .begin = begin, .end = end};
    struct hash hash;
    fold(&folding, 0, size, &hash);
    return !folding.is_short && folding.n_used == proof->n && hash_equal(&hash, root);
}
