#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admission/policies.h"
#include "base/memory.h"
#include "config/suggest.h"

struct place place_member(const struct place *place, const char *key)
{
    struct place inner = {.file = place->file};
    struct text shown;
    text_init(&shown);
    json_add_key(&shown, key);
    snprintf(inner.path, sizeof inner.path, "%.120s%s%.70s", place->path, place->path[0] ? "." : "", shown.bytes);
    text_clear(&shown);
    return inner;
}

struct place place_item(const struct place *place, int64_t i)
{
    struct place inner = {.file = place->file};
    snprintf(inner.path, sizeof inner.path, "%.160s[%lld]", place->path, (long long)i);
    return inner;
}

enum status place_expected(const struct place *place, const char *expected, const cJSON *item)
{
    struct text found;
    text_init(&found);
    json_add_found(&found, item);
    enum status status = fail(BAD_INPUT, "%s: %s%sexpected %s, found %s", place->file, place->path,
                              place->path[0] ? ": " : "", expected, found.bytes);
    text_clear(&found);
    return status;
}

static enum status unknown_key(const struct place *place, const char *key, const char *const *keys, int n)
{
    struct text list;
    text_init(&list);
    for (int k = 0; k < n; k++)
        text_add(&list, "%s%s", k == 0 ? "" : k == n - 1 ? " or " : ", ", keys[k]);
    const struct place inner = place_member(place, key);
    const char *nearest = word_nearest(key, keys, n);
    enum status status = fail(BAD_INPUT, "%s: %s: expected only %s here%s%s%s", place->file, inner.path, list.bytes,
                              nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
    text_clear(&list);
    return status;
}

enum status object_check(const struct place *place, const cJSON *item, const char *const *keys, int n)
{
    if (!cJSON_IsObject(item))
        return place_expected(place, "an object", item);
    for (const cJSON *member = item->child; member != NULL; member = member->next) {
        int k = 0;
        while (k < n && strcmp(member->string, keys[k]) != 0)
            k++;
        if (k == n)
            return unknown_key(place, member->string, keys, n);
    }
    return STATUS_OK;
}

enum status name_read(const struct place *place, const cJSON *item, char **value)
{
    const char *string = cJSON_IsString(item) ? item->valuestring : "";
    size_t n = strlen(string);
    bool plain = n >= 1 && n <= NAME_LONGEST;
    for (size_t i = 0; i < n; i++)
        plain = plain && (unsigned char)string[i] >= 0x20 && string[i] != 0x7f;
    if (!plain)
        return place_expected(place, "a string of 1 to 1024 bytes without control characters", item);
    *value = memory_copy_text(string);
    return STATUS_OK;
}

/* ---- lists of strings ------------------------------------------------------------------------------------------- */

void strings_clear(struct strings *strings)
{
    for (int64_t i = 0; i < strings->n; i++)
        memory_free(strings->items[i]);
    memory_free(strings->items);
    *strings = (struct strings){0};
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

bool strings_have(const struct strings *strings, const char *string)
{
    return strings->n > 0 &&
           bsearch(&string, strings->items, (size_t)strings->n, sizeof *strings->items, compare) != NULL;
}

int64_t strings_sort(struct strings *strings)
{
    int64_t n = 0, n_all = strings->n;
    if (n_all > 1)
        qsort(strings->items, (size_t)n_all, sizeof *strings->items, compare);
    for (int64_t i = 0; i < n_all; i++) {
        if (n > 0 && strcmp(strings->items[n - 1], strings->items[i]) == 0)
            memory_free(strings->items[i]);
        else
            strings->items[n++] = strings->items[i];
    }
    strings->n = n;
    return n_all - n;
}

enum status names_read(const struct place *place, const cJSON *item, bool may_be_empty, struct strings *names)
{
    int n = cJSON_IsArray(item) ? cJSON_GetArraySize(item) : 0;
    if (!cJSON_IsArray(item) || (n == 0 && !may_be_empty))
        return place_expected(place, may_be_empty ? "a list of strings" : "a list of at least one string", item);
    struct strings read = {.items = memory_allocate(n, sizeof *read.items)};
    enum status status = STATUS_OK;
    for (const cJSON *member = item->child; member != NULL && status == STATUS_OK; member = member->next) {
        const struct place inner = place_item(place, read.n);
        status = name_read(&inner, member, &read.items[read.n]);
        read.n += status == STATUS_OK;
    }
    if (status == STATUS_OK && strings_sort(&read) > 0)
        status = fail(BAD_INPUT, "%s: %s: expected no string twice, found one", place->file, place->path);
    if (status != STATUS_OK) {
        strings_clear(&read);
        return status;
    }
    *names = read;
    return STATUS_OK;
}
