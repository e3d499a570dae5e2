#include "seal/key.h"

#include <string.h>

#include <openssl/evp.h>

#include "base/cursor.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "seal/key_id.h"

enum { ED25519 = 1 }; /* the signature type of a note */

enum status key_name_check(const char *name)
{
    size_t n = strlen(name);
    bool good = n > 0 && n <= KEY_NAME_MAX && strstr(name, "://") == NULL;
    for (size_t i = 0; good && i < n; i++)
        good = name[i] > 0x20 && name[i] < 0x7f && name[i] != '+';
    if (good)
        return STATUS_OK;
    return fail(
        BAD_KEY,
        "origin \"%.300s\": expected a URL without its scheme, like example.org/audit/digits: 1 to %d printable "
        "ASCII characters without spaces, '+' or \"://\"",
        name, KEY_NAME_MAX);
}

void verify_key_name(struct verify_key *key)
{
    struct text input;
    uint8_t sha256[DIGEST_BYTES];
    text_init(&input);
    text_add(&input, "%s\n%c", key->name, ED25519);
    text_add_bytes(&input, key->key, KEY_BYTES);
    digest_of(input.bytes, input.length, sha256);
    memcpy(key->id, sha256, KEY_ID_BYTES);
    text_clear(&input);
}

void verify_key_text(const struct verify_key *key, struct text *text)
{
    char id[2 * KEY_ID_BYTES + 1];
    uint8_t typed[1 + KEY_BYTES] = {ED25519};
    hex_encode(key->id, KEY_ID_BYTES, id);
    memcpy(typed + 1, key->key, KEY_BYTES);
    text_add(text, "%s+%s+", key->name, id);
    base64_encode(text, typed, sizeof typed);
}

/* false unless all parts are there; whether they belong together is asked afterwards. */
static bool take_parts(const char *bytes, size_t n, struct verify_key *key)
{
    struct cursor cursor;
    const char *name, *id;
    size_t name_bytes, id_bytes;
    uint8_t typed[1 + KEY_BYTES];
    cursor_init(&cursor, bytes, n);
    cursor_until(&cursor, '+', &name, &name_bytes);
    cursor_until(&cursor, '+', &id, &id_bytes);
    if (!cursor.ok || name_bytes > KEY_NAME_MAX || id_bytes != 2 * KEY_ID_BYTES)
        return false;
    memcpy(key->name, name, name_bytes);
    size_t left = (size_t)(cursor.end - cursor.at);
    if (base64_decode(cursor.at, left, typed, sizeof typed) != sizeof typed || typed[0] != ED25519)
        return false;
    memcpy(key->key, typed + 1, KEY_BYTES);
    return true;
}

enum status verify_key_parse(const char *bytes, size_t n, const char *where, struct verify_key *key)
{
    struct verify_key found = {0};
    struct text again;
    text_init(&again);
    bool good = take_parts(bytes, n, &found) && key_name_check(found.name) == STATUS_OK;
    if (good) {
        verify_key_name(&found);
        verify_key_text(&found, &again);
        good = again.length == n && memcmp(again.bytes, bytes, n) == 0;
    }
    text_clear(&again);
    if (!good)
        return fail(BAD_KEY,
                    "%s: expected a verification key NAME+ID+BASE64 of an Ed25519 key whose parts belong "
                    "together, found something else; take it from the one who sealed the run",
                    where);
    *key = found;
    return STATUS_OK;
}

enum status verify_key_load(const char *path, struct verify_key *key)
{
    char *bytes = NULL;
    size_t n = 0;
    if (file_load(path, 4096, &bytes, &n) != STATUS_OK)
        return fail(BAD_KEY, "%s: expected a file with a verification key: %s", path, failure_sentence());
    if (n > 0 && bytes[n - 1] == '\n')
        n--;
    enum status status = verify_key_parse(bytes, n, path, key);
    if (status != STATUS_OK && strstr(bytes, "PRIVATE KEY") != NULL)
        status =
            fail(BAD_KEY,
                 "%s: expected a verification key, found a private key, which is the signer's alone; a run carries "
                 "its verification key in seal/key.vkey",
                 path);
    memory_free(bytes);
    return status;
}

enum status verify_key_find(const char *text_or_path, struct verify_key *key)
{
    enum status status = verify_key_parse(text_or_path, strlen(text_or_path), text_or_path, key);
    return status != STATUS_OK && path_exists(text_or_path) ? verify_key_load(text_or_path, key) : status;
}

bool verify_key_equal(const struct verify_key *a, const struct verify_key *b)
{
    return strcmp(a->name, b->name) == 0 && memcmp(a->key, b->key, KEY_BYTES) == 0;
}

bool verify_key_accepts(const struct verify_key *key, const void *bytes, size_t n,
                        const uint8_t signature[SIGNATURE_BYTES])
{
    EVP_PKEY *public_key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key->key, KEY_BYTES);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    ASSERT(context != NULL);
    bool good = public_key != NULL && EVP_DigestVerifyInit(context, NULL, NULL, NULL, public_key) == 1 &&
                EVP_DigestVerify(context, signature, SIGNATURE_BYTES, bytes, n) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(public_key);
    return good;
}
