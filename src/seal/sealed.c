#include "seal/sealed.h"

#include "base/file.h"
#include "base/memory.h"
#include "merkle/inclusion.h"
#include "merkle/tiles.h"
#include "seal/provenance.h"

void sealed_clear(struct sealed *sealed)
{
    memory_free(sealed->log);
    text_clear(&sealed->note);
}

enum status sealed_open(const char *run_directory, struct sealed *sealed)
{
    enum { LIMIT = 1 << 20 };
    char *path = path_join(run_directory, SEAL_CHECKPOINT), *key = path_join(run_directory, SEAL_KEY), *bytes = NULL;
    size_t n = 0;
    *sealed = (struct sealed){.log = path_join(run_directory, "seal")};
    text_init(&sealed->note);
    enum status status = path_exists(path)
                             ? file_load(path, LIMIT, &bytes, &n)
                             : fail(BAD_RUN, "%s: there is no " SEAL_CHECKPOINT ": seal the run first", run_directory);
    if (status == STATUS_OK) {
        text_add_bytes(&sealed->note, bytes, n);
        status = verify_key_load(key, &sealed->key);
    }
    if (status == STATUS_OK)
        status = checkpoint_verify(bytes, n, &sealed->key, path, &sealed->checkpoint);
    if (status != STATUS_OK)
        status = fail(BAD_RUN, "%s; `assay verify` tells more", failure_sentence());
    memory_free(bytes);
    memory_free(path);
    memory_free(key);
    return status;
}

enum status sealed_prove(const struct sealed *sealed, struct proof *proof)
{
    struct tile_source source = {sealed->log, sealed->checkpoint.size};
    text_add_bytes(&proof->checkpoint, sealed->note.bytes, sealed->note.length);
    return inclusion_make(tile_node, &source, proof->index, sealed->checkpoint.size, &proof->path);
}
