#include "seal/proof.h"

#include <string.h>

#include "base/cursor.h"
#include "base/memory.h"
#include "merkle/inclusion.h"
#include "seal/entry.h"

void proof_init(struct proof *proof)
{
    *proof = (struct proof){0};
    text_init(&proof->entry);
    text_init(&proof->checkpoint);
}

void proof_clear(struct proof *proof)
{
    text_clear(&proof->entry);
    text_clear(&proof->checkpoint);
}

void proof_write(const struct proof *proof, struct text *text)
{
    text_add(text, "c2sp.org/tlog-proof@v1\nextra ");
    base64_encode(text, proof->entry.bytes, proof->entry.length);
    text_add(text, "\nindex %lld\n", (long long)proof->index);
    for (int i = 0; i < proof->path.n; i++) {
        base64_encode(text, proof->path.hashes[i].bytes, DIGEST_BYTES);
        text_add(text, "\n");
    }
    text_add(text, "\n");
    text_add_bytes(text, proof->checkpoint.bytes, proof->checkpoint.length);
}

static void take_entry(struct cursor *cursor, struct proof *proof)
{
    uint8_t bytes[ENTRY_MAX_BYTES];
    const char *base64;
    size_t n;
    cursor_until(cursor, '\n', &base64, &n);
    int64_t length = cursor->ok ? base64_decode(base64, n, bytes, sizeof bytes) : -1;
    cursor->ok = length >= 0;
    if (cursor->ok)
        text_add_bytes(&proof->entry, bytes, (size_t)length);
}

static void take_path(struct cursor *cursor, struct merkle_proof *path)
{
    while (cursor->ok && !cursor_sees(cursor, "\n")) {
        const char *base64;
        size_t n;
        cursor_until(cursor, '\n', &base64, &n);
        cursor->ok = cursor->ok && path->n < MERKLE_MAX_PROOF &&
                     base64_decode(base64, n, path->hashes[path->n].bytes, DIGEST_BYTES) == DIGEST_BYTES;
        path->n += cursor->ok;
    }
    cursor_literal(cursor, "\n");
}

static bool parse(const char *bytes, size_t n, struct proof *proof)
{
    struct cursor cursor;
    cursor_init(&cursor, bytes, n);
    cursor_literal(&cursor, "c2sp.org/tlog-proof@v1\nextra ");
    take_entry(&cursor, proof);
    cursor_literal(&cursor, "index ");
    cursor_integer(&cursor, &proof->index);
    cursor_literal(&cursor, "\n");
    take_path(&cursor, &proof->path);
    if (cursor.ok)
        text_add_bytes(&proof->checkpoint, cursor.at, (size_t)(cursor.end - cursor.at));
    return cursor.ok;
}

static enum status check(const struct proof *proof, const struct verify_key *key, const char *where,
                         struct log_checkpoint *checkpoint)
{
    enum status status = checkpoint_verify(proof->checkpoint.bytes, proof->checkpoint.length, key, where, checkpoint);
    if (status != STATUS_OK)
        return status == BAD_RUN ? fail(BAD_INPUT, "%s", failure_sentence()) : status;
    struct hash leaf;
    merkle_leaf(proof->entry.bytes, proof->entry.length, &leaf);
    if (!inclusion_holds(&proof->path, &leaf, proof->index, checkpoint->size, &checkpoint->root))
        return fail(DIFFERS,
                    "%s: the entry, its index and the %d hashes do not lead to the signed root: the proof is false or "
                    "damaged",
                    where, proof->path.n);
    return STATUS_OK;
}

enum status proof_verify(const char *bytes, size_t n, const struct verify_key *key, const char *where,
                         struct proof *proof, struct log_checkpoint *checkpoint)
{
    struct proof found;
    proof_init(&found);
    enum status status = parse(bytes, n, &found)
                             ? check(&found, key, where, checkpoint)
                             : fail(BAD_INPUT,
                                    "%s: expected a proof file (c2sp.org/tlog-proof@v1 with an entry), found "
                                    "something else: the file is damaged or no proof",
                                    where);
    if (status == STATUS_OK)
        *proof = found;
    else
        proof_clear(&found);
    return status;
}
