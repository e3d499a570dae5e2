#include "records/flat.h"

#include <string.h>

#include "base/text.h"

struct cursor {
    const char *at, *end;
    bool ascii;
};

static void skip_space(struct cursor *cursor)
{
    while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\t' || *cursor->at == '\r'))
        cursor->at++;
}

/* The next character that is no space, 0 at the end (which no sound text holds). */
static char next(struct cursor *cursor)
{
    skip_space(cursor);
    return cursor->at < cursor->end ? *cursor->at : 0;
}

static bool take(struct cursor *cursor, char c)
{
    if (next(cursor) != c)
        return false;
    cursor->at++;
    return true;
}

/* At the opening quote; *plain: its characters are its text. */
static bool take_string(struct cursor *cursor, const char **string, int64_t *n, bool *plain)
{
    const char *at = cursor->at + 1;
    unsigned char seen = 0;
    *plain = true;
    for (*string = at; at < cursor->end && *at != '"'; at++) {
        unsigned char c = (unsigned char)*at;
        seen |= c;
        if (c < 0x20)
            return false;
        if (c != '\\')
            continue;
        *plain = false;
        if (++at == cursor->end || *at == 0 || strchr("\"\\/bfnrt", *at) == NULL)
            return false;
    }
    if (at == cursor->end)
        return false;
    cursor->ascii = cursor->ascii && seen < 0x80;
    *n = at - *string;
    cursor->at = at + 1;
    return true;
}

static int64_t count_digits(struct cursor *cursor)
{
    const char *first = cursor->at;
    while (cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9')
        cursor->at++;
    return cursor->at - first;
}

/* Short numbers without an exponent, which are in the range of a double. */
static bool take_number(struct cursor *cursor, struct flat_member *member)
{
    enum { DIGITS_MOST = 15 };
    member->value = cursor->at;
    bool negative = *cursor->at == '-';
    cursor->at += negative;
    const char *digits = cursor->at;
    int64_t n = count_digits(cursor);
    if (n < 1 || n > DIGITS_MOST || (n > 1 && digits[0] == '0'))
        return false;
    member->kind = negative && digits[0] == '0' ? FLAT_OTHER : FLAT_INTEGER;
    if (cursor->at < cursor->end && *cursor->at == '.') {
        cursor->at++;
        n = count_digits(cursor);
        if (n < 1 || n > DIGITS_MOST)
            return false;
        member->kind = FLAT_OTHER;
    }
    member->n_value = cursor->at - member->value;
    return cursor->at == cursor->end || (*cursor->at | 0x20) != 'e';
}

static bool take_word(struct cursor *cursor, struct flat_member *member)
{
    static const struct {
        const char *text;
        int64_t n;
        enum flat_kind kind;
    } words[] = {{"true", 4, FLAT_WORD}, {"false", 5, FLAT_WORD}, {"null", 4, FLAT_NULL}};
    for (int i = 0; i < 3; i++)
        if (cursor->end - cursor->at >= words[i].n && memcmp(cursor->at, words[i].text, (size_t)words[i].n) == 0) {
            member->kind = words[i].kind;
            member->value = cursor->at;
            member->n_value = words[i].n;
            cursor->at += words[i].n;
            return true;
        }
    return false;
}

static bool take_value(struct cursor *cursor, struct flat_member *member)
{
    char c = next(cursor);
    bool plain;
    if (c == '"') {
        if (!take_string(cursor, &member->value, &member->n_value, &plain))
            return false;
        member->kind = plain ? FLAT_STRING : FLAT_OTHER;
        return true;
    }
    return c == '-' || (c >= '0' && c <= '9') ? take_number(cursor, member) : take_word(cursor, member);
}

/* A key that is new, its colon and its value. */
static bool take_member(struct cursor *cursor, struct flat *flat)
{
    bool plain;
    struct flat_member *member = &flat->members[flat->n];
    if (flat->n == FLAT_MOST || next(cursor) != '"' || !take_string(cursor, &member->key, &member->n_key, &plain) ||
        !plain || !take(cursor, ':') || !take_value(cursor, member))
        return false;
    for (int i = 0; i < flat->n; i++)
        if (flat->members[i].n_key == member->n_key &&
            memcmp(flat->members[i].key, member->key, (size_t)member->n_key) == 0)
            return false;
    flat->n++;
    return true;
}

bool flat_parse(const char *line, int64_t n, struct flat *flat)
{
    struct cursor cursor = {line, line + n, true};
    flat->n = 0;
    if (!take(&cursor, '{'))
        return false;
    if (!take(&cursor, '}')) {
        do {
            if (!take_member(&cursor, flat))
                return false;
        } while (take(&cursor, ','));
        if (!take(&cursor, '}'))
            return false;
    }
    skip_space(&cursor);
    return cursor.at == cursor.end && (cursor.ascii || utf8_is_valid(line, (size_t)n));
}

const struct flat_member *flat_find(const struct flat *flat, const char *key)
{
    int64_t n = (int64_t)strlen(key);
    for (int i = 0; i < flat->n; i++)
        if (flat->members[i].n_key == n && memcmp(flat->members[i].key, key, (size_t)n) == 0)
            return &flat->members[i];
    return NULL;
}
