#include "seal/dsse.h"

#include <string.h>

#include "base/cursor.h"
#include "base/memory.h"

/* What is signed: lengths before each part, so that no two pairs of type and payload look alike. */
static void write_signed(const struct text *payload, const char *type, struct text *out)
{
    text_add(out, "DSSEv1 %zu %s %zu ", strlen(type), type, payload->length);
    text_add_bytes(out, payload->bytes, payload->length);
}

static void write_envelope(const struct text *payload, const char *type, const struct verify_key *key,
                           const uint8_t signature[SIGNATURE_BYTES], struct text *envelope)
{
    char id[2 * KEY_ID_BYTES + 1];
    hex_encode(key->id, KEY_ID_BYTES, id);
    text_add(envelope, "{\"payload\":\"");
    base64_encode(envelope, payload->bytes, payload->length);
    text_add(envelope, "\",\"payloadType\":\"%s\",\"signatures\":[{\"keyid\":\"%s\",\"sig\":\"", type, id);
    base64_encode(envelope, signature, SIGNATURE_BYTES);
    text_add(envelope, "\"}]}\n");
}

void dsse_write(const struct text *payload, const char *type, const struct signing_key *key, struct text *envelope)
{
    struct text to_sign;
    uint8_t signature[SIGNATURE_BYTES];
    text_init(&to_sign);
    write_signed(payload, type, &to_sign);
    signing_key_sign(key, to_sign.bytes, to_sign.length, signature);
    write_envelope(payload, type, signing_key_public(key), signature, envelope);
    text_clear(&to_sign);
}

/* Finds payload and signature; how they are wrapped is checked by wrapping them again. */
static bool take_parts(const char *bytes, size_t n, struct text *payload, uint8_t signature[SIGNATURE_BYTES])
{
    struct cursor cursor;
    const char *skipped, *base64;
    size_t length;
    cursor_init(&cursor, bytes, n);
    cursor_literal(&cursor, "{\"payload\":\"");
    cursor_until(&cursor, '"', &base64, &length);
    if (!cursor.ok)
        return false;
    uint8_t *decoded = memory_allocate((int64_t)length + 1, 1);
    int64_t decoded_bytes = base64_decode(base64, length, decoded, length);
    if (decoded_bytes >= 0)
        text_add_bytes(payload, decoded, (size_t)decoded_bytes);
    memory_free(decoded);
    cursor_until(&cursor, '[', &skipped, &length);
    cursor_until(&cursor, ',', &skipped, &length);
    cursor_literal(&cursor, "\"sig\":\"");
    cursor_until(&cursor, '"', &base64, &length);
    return cursor.ok && decoded_bytes >= 0 &&
           base64_decode(base64, length, signature, SIGNATURE_BYTES) == SIGNATURE_BYTES;
}

enum status dsse_verify(const char *bytes, size_t n, const char *type, const struct verify_key *key, const char *where,
                        struct text *payload)
{
    struct text found, again;
    uint8_t signature[SIGNATURE_BYTES];
    enum status status = STATUS_OK;
    text_init(&found);
    text_init(&again);
    bool good = take_parts(bytes, n, &found, signature);
    if (good)
        write_envelope(&found, type, key, signature, &again);
    if (!good || again.length != n || memcmp(again.bytes, bytes, n) != 0) {
        status = fail(BAD_RUN,
                      "%s: expected a DSSE envelope with a payload of type %s under the key of %s, in exactly the form "
                      "that this program writes, found something else: the file is damaged, or under another key",
                      where, type, key->name);
    } else {
        again.length = 0;
        write_signed(&found, type, &again);
        if (verify_key_accepts(key, again.bytes, again.length, signature))
            text_add_bytes(payload, found.bytes, found.length);
        else
            status = fail(DIFFERS,
                          "%s: the signature by %s does not fit the payload: it was changed after it was "
                          "signed",
                          where, key->name);
    }
    text_clear(&found);
    text_clear(&again);
    return status;
}
