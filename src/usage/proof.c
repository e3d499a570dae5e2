#include "usage/proof.h"

#include <string.h>

#include "base/cursor.h"
#include "base/memory.h"

void usage_proof_init(struct usage_proof *proof)
{
    *proof = (struct usage_proof){0};
}

void usage_proof_clear(struct usage_proof *proof)
{
    for (int64_t i = 0; i < proof->n_record; i++)
        text_clear(&proof->records[i]);
    memory_free(proof->records);
    usage_proof_init(proof);
}

void usage_proof_add_record(struct usage_proof *proof, const char *bytes, size_t n)
{
    enum { FIRST = 4 };
    if (proof->n_record == 0)
        proof->records = memory_allocate(FIRST, sizeof *proof->records);
    else if (proof->n_record >= FIRST && (proof->n_record & (proof->n_record - 1)) == 0) /* a full power of two */
        proof->records = memory_resize(proof->records, proof->n_record, 2 * proof->n_record, sizeof *proof->records);
    struct text *record = &proof->records[proof->n_record++];
    text_init(record);
    text_add_bytes(record, bytes, n);
}

static void write_hex(const char *name, const uint8_t bytes[DIGEST_BYTES], struct text *text)
{
    char hex[2 * DIGEST_BYTES + 1];
    hex_encode(bytes, DIGEST_BYTES, hex);
    text_add(text, "%s %s\n", name, hex);
}

static void write_leaf(const char *name, const struct leaf *leaf, struct text *text)
{
    text_add(text, "%s ", name);
    base64_encode(text, leaf, LEAF_BYTES);
    text_add(text, "\n");
}

void usage_proof_write(const struct usage_proof *proof, struct text *text)
{
    text_add(text, USAGE_PROOF_HEAD);
    write_hex("content", proof->content, text);
    write_hex("key", proof->key, text);
    text_add(text, "place %lld\n", (long long)proof->place);
    if (proof->has_before)
        write_leaf("before", &proof->before, text);
    for (int64_t i = 0; i < proof->n_record; i++) {
        text_add(text, "record %zu\n", proof->records[i].length);
        text_add_bytes(text, proof->records[i].bytes, proof->records[i].length);
    }
    if (proof->has_after)
        write_leaf("after", &proof->after, text);
    for (int i = 0; i < proof->path.n; i++) {
        base64_encode(text, proof->path.hashes[i].bytes, DIGEST_BYTES);
        text_add(text, "\n");
    }
    text_add(text, "\n");
}

static void take_hex(struct cursor *cursor, const char *name, uint8_t bytes[DIGEST_BYTES])
{
    cursor_literal(cursor, name);
    cursor_hex(cursor, bytes, DIGEST_BYTES);
    cursor_literal(cursor, "\n");
}

static void take_base64(struct cursor *cursor, uint8_t *bytes, size_t n_byte)
{
    const char *base64;
    size_t n;
    cursor_until(cursor, '\n', &base64, &n);
    cursor->ok = cursor->ok && base64_decode(base64, n, bytes, n_byte) == (int64_t)n_byte;
}

static bool take_leaf(struct cursor *cursor, const char *name, struct leaf *leaf)
{
    uint8_t bytes[LEAF_BYTES];
    if (!cursor_sees(cursor, name))
        return false;
    cursor_literal(cursor, name);
    take_base64(cursor, bytes, sizeof bytes);
    if (cursor->ok)
        memcpy(leaf, bytes, sizeof bytes);
    return true;
}

static void take_records(struct cursor *cursor, struct usage_proof *proof)
{
    while (cursor_sees(cursor, "record ")) {
        int64_t n = 0;
        cursor_literal(cursor, "record ");
        cursor_integer(cursor, &n);
        cursor_literal(cursor, "\n");
        cursor->ok = cursor->ok && n <= cursor->end - cursor->at && proof->n_record < USAGE_MAX_RECORDS;
        if (!cursor->ok)
            return;
        usage_proof_add_record(proof, cursor->at, (size_t)n);
        cursor->at += n;
    }
}

enum status usage_proof_parse(const char *bytes, size_t n, const char *where, struct usage_proof *proof, size_t *n_used)
{
    struct cursor cursor;
    cursor_init(&cursor, bytes, n);
    cursor_literal(&cursor, USAGE_PROOF_HEAD);
    take_hex(&cursor, "content ", proof->content);
    take_hex(&cursor, "key ", proof->key);
    cursor_literal(&cursor, "place ");
    cursor_integer(&cursor, &proof->place);
    cursor_literal(&cursor, "\n");
    proof->has_before = take_leaf(&cursor, "before ", &proof->before);
    take_records(&cursor, proof);
    proof->has_after = take_leaf(&cursor, "after ", &proof->after);
    while (cursor.ok && !cursor_sees(&cursor, "\n")) {
        cursor.ok = proof->path.n < STRETCH_MAX_PROOF;
        if (cursor.ok)
            take_base64(&cursor, proof->path.hashes[proof->path.n++].bytes, DIGEST_BYTES);
    }
    cursor_literal(&cursor, "\n");
    if (!cursor.ok)
        return fail(BAD_INPUT,
                    "%s: expected a proof about a sample ("
                    "assay/sample-proof/v1), found something else: the file is "
                    "damaged or no such proof",
                    where);
    *n_used = (size_t)(cursor.at - bytes);
    return STATUS_OK;
}

/* The leaves that the proof shows, hashed in order; the caller owns them. */
static struct hash *hash_shown(const struct usage_proof *proof, const struct usage_summary *summary, int64_t *n)
{
    struct hash *hashes = memory_allocate(proof->n_record + 2, sizeof *hashes);
    *n = 0;
    if (proof->has_before)
        leaf_hash(&proof->before, &hashes[(*n)++]);
    for (int64_t i = 0; i < proof->n_record; i++) {
        struct leaf leaf;
        memcpy(leaf.key, proof->key, DIGEST_BYTES);
        usage_record_digest(summary->salt, proof->content, proof->records[i].bytes, proof->records[i].length,
                            leaf.record);
        leaf_hash(&leaf, &hashes[(*n)++]);
    }
    if (proof->has_after)
        leaf_hash(&proof->after, &hashes[(*n)++]);
    return hashes;
}

/* Whether the shown leaves are at their places in the tree, with nothing left out between them. */
static bool is_in_tree(const struct usage_proof *proof, const struct usage_summary *summary)
{
    int64_t n, begin = proof->place - proof->has_before;
    struct hash empty, *hashes = hash_shown(proof, summary, &n);
    merkle_empty(&empty);
    bool holds = summary->size == 0
                     ? n == 0 && proof->path.n == 0 && hash_equal(&summary->root, &empty)
                     : n > 0 && stretch_holds(&proof->path, hashes, begin, begin + n, summary->size, &summary->root);
    memory_free(hashes);
    return holds;
}

enum status usage_proof_check(const struct usage_proof *proof, const struct usage_summary *summary, const char *where)
{
    uint8_t key[DIGEST_BYTES];
    const char *fault = NULL;
    usage_key(summary->salt, proof->content, key);
    if (memcmp(key, proof->key, DIGEST_BYTES) != 0)
        fault = "the key is not that of the content under the run's salt";
    else if (proof->place > summary->size || proof->n_record > summary->size - proof->place)
        fault = "its leaves lie beyond the end of the tree";
    else if (proof->has_before != (proof->place > 0) ||
             proof->has_after != (proof->place + proof->n_record < summary->size))
        fault = "a leaf beside the place of the key is missing, or one too many is there";
    else if ((proof->has_before && memcmp(proof->before.key, key, DIGEST_BYTES) >= 0) ||
             (proof->has_after && memcmp(proof->after.key, key, DIGEST_BYTES) <= 0))
        fault = "the key does not lie between the leaves beside it";
    else if (!is_in_tree(proof, summary))
        fault = "its leaves, their place and the hashes do not lead to the root of the samples";
    return fault == NULL ? STATUS_OK : fail(DIFFERS, "%s: %s: the proof is false or damaged", where, fault);
}
