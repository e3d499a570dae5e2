#include "seal/page.h"

#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "seal/content.h"
#include "seal/dsse.h"
#include "seal/provenance.h"
#include "seal/seal.h"

enum { STATEMENT_LIMIT = 1 << 16, FOUND_PAGE = 1 << 20 /* after all tables */ };

/* An in-toto statement that there is one of for each page and root: to check one it is written again. */
static void write_statement(const uint8_t sha256[DIGEST_BYTES], const struct log_checkpoint *checkpoint,
                            struct text *payload)
{
    char hex[2 * DIGEST_BYTES + 1];
    hex_encode(sha256, DIGEST_BYTES, hex);
    text_add(
        payload,
        "{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{\"name\":\"" SEAL_PAGE
        "\",\"digest\":{\"sha256\":\"%s\"}}],\"predicateType\":\"https://%s/report/v1\",\"predicate\":{\"root\":\"",
        hex, checkpoint->origin);
    base64_encode(payload, checkpoint->root.bytes, DIGEST_BYTES);
    text_add(payload, "\",\"size\":%lld}}", (long long)checkpoint->size);
}

/* ---- signing ----------------------------------------------------------------------------------------------------- */

static enum status load_checkpoint(const char *run_directory, const struct verify_key *key,
                                   struct log_checkpoint *checkpoint)
{
    char *path = path_join(run_directory, SEAL_CHECKPOINT), *bytes = NULL;
    size_t n;
    enum status status = file_load(path, STATEMENT_LIMIT, &bytes, &n);
    if (status == STATUS_OK)
        status = checkpoint_verify(bytes, n, key, path, checkpoint);
    memory_free(bytes);
    memory_free(path);
    return status;
}

enum status seal_page(const char *run_directory, const char *origin, const char *key_path)
{
    char *page = path_join(run_directory, SEAL_PAGE), *path = path_join(run_directory, SEAL_PAGE_STATEMENT);
    struct signing_key *key = NULL;
    struct log_checkpoint checkpoint;
    uint8_t sha256[DIGEST_BYTES];
    enum status status = signing_key_open(key_path, origin, &key);
    if (status == STATUS_OK)
        status = load_checkpoint(run_directory, signing_key_public(key), &checkpoint);
    if (status == STATUS_OK)
        status = content_hash(page, 0, -1, sha256);
    if (status == STATUS_OK) {
        struct text payload, envelope;
        text_init(&payload);
        text_init(&envelope);
        write_statement(sha256, &checkpoint, &payload);
        dsse_write(&payload, STATEMENT_TYPE, key, &envelope);
        file_clean(path);
        status = file_keep(path, envelope.bytes, envelope.length, 0666);
        text_clear(&payload);
        text_clear(&envelope);
    }
    signing_key_destroy(key);
    memory_free(page);
    memory_free(path);
    return status;
}

/* ---- verifying --------------------------------------------------------------------------------------------------- */

/* What was signed must be what would be signed of the page as it is. */
static void compare(const char *page, const char *path, const struct ground *ground, struct findings *findings)
{
    char *bytes = NULL;
    size_t n = 0;
    uint8_t sha256[DIGEST_BYTES];
    struct text found, expected;
    text_init(&found);
    text_init(&expected);
    enum status status = file_load(path, STATEMENT_LIMIT, &bytes, &n);
    if (status == STATUS_OK)
        status = dsse_verify(bytes, n, STATEMENT_TYPE, &ground->key, SEAL_PAGE_STATEMENT, &found);
    if (status != STATUS_OK) {
        findings_add(findings, FOUND_STATEMENT, FOUND_PAGE, SEAL_PAGE_STATEMENT ": %s", failure_sentence());
    } else if (content_hash(page, 0, -1, sha256) != STATUS_OK) {
        findings_add(findings, FOUND_FILE, FOUND_PAGE, SEAL_PAGE ": %s", failure_sentence());
    } else {
        write_statement(sha256, &ground->checkpoint, &expected);
        if (found.length != expected.length || memcmp(found.bytes, expected.bytes, found.length) != 0)
            findings_add(findings, FOUND_FILE, FOUND_PAGE,
                         SEAL_PAGE ": is not the page that was signed under this root: `assay run` makes and signs "
                                   "it again");
    }
    memory_free(bytes);
    text_clear(&found);
    text_clear(&expected);
}

void page_verify(const char *run_directory, const struct ground *ground, struct findings *findings)
{
    char *page = path_join(run_directory, SEAL_PAGE), *path = path_join(run_directory, SEAL_PAGE_STATEMENT);
    bool has_page = path_exists(page), is_signed = path_exists(path);
    if (has_page && is_signed && ground->has_key)
        compare(page, path, ground, findings);
    else if (has_page && !is_signed)
        findings_add(findings, FOUND_FILE, FOUND_PAGE,
                     SEAL_PAGE ": is not signed: " SEAL_PAGE_STATEMENT " is missing; `assay run` makes and signs it "
                               "again");
    else if (is_signed && !has_page)
        findings_add(findings, FOUND_FILE, FOUND_PAGE,
                     SEAL_PAGE ": is missing, though " SEAL_PAGE_STATEMENT " says that it was signed");
    memory_free(page);
    memory_free(path);
}
