#include "seal/seal.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "seal/content.h"
#include "seal/entry.h"
#include "seal/sample_proof.h"
#include "tensor/tensor.h"

/* Digest of what an input entry speaks of, in a file that may have another name by now. */
static enum status hash_segment(const struct entry *entry, const char *content_path, uint8_t sha256[DIGEST_BYTES])
{
    struct segment segment = {.path = (char *)content_path,
                              .object = (char *)entry->object,
                              .kind = entry->segment,
                              .offset = entry->offset,
                              .bytes = entry->bytes,
                              .row_first = entry->row_first,
                              .n_row = entry->n_row};
    enum status status = segment_hash("", &segment);
    memcpy(sha256, segment.sha256, DIGEST_BYTES);
    return status;
}

static enum status hash_content(const struct entry *entry, const char *content_path, uint8_t sha256[DIGEST_BYTES])
{
    int64_t size;
    enum status status = file_size(content_path, &size);
    if (status != STATUS_OK)
        return status;
    if (entry->kind == ENTRY_INPUT)
        return hash_segment(entry, content_path, sha256);
    if (entry->kind != ENTRY_CONFIG && entry->kind != ENTRY_CHUNK)
        return fail(BAD_USAGE, "%s: the entry proved is about no content; check the proof without a file",
                    content_path);
    if (size != entry->bytes)
        return fail(DIFFERS, "%s: expected exactly the %lld bytes that the entry speaks of, found a file of %lld",
                    content_path, (long long)entry->bytes, (long long)size);
    return content_hash(content_path, 0, size, sha256);
}

static enum status check_content(const struct entry *entry, const char *content_path)
{
    uint8_t sha256[DIGEST_BYTES];
    enum status status = hash_content(entry, content_path, sha256);
    if (status == STATUS_OK && memcmp(sha256, entry->sha256, DIGEST_BYTES) != 0)
        status = fail(DIFFERS, "%s: the content is not what the proof speaks of", content_path);
    return status;
}

static void tell(const struct proof *proof, const struct entry *entry, const struct log_checkpoint *checkpoint,
                 const char *content_path, struct text *summary)
{
    text_add(summary, "proved: entry %lld of the %lld entries signed by %s under the root ", (long long)proof->index,
             (long long)checkpoint->size, checkpoint->origin);
    base64_encode(summary, checkpoint->root.bytes, DIGEST_BYTES);
    text_add(summary, "\n  what it is about: ");
    entry_describe(entry, summary);
    text_add(summary, "\n  what it says:\n");
    for (const char *line = proof->entry.bytes; *line;) {
        size_t n = strcspn(line, "\n");
        text_add(summary, "    ");
        text_add_bytes(summary, line, n + 1);
        line += n + 1;
    }
    if (content_path != NULL)
        text_add(summary, "  %s: the bytes that the entry speaks of are as proved; others were not compared\n",
                 content_path);
}

/* A proof of use or of non-use. */
static enum status verify_sample(const char *bytes, size_t n, const struct verify_key *key, const char *proof_path,
                                 const char *content_path, struct text *summary)
{
    struct sample_proof proof;
    uint8_t sha256[DIGEST_BYTES];
    enum status status = sample_proof_verify(bytes, n, key, proof_path, &proof);
    if (status != STATUS_OK)
        return status;
    if (content_path != NULL)
        status = content_hash(content_path, 0, -1, sha256);
    if (status == STATUS_OK && content_path != NULL && memcmp(sha256, proof.usage.content, DIGEST_BYTES) != 0)
        status = fail(DIFFERS, "%s: the content is not what the proof speaks of", content_path);
    if (status == STATUS_OK)
        status = sample_proof_tell(&proof, proof_path, content_path, summary);
    sample_proof_clear(&proof);
    return status;
}

enum status verify_proof(const char *proof_path, const char *vkey, const char *content_path, struct text *summary)
{
    struct verify_key key;
    struct proof proof;
    struct log_checkpoint checkpoint;
    struct entry entry;
    char *bytes = NULL;
    size_t n = 0;
    enum status status = verify_key_find(vkey, &key);
    if (status == STATUS_OK)
        status = file_load(proof_path, USAGE_MAX_PROOF_BYTES, &bytes, &n);
    if (status == STATUS_OK && is_sample_proof(bytes, n)) {
        status = verify_sample(bytes, n, &key, proof_path, content_path, summary);
        memory_free(bytes);
        return status;
    }
    if (status == STATUS_OK)
        status = proof_verify(bytes, n, &key, proof_path, &proof, &checkpoint);
    memory_free(bytes);
    if (status != STATUS_OK)
        return status;
    if (entry_parse(proof.entry.bytes, proof.entry.length, proof_path, &entry) != STATUS_OK) {
        status = fail(BAD_INPUT, "%s", failure_sentence());
    } else {
        if (content_path != NULL)
            status = check_content(&entry, content_path);
        if (status == STATUS_OK)
            tell(&proof, &entry, &checkpoint, content_path, summary);
        entry_clear(&entry);
    }
    proof_clear(&proof);
    return status;
}
