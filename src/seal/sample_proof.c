#include "seal/sample_proof.h"

#include <string.h>

#include "base/memory.h"

static void init(struct sample_proof *proof)
{
    *proof = (struct sample_proof){0};
    usage_proof_init(&proof->usage);
    proof_init(&proof->log);
}

void sample_proof_clear(struct sample_proof *proof)
{
    usage_proof_clear(&proof->usage);
    proof_clear(&proof->log);
    entry_clear(&proof->entry);
}

bool is_sample_proof(const char *bytes, size_t n)
{
    size_t length = strlen(USAGE_PROOF_HEAD);
    return n >= length && memcmp(bytes, USAGE_PROOF_HEAD, length) == 0;
}

/* The entry must be the one of the samples, where a log has it and no other, and its salt that of the log and the run,
 * not one that was chosen. */
static enum status check_entry(struct sample_proof *proof, const char *where)
{
    uint8_t salt[DIGEST_BYTES];
    struct entry *entry = &proof->entry;
    if (entry_parse(proof->log.entry.bytes, proof->log.entry.length, where, entry) != STATUS_OK)
        return fail(BAD_INPUT, "%s", failure_sentence());
    if (entry->kind != ENTRY_SAMPLES)
        return fail(DIFFERS, "%s: the entry of the log that it shows is not that of the samples: the proof is false",
                    where);
    if (proof->log.index != proof->checkpoint.size - 2)
        return fail(DIFFERS,
                    "%s: the entry of the samples that it shows is not the last before the footer: the log may have "
                    "another one, and the proof is false",
                    where);
    usage_salt(proof->checkpoint.origin, entry->run, salt);
    if (memcmp(salt, entry->samples.salt, DIGEST_BYTES) != 0)
        return fail(DIFFERS, "%s: the salt of the samples is not that of %s and of run %s: the log is false", where,
                    proof->checkpoint.origin, entry->run);
    return STATUS_OK;
}

static enum status verify(const char *bytes, size_t n, const struct verify_key *key, const char *where,
                          struct sample_proof *proof)
{
    size_t n_usage = 0;
    enum status status = usage_proof_parse(bytes, n, where, &proof->usage, &n_usage);
    if (status != STATUS_OK)
        return status;
    struct proof log;
    status = proof_verify(bytes + n_usage, n - n_usage, key, where, &log, &proof->checkpoint);
    if (status != STATUS_OK)
        return status;
    proof_clear(&proof->log);
    proof->log = log;
    status = check_entry(proof, where);
    return status == STATUS_OK ? usage_proof_check(&proof->usage, &proof->entry.samples, where) : status;
}

enum status sample_proof_verify(const char *bytes, size_t n, const struct verify_key *key, const char *where,
                                struct sample_proof *proof)
{
    struct sample_proof found;
    init(&found);
    enum status status = verify(bytes, n, key, where, &found);
    if (status == STATUS_OK)
        *proof = found;
    else
        sample_proof_clear(&found);
    return status;
}
