#include "usage/prove.h"

#include <string.h>

#include "base/memory.h"

/* Looks through ids [first, first + n); *found is the line of the sample, or stays. */
static enum status search_ids(const struct usage_source *source, int64_t first, int64_t n, const char *id, size_t n_id,
                              int64_t *found)
{
    char *ids = memory_allocate_raw(n, (size_t)source->id_bytes);
    enum status status = table_read(source->lineage, "/samples/id", first, n, ids);
    for (int64_t i = 0; i < n && status == STATUS_OK && *found < 0; i++) {
        const char *candidate = ids + i * source->id_bytes;
        if (memcmp(candidate, id, n_id) == 0 && padded_length(candidate, source->id_bytes) == n_id)
            *found = first + i;
    }
    memory_free(ids);
    return status;
}

static enum status tell_unknown(const struct usage_source *source, const char *id, size_t n_id)
{
    enum { SHOWN = 200 };
    struct text name;
    text_init(&name);
    usage_add_name(&name, id, n_id < SHOWN ? n_id : SHOWN);
    enum status status =
        fail(BAD_USAGE,
             "there is no sample with the id %s%s among the %lld of lineage.h5; to prove that a content was not used, "
             "give the content itself: --content FILE",
             name.bytes, n_id > SHOWN ? " (and so on)" : "", (long long)source->n_sample);
    text_clear(&name);
    return status;
}

enum status usage_find_sample(const struct usage_prover *prover, const char *id, uint8_t content[DIGEST_BYTES])
{
    const struct usage_source *source = &prover->source;
    size_t n_id = strlen(id);
    int64_t step = usage_block_rows(source), found = -1;
    uint8_t has_content = 0;
    enum status status = STATUS_OK;
    bool may_be = n_id > 0 && n_id <= (size_t)source->id_bytes;
    for (int64_t first = 0; may_be && first < source->n_sample && found < 0 && status == STATUS_OK; first += step) {
        int64_t left = source->n_sample - first;
        status = search_ids(source, first, left < step ? left : step, id, n_id, &found);
    }
    if (status != STATUS_OK)
        return status;
    if (found < 0)
        return tell_unknown(source, id, n_id);
    status = table_read(source->lineage, "/samples/has_content", found, 1, &has_content);
    if (status == STATUS_OK && !has_content)
        return fail(BAD_USAGE,
                    "sample %.200s has no content digest, and so no leaf: nothing can be proved of it; give samples a "
                    "key sha256 in the samples file",
                    id);
    return status == STATUS_OK ? table_read(source->lineage, "/samples/content", found, 1, content) : status;
}

enum status usage_prover_open(const char *run_directory, const struct usage_summary *summary,
                              struct usage_prover *prover)
{
    *prover = (struct usage_prover){.summary = *summary};
    enum status status = usage_stored_open(run_directory, summary->size, &prover->stored);
    return status == STATUS_OK ? usage_source_open(run_directory, summary->scored > 0, &prover->source) : status;
}

void usage_prover_close(struct usage_prover *prover)
{
    usage_source_close(&prover->source);
    usage_stored_close(&prover->stored);
}

/* Where the leaves with the key begin, and how many there are. */
static enum status find_leaves(const struct usage_stored *stored, struct usage_proof *proof, int64_t *n)
{
    struct leaf last; /* after all with the key */
    int64_t end = 0;
    memcpy(last.key, proof->key, DIGEST_BYTES);
    memset(last.record, 0xff, DIGEST_BYTES);
    enum status status = usage_stored_find(stored, proof->key, DIGEST_BYTES, &proof->place);
    if (status == STATUS_OK)
        status = usage_stored_find(stored, &last, LEAF_BYTES, &end);
    *n = end - proof->place;
    if (status == STATUS_OK && *n > USAGE_MAX_RECORDS)
        status = fail(BAD_USAGE, "%lld samples have this content: a proof holds the records of %d at most",
                      (long long)*n, USAGE_MAX_RECORDS);
    return status;
}

static enum status add_records(const struct usage_source *source, const struct usage_stored *stored, int64_t n,
                               struct usage_proof *proof)
{
    struct leaf *leaves = memory_allocate(n, sizeof *leaves);
    struct text record;
    size_t n_byte = 0;
    text_init(&record);
    enum status status = usage_stored_leaves(stored, proof->place, n, leaves);
    for (int64_t i = 0; i < n && status == STATUS_OK; i++) {
        struct usage_block block;
        record.length = 0;
        status = usage_block_read(source, leaves[i].sample, 1, &block);
        if (status == STATUS_OK)
            status = usage_block_record(source, &block, 0, &record);
        usage_block_clear(&block);
        n_byte += record.length;
        if (status == STATUS_OK && n_byte > USAGE_MAX_PROOF_BYTES / 2)
            status = fail(BAD_USAGE, "the records of the %lld samples with this content are too long for a proof file",
                          (long long)n);
        if (status == STATUS_OK)
            usage_proof_add_record(proof, record.bytes, record.length);
    }
    text_clear(&record);
    memory_free(leaves);
    return status;
}

static enum status complete(struct usage_stored *stored, const struct usage_source *source, struct usage_proof *proof)
{
    int64_t n = 0;
    enum status status = find_leaves(stored, proof, &n);
    if (status == STATUS_OK)
        status = add_records(source, stored, n, proof);
    int64_t begin = proof->place - (proof->place > 0), end = proof->place + n;
    proof->has_before = proof->place > 0;
    proof->has_after = end < stored->size;
    end += proof->has_after;
    if (status == STATUS_OK && proof->has_before)
        status = usage_stored_leaves(stored, begin, 1, &proof->before);
    if (status == STATUS_OK && proof->has_after)
        status = usage_stored_leaves(stored, end - 1, 1, &proof->after);
    if (status == STATUS_OK && stored->size > 0)
        status = stretch_make(usage_stored_node, stored, begin, end, stored->size, &proof->path);
    return status;
}

enum status usage_prove(struct usage_prover *prover, const uint8_t content[DIGEST_BYTES], struct usage_proof *proof)
{
    memcpy(proof->content, content, DIGEST_BYTES);
    usage_key(prover->summary.salt, content, proof->key);
    enum status status = complete(&prover->stored, &prover->source, proof);
    if (status == STATUS_OK && usage_proof_check(proof, &prover->summary, "the proof") != STATUS_OK)
        status = fail(BAD_RUN,
                      "the tables or the tree of samples are not what was sealed (%s); `assay verify` tells "
                      "where",
                      failure_sentence());
    return status;
}
