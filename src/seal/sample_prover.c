#include "seal/sample_prover.h"

#include "base/memory.h"
#include "merkle/tiles.h"

/* The entry of the samples comes before the footer, which is the last. */
static enum status find_entry(const char *run_directory, struct sample_prover *prover, struct entry *entry)
{
    int64_t size = prover->sealed.checkpoint.size, index = size - 2;
    struct bundle bundle;
    if (index < 0)
        return fail(BAD_RUN, "%s: its log has no entries of a run", run_directory);
    int64_t b = index / TILE_WIDTH;
    int k = (int)(index % TILE_WIDTH);
    enum status status = bundle_load(prover->sealed.log, b, tile_width(size, BUNDLE_LEVEL, b), &bundle);
    if (status != STATUS_OK)
        return status;
    prover->log.index = index;
    text_add_bytes(&prover->log.entry, bundle.entry[k], bundle.length[k]);
    status = entry_parse(bundle.entry[k], bundle.length[k], "the log", entry);
    if (status == STATUS_OK && entry->kind != ENTRY_SAMPLES)
        status = fail(BAD_RUN,
                      "%s: it was sealed without lineage.h5, so that nothing can be proved of single samples: run "
                      "`assay lineage` on its config, and seal it again",
                      run_directory);
    bundle_clear(&bundle);
    return status;
}

enum status sample_prover_open(const char *run_directory, struct sample_prover *prover)
{
    struct entry entry = {0};
    *prover = (struct sample_prover){.log.index = 0};
    proof_init(&prover->log);
    enum status status = sealed_open(run_directory, &prover->sealed);
    if (status == STATUS_OK)
        status = find_entry(run_directory, prover, &entry);
    if (status == STATUS_OK)
        status = sealed_prove(&prover->sealed, &prover->log);
    if (status == STATUS_OK)
        status = usage_prover_open(run_directory, &entry.samples, &prover->usage);
    entry_clear(&entry);
    return status;
}

void sample_prover_close(struct sample_prover *prover)
{
    usage_prover_close(&prover->usage);
    proof_clear(&prover->log);
    sealed_clear(&prover->sealed);
}

enum status sample_prover_prove(struct sample_prover *prover, const uint8_t content[DIGEST_BYTES], struct text *file,
                                struct sample_proof *found)
{
    struct usage_proof usage;
    size_t start = file->length;
    usage_proof_init(&usage);
    enum status status = usage_prove(&prover->usage, content, &usage);
    if (status == STATUS_OK) {
        usage_proof_write(&usage, file);
        proof_write(&prover->log, file);
        status =
            sample_proof_verify(file->bytes + start, file->length - start, &prover->sealed.key, "the proof", found);
        if (status != STATUS_OK)
            status = fail(BAD_RUN, "the log of the run is damaged: %s; `assay verify` tells where", failure_sentence());
    }
    usage_proof_clear(&usage);
    return status;
}
