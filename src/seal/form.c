#include "seal/form.h"

#include <string.h>

#include "base/memory.h"

void form_literal(struct form *form, const char *text)
{
    if (form->out != NULL)
        text_add(form->out, "%s", text);
    else
        cursor_literal(&form->in, text);
}

/* One character of a JSON string; escapes are the three that text_add_json_string makes. */
static void take_character(struct cursor *in, struct text *value)
{
    char byte = *in->at++;
    if (byte != '\\') {
        text_add_bytes(value, &byte, 1);
        return;
    }
    uint8_t code = 0;
    if (cursor_sees(in, "\"") || cursor_sees(in, "\\")) {
        text_add_bytes(value, in->at++, 1);
        return;
    }
    cursor_literal(in, "u00");
    cursor_hex(in, &code, 1);
    in->ok = in->ok && code != 0;
    if (in->ok)
        text_add_bytes(value, &code, 1);
}

static char *take_string(struct cursor *in)
{
    struct text value;
    text_init(&value);
    cursor_literal(in, "\"");
    while (in->ok && !cursor_sees(in, "\"")) {
        in->ok = in->at < in->end && *in->at != 0;
        if (in->ok)
            take_character(in, &value);
    }
    cursor_literal(in, "\"");
    if (in->ok && utf8_is_valid(value.bytes, value.length))
        return value.bytes;
    in->ok = false;
    text_clear(&value);
    return NULL;
}

void form_string(struct form *form, char **value)
{
    if (form->out != NULL)
        text_add_json_string(form->out, *value);
    else
        *value = take_string(&form->in);
}

void form_integer(struct form *form, int64_t *value)
{
    if (form->out != NULL)
        text_add(form->out, "%lld", (long long)*value);
    else
        cursor_integer(&form->in, value);
}

void form_digest(struct form *form, uint8_t sha256[32])
{
    char hex[65];
    form_literal(form, "\"");
    if (form->out != NULL) {
        hex_encode(sha256, 32, hex);
        text_add(form->out, "%s", hex);
    } else {
        cursor_hex(&form->in, sha256, 32);
    }
    form_literal(form, "\"");
}

/* The length of the object at the cursor, by counting braces outside strings; 0 if it does not end. */
static size_t object_length(const struct cursor *in)
{
    int depth = 0;
    bool in_string = false;
    for (const char *at = in->at; at < in->end; at++) {
        if (in_string && *at == '\\')
            at++;
        else if (*at == '"')
            in_string = !in_string;
        else if (!in_string && *at == '{')
            depth++;
        else if (!in_string && *at == '}' && --depth == 0)
            return (size_t)(at - in->at) + 1;
        if (depth == 0 || depth > 64)
            return 0;
    }
    return 0;
}

void form_object(struct form *form, char **value)
{
    if (form->out != NULL) {
        text_add(form->out, "%s", *value);
        return;
    }
    struct cursor *in = &form->in;
    size_t n = in->ok ? object_length(in) : 0;
    in->ok = n > 0 && memchr(in->at, 0, n) == NULL;
    if (!in->ok) {
        *value = NULL;
        return;
    }
    *value = memcpy(memory_allocate((int64_t)n + 1, 1), in->at, n);
    in->at += n;
}

bool form_next(struct form *form, int64_t i, int64_t n)
{
    bool writing = form->out != NULL;
    if (writing ? i == n : !form->in.ok || cursor_sees(&form->in, "]"))
        return false;
    if (i > 0)
        form_literal(form, ",");
    return writing || form->in.ok;
}

void *form_room(const struct form *form, void *items, int64_t i, int64_t *n, size_t size)
{
    if (form->out != NULL)
        return items;
    *n = i + 1;
    return list_grow(items, i, size);
}

void *list_grow(void *items, int64_t n, size_t size)
{
    enum { FIRST = 8 };
    if (items == NULL)
        items = memory_allocate(FIRST, size);
    else if (n >= FIRST && (n & (n - 1)) == 0) /* full: capacities are powers of two */
        items = memory_resize(items, n, 2 * n, size);
    memset((char *)items + (size_t)n * size, 0, size);
    return items;
}
