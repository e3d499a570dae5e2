#include "seal/checkpoint.h"

#include <string.h>

#include "base/cursor.h"

static void write_body(const char *origin, int64_t size, const struct hash *root, struct text *body)
{
    text_add(body, "%s\n%lld\n", origin, (long long)size);
    base64_encode(body, root->bytes, DIGEST_BYTES);
    text_add(body, "\n");
}

void checkpoint_write(int64_t size, const struct hash *root, const struct signing_key *key, struct text *note)
{
    struct text body;
    text_init(&body);
    write_body(signing_key_public(key)->name, size, root, &body);
    note_write(&body, key, note);
    text_clear(&body);
}

static bool parse_body(const char *bytes, size_t n, struct log_checkpoint *checkpoint)
{
    struct cursor cursor;
    const char *origin, *root;
    size_t origin_bytes, root_bytes;
    cursor_init(&cursor, bytes, n);
    cursor_until(&cursor, '\n', &origin, &origin_bytes);
    cursor_integer(&cursor, &checkpoint->size);
    cursor_literal(&cursor, "\n");
    cursor_until(&cursor, '\n', &root, &root_bytes);
    if (!cursor_is_done(&cursor) || origin_bytes == 0 || origin_bytes > KEY_NAME_MAX)
        return false;
    memcpy(checkpoint->origin, origin, origin_bytes);
    return base64_decode(root, root_bytes, checkpoint->root.bytes, DIGEST_BYTES) == DIGEST_BYTES;
}

enum status checkpoint_verify(const char *bytes, size_t n, const struct verify_key *key, const char *where,
                              struct log_checkpoint *checkpoint)
{
    size_t body_bytes;
    struct log_checkpoint found = {0};
    enum status status = note_verify(bytes, n, key, where, &body_bytes);
    if (status != STATUS_OK)
        return status;
    if (!parse_body(bytes, body_bytes, &found))
        return fail(BAD_RUN, "%s: expected the three lines of a checkpoint (origin, size, root), found something else",
                    where);
    if (strcmp(found.origin, key->name) != 0)
        return fail(DIFFERS, "%s: the origin is %s, but the key that signed it belongs to %s", where, found.origin,
                    key->name);
    *checkpoint = found;
    return STATUS_OK;
}
