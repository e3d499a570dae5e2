#include "seal/note.h"

#include <string.h>

#include "base/cursor.h"

#define DASH "\xe2\x80\x94 " /* U+2014 and a space begin a signature line */

void note_write(const struct text *body, const struct signing_key *key, struct text *note)
{
    const struct verify_key *public_key = signing_key_public(key);
    uint8_t stamp[KEY_ID_BYTES + SIGNATURE_BYTES];
    memcpy(stamp, public_key->id, KEY_ID_BYTES);
    signing_key_sign(key, body->bytes, body->length, stamp + KEY_ID_BYTES);
    text_add_bytes(note, body->bytes, body->length);
    text_add(note, "\n" DASH "%s ", public_key->name);
    base64_encode(note, stamp, sizeof stamp);
    text_add(note, "\n");
}

/* The body ends at the last blank line; 0 if there is none. */
static size_t find_body(const char *bytes, size_t n)
{
    for (size_t end = n; end >= 3; end--)
        if (bytes[end - 1] == '\n' && bytes[end - 2] == '\n')
            return end - 1;
    return 0;
}

static bool is_plain_text(const char *bytes, size_t n)
{
    struct cursor lines;
    cursor_init(&lines, bytes, n);
    while (lines.ok && lines.at < lines.end) {
        const char *line;
        size_t length;
        cursor_until(&lines, '\n', &line, &length);
        if (!lines.ok || !is_plain_line(line, length))
            return false;
    }
    return lines.ok;
}

enum verdict { MALFORMED, FOREIGN, FALSE_SIGNATURE, SIGNED };

/* Takes one signature line and judges it. */
static enum verdict judge(struct cursor *lines, const char *body, size_t body_bytes, const struct verify_key *key)
{
    enum { LONGEST = 16384 }; /* other kinds of signatures are longer than ours */
    uint8_t stamp[LONGEST];
    const char *name, *base64;
    size_t name_bytes, base64_bytes;
    cursor_literal(lines, DASH);
    cursor_until(lines, ' ', &name, &name_bytes);
    cursor_until(lines, '\n', &base64, &base64_bytes);
    if (!lines->ok || name_bytes == 0 || memchr(name, '\n', name_bytes) != NULL)
        return MALFORMED;
    int64_t n = base64_decode(base64, base64_bytes, stamp, sizeof stamp);
    if (n <= KEY_ID_BYTES)
        return MALFORMED;
    bool ours = strlen(key->name) == name_bytes && memcmp(name, key->name, name_bytes) == 0 &&
                memcmp(stamp, key->id, KEY_ID_BYTES) == 0;
    if (!ours)
        return FOREIGN;
    bool good = n == KEY_ID_BYTES + SIGNATURE_BYTES && verify_key_accepts(key, body, body_bytes, stamp + KEY_ID_BYTES);
    return good ? SIGNED : FALSE_SIGNATURE;
}

enum status note_verify(const char *bytes, size_t n, const struct verify_key *key, const char *where,
                        size_t *body_bytes)
{
    size_t body = find_body(bytes, n);
    if (body == 0 || body + 1 == n || !is_plain_text(bytes, n))
        return fail(BAD_RUN,
                    "%s: expected a signed note (lines of plain text, a blank line, signatures), found "
                    "something else: the file is damaged",
                    where);
    struct cursor lines;
    bool is_signed = false;
    cursor_init(&lines, bytes + body + 1, n - body - 1);
    while (lines.at < lines.end) {
        enum verdict verdict = judge(&lines, bytes, body, key);
        if (verdict == MALFORMED)
            return fail(BAD_RUN, "%s: a signature line is malformed: the file is damaged", where);
        if (verdict == FALSE_SIGNATURE)
            return fail(DIFFERS, "%s: the signature by %s does not fit the text: it was changed after it was signed",
                        where, key->name);
        is_signed = is_signed || verdict == SIGNED;
    }
    if (!is_signed)
        return fail(DIFFERS, "%s: expected a signature by the key of %s, found none", where, key->name);
    *body_bytes = body;
    return STATUS_OK;
}
