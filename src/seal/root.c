#include "seal/root.h"

#include <stdio.h>

#include "base/file.h"
#include "base/memory.h"
#include "seal/checkpoint.h"
#include "seal/provenance.h"

enum { CHECKPOINT_LIMIT = 1 << 20 };

static enum status verify(const char *run_directory, const char *path, struct log_checkpoint *checkpoint,
                          struct text *vkey)
{
    char *bytes = NULL, *key_path = path_join(run_directory, SEAL_KEY);
    size_t n = 0;
    struct verify_key key;
    enum status status = verify_key_load(key_path, &key);
    if (status == STATUS_OK && file_load(path, CHECKPOINT_LIMIT, &bytes, &n) != STATUS_OK)
        status = fail(BAD_RUN, "%s", failure_sentence());
    if (status == STATUS_OK) {
        status = checkpoint_verify(bytes, n, &key, path, checkpoint);
        memory_free(bytes);
        verify_key_text(&key, vkey);
    }
    memory_free(key_path);
    return status;
}

enum status sealed_root_load(const char *run_directory, struct sealed_root *root)
{
    char *path = path_join(run_directory, SEAL_CHECKPOINT);
    struct log_checkpoint checkpoint;
    struct text vkey;
    text_init(&vkey);
    enum status status = STATUS_OK;
    *root = (struct sealed_root){.is_sealed = path_exists(path)};
    if (root->is_sealed)
        status = verify(run_directory, path, &checkpoint, &vkey);
    if (root->is_sealed && status == STATUS_OK) {
        struct text base64;
        text_init(&base64);
        base64_encode(&base64, checkpoint.root.bytes, DIGEST_BYTES);
        snprintf(root->root, sizeof root->root, "%s", base64.bytes);
        snprintf(root->origin, sizeof root->origin, "%s", checkpoint.origin);
        snprintf(root->vkey, sizeof root->vkey, "%s", vkey.bytes);
        root->n_entry = checkpoint.size;
        text_clear(&base64);
    }
    text_clear(&vkey);
    memory_free(path);
    return status;
}
