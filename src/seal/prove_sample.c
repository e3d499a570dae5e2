#include "seal/seal.h"

#include "base/file.h"
#include "seal/content.h"
#include "seal/sample_prover.h"

enum status prove_sample(const char *run_directory, const char *sample, const char *content_path, const char *out_path,
                         struct text *summary)
{
    uint8_t content[DIGEST_BYTES];
    struct sample_prover prover;
    struct sample_proof proof = {0};
    struct text file, told;
    text_init(&file);
    text_init(&told);
    enum status status = sample_prover_open(run_directory, &prover);
    if (status == STATUS_OK)
        status = sample != NULL ? usage_find_sample(&prover.usage, sample, content)
                                : content_hash(content_path, 0, -1, content);
    if (status == STATUS_OK)
        status = sample_prover_prove(&prover, content, &file, &proof);
    if (status == STATUS_OK)
        status = sample_proof_tell(&proof, out_path, content_path, &told);
    if (status == STATUS_OK)
        status = file_store(out_path, file.bytes, file.length, 0666);
    if (status == STATUS_OK) {
        text_add(summary, "%scheck it with: assay verify %s --key '", told.bytes, out_path);
        verify_key_text(&prover.sealed.key, summary);
        text_add(summary, "' --content FILE\n");
    }
    text_clear(&file);
    text_clear(&told);
    sample_proof_clear(&proof);
    sample_prover_close(&prover);
    return status;
}
