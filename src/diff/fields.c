#include "diff/fields.h"

#include <string.h>

/* Numbers differ when their doubles do. */
static bool is_same_scalar(const cJSON *a, const cJSON *b)
{
    if (a == NULL || b == NULL || (a->type & 0xff) != (b->type & 0xff))
        return a == b;
    if (cJSON_IsNumber(a))
        return a->valuedouble == b->valuedouble;
    return !cJSON_IsString(a) || strcmp(a->valuestring, b->valuestring) == 0;
}

static void show_values(const struct text *path, const cJSON *a, const cJSON *b, struct section_lines *lines)
{
    if (!show_next(lines))
        return;
    struct text left, right;
    text_init(&left);
    text_init(&right);
    json_add_found(&left, a);
    json_add_found(&right, b);
    show_pair(lines->out, path->length > 0 ? path->bytes : "(the whole)", left.bytes, right.bytes);
    text_clear(&right);
    text_clear(&left);
}

static void add_key(struct text *path, const cJSON *item)
{
    if (path->length > 0)
        text_add(path, ".");
    json_add_key(path, item->string);
}

static void cut(struct text *path, size_t length)
{
    path->length = length;
    path->bytes[length] = 0;
}

/* The parser allows 64 levels, and so this goes no deeper. */
static void compare(const cJSON *a, const cJSON *b, struct text *path, struct section_lines *lines)
{
    const size_t length = path->length;
    if (cJSON_IsObject(a) && cJSON_IsObject(b)) {
        const cJSON *item;
        cJSON_ArrayForEach(item, a)
        {
            add_key(path, item);
            compare(item, json_member(b, item->string), path, lines);
            cut(path, length);
        }
        cJSON_ArrayForEach(item, b)
        {
            add_key(path, item);
            if (json_member(a, item->string) == NULL)
                show_values(path, NULL, item, lines);
            cut(path, length);
        }
    } else if (cJSON_IsArray(a) && cJSON_IsArray(b)) {
        const cJSON *left = a->child, *right = b->child;
        for (int i = 0; left != NULL || right != NULL; i++) {
            text_add(path, "[%d]", i);
            compare(left, right, path, lines);
            cut(path, length);
            left = left ? left->next : NULL;
            right = right ? right->next : NULL;
        }
    } else if (cJSON_IsObject(a) || cJSON_IsArray(a) || !is_same_scalar(a, b)) {
        show_values(path, a, b, lines);
    }
}

void fields_compare(const cJSON *a, const cJSON *b, struct section_lines *lines)
{
    struct text path;
    text_init(&path);
    compare(a, b, &path, lines);
    text_clear(&path);
}
