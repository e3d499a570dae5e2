#include "seal/seal.h"

#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "merkle/tiles.h"
#include "seal/sealed.h"
#include "seal/target.h"

/* A search through the log. */
struct search {
    struct target target;
    struct proof *proof; /* gets the entry found and its index */
    int best;            /* how well it matches; 0: nothing found */
    int64_t n_match;     /* entries that match as well */
    struct near_names near;
};

static enum status search_bundle(const struct bundle *bundle, int64_t first, struct search *search)
{
    for (int k = 0; k < bundle->n; k++) {
        struct entry entry;
        enum status status = entry_parse(bundle->entry[k], bundle->length[k], "the log", &entry);
        if (status != STATUS_OK)
            return status;
        int match = target_match(&search->target, &entry);
        if (match > search->best) {
            search->best = match;
            search->n_match = 0;
            search->proof->index = first + k;
            search->proof->entry.length = 0;
            text_add_bytes(&search->proof->entry, bundle->entry[k], bundle->length[k]);
        }
        search->n_match += match > 0 && match == search->best;
        if (entry.kind != ENTRY_FOOTER) {
            struct text name; /* of the file, or of the object where the file is right */
            text_init(&name);
            text_add(&name, "%s", entry.path);
            if (strcmp(entry.path, search->target.path) == 0 && entry.object != NULL && strcmp(entry.object, "-") != 0)
                text_add(&name, "%s%s", entry.object[0] == '/' ? ":" : "#", entry.object);
            near_names_add(&search->near, name.bytes);
            text_clear(&name);
        }
        entry_clear(&entry);
    }
    return STATUS_OK;
}

static enum status search_log(const struct sealed *sealed, struct search *search)
{
    int64_t size = sealed->checkpoint.size;
    enum status status = STATUS_OK;
    for (int64_t b = 0; b < tile_count(size, BUNDLE_LEVEL) && status == STATUS_OK; b++) {
        struct bundle bundle;
        status = bundle_load(sealed->log, b, tile_width(size, BUNDLE_LEVEL, b), &bundle);
        if (status == STATUS_OK) {
            status = search_bundle(&bundle, b * TILE_WIDTH, search);
            bundle_clear(&bundle);
        }
    }
    return status;
}

static enum status tell_unknown(const char *run_directory, const char *what, const struct near_names *near)
{
    struct text names;
    text_init(&names);
    for (int i = 0; i < near->n; i++)
        text_add(&names, "%s%s", i > 0 ? ", " : "", near->items[i].name);
    enum status status = fail(BAD_USAGE,
                              "%s: the sealed run has nothing called \"%s\"; expected FILE, FILE@OFFSET, "
                              "FILE#TENSOR[ROW] or FILE:/DATASET[ROW]; near are: %s",
                              run_directory, what, names.bytes);
    text_clear(&names);
    return status;
}

/* The entry asked for: first as if marks were part of a file's name, then by the marks. */
static enum status find(const struct sealed *sealed, const char *run_directory, const char *what, struct proof *proof,
                        int64_t *n_match)
{
    enum status status = STATUS_OK;
    bool found = false;
    for (int plain = 1; plain >= 0 && !found && status == STATUS_OK; plain--) {
        struct search search = {.proof = proof, .near = {.wanted = what}};
        target_parse(what, plain, &search.target);
        status = search_log(sealed, &search);
        found = search.best > 0;
        *n_match = search.n_match;
        if (status == STATUS_OK && !found && !plain)
            status = tell_unknown(run_directory, what, &search.near);
        near_names_clear(&search.near);
        target_clear(&search.target);
    }
    return status;
}

/* The proof must hold for whoever gets it: it is read back and checked before it is stored. */
static enum status complete(const struct sealed *sealed, const char *out_path, struct proof *proof)
{
    struct text text;
    struct proof again;
    struct log_checkpoint checkpoint;
    enum status status = sealed_prove(sealed, proof);
    if (status != STATUS_OK)
        return status;
    text_init(&text);
    proof_write(proof, &text);
    status = proof_verify(text.bytes, text.length, &sealed->key, "the proof", &again, &checkpoint);
    if (status == STATUS_OK) {
        proof_clear(&again);
        status = file_store(out_path, text.bytes, text.length, 0666);
    } else {
        status = fail(BAD_RUN, "the log of the run is damaged: %s; `assay verify` tells where", failure_sentence());
    }
    text_clear(&text);
    return status;
}

static void tell(const struct sealed *sealed, const struct proof *proof, int64_t n_match, const char *out_path,
                 struct text *summary)
{
    struct entry entry;
    text_add(summary, "%s proves entry %lld of %lld: ", out_path, (long long)proof->index,
             (long long)sealed->checkpoint.size);
    if (entry_parse(proof->entry.bytes, proof->entry.length, "the log", &entry) == STATUS_OK) {
        entry_describe(&entry, summary);
        entry_clear(&entry);
    }
    if (n_match > 1)
        text_add(summary, "\n%lld other %s to that name too; a row or an offset chooses among them",
                 (long long)n_match - 1, n_match == 2 ? "entry answers" : "entries answer");
    text_add(summary, "\ncheck it with: assay verify %s --key '", out_path);
    verify_key_text(&sealed->key, summary);
    text_add(summary, "'\n");
}

enum status prove_run(const char *run_directory, const char *what, const char *out_path, struct text *summary)
{
    struct sealed sealed;
    struct proof proof;
    int64_t n_match = 0;
    proof_init(&proof);
    enum status status = sealed_open(run_directory, &sealed);
    if (status == STATUS_OK)
        status = find(&sealed, run_directory, what, &proof, &n_match);
    if (status == STATUS_OK)
        status = complete(&sealed, out_path, &proof);
    if (status == STATUS_OK)
        tell(&sealed, &proof, n_match, out_path, summary);
    proof_clear(&proof);
    sealed_clear(&sealed);
    return status;
}
