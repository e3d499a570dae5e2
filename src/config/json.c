#include "config/json.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/json_repeats.h"
#include "config/json_scan.h"

enum { REPEATS_SHOWN = 32, EXCERPT_CHARACTERS = 60 };

static enum status parse_tree(const struct json_source *source, enum status bad, cJSON **json)
{
    enum status status = json_scan(source, bad);
    if (status != STATUS_OK)
        return status;
    *json = cJSON_ParseWithLengthOpts(source->bytes, source->n, NULL, 0);
    ASSERT(*json != NULL); /* cJSON accepts all that the scan accepts */
    return STATUS_OK;
}

static enum status parse_strict(const struct json_source *source, enum status bad, cJSON **json)
{
    cJSON *tree = NULL;
    enum status status = parse_tree(source, bad, &tree);
    if (status != STATUS_OK)
        return status;
    struct text repeated;
    text_init(&repeated);
    if (json_repeats(source, tree, 1, &repeated) > 0)
        status = fail(bad, "%s: %.*s", source->name, (int)strcspn(repeated.bytes, "\n"), repeated.bytes);
    text_clear(&repeated);
    if (status != STATUS_OK)
        cJSON_Delete(tree);
    else
        *json = tree;
    return status;
}

enum status json_parse(const char *bytes, size_t n, const char *name, enum status bad, cJSON **json)
{
    return parse_strict(&(struct json_source){bytes, n, name, 1}, bad, json);
}

enum status json_parse_line(const char *bytes, size_t n, const char *name, int64_t line, enum status bad, cJSON **json)
{
    return parse_strict(&(struct json_source){bytes, n, name, line}, bad, json);
}

enum status json_parse_lenient(const char *bytes, size_t n, const char *name, enum status bad, cJSON **json,
                               struct text *repeated)
{
    struct json_source source = {bytes, n, name, 1};
    enum status status = parse_tree(&source, bad, json);
    if (status == STATUS_OK)
        json_repeats(&source, *json, REPEATS_SHOWN, repeated);
    return status;
}

const cJSON *json_member(const cJSON *object, const char *key)
{
    return cJSON_IsObject(object) ? cJSON_GetObjectItemCaseSensitive(object, key) : NULL;
}

bool json_integer(const cJSON *item, int64_t *value)
{
    const double largest = 9007199254740991.0; /* 2^53 − 1: beyond, two texts can give one double */
    if (!cJSON_IsNumber(item))
        return false;
    double number = item->valuedouble;
    if (!(fabs(number) <= largest) || number != rint(number))
        return false;
    *value = (int64_t)number;
    return true;
}

void json_add_number(struct text *text, double value)
{
    ASSERT(isfinite(value));
    char digits[32];
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, value);
        if (strtod(digits, NULL) == value) /* in the same locale as it was printed */
            break;
    }
    char *point = strchr(digits, localeconv()->decimal_point[0]);
    if (point != NULL)
        *point = '.';
    text_add(text, "%s", digits);
}

void json_add_excerpt(struct text *text, const char *value)
{
    size_t n = 0;
    for (int characters = 0; value[n]; n++)
        if (((unsigned char)value[n] & 0xc0) != 0x80 && ++characters > EXCERPT_CHARACTERS)
            break;
    struct text part;
    text_init(&part);
    text_add_bytes(&part, value, n);
    if (value[n])
        text_add(&part, "…");
    text_add_json_string(text, part.bytes);
    text_clear(&part);
}

void json_add_key(struct text *text, const char *key)
{
    size_t n = strlen(key);
    bool plain = n > 0 && n <= EXCERPT_CHARACTERS;
    for (size_t i = 0; i < n; i++)
        plain = plain && (unsigned char)key[i] > 0x20 && key[i] != 0x7f && strchr("\"\\.[]:", key[i]) == NULL;
    if (plain)
        text_add(text, "%s", key);
    else
        json_add_excerpt(text, key);
}

void json_add_found(struct text *text, const cJSON *item)
{
    if (item == NULL)
        text_add(text, "nothing");
    else if (cJSON_IsString(item))
        json_add_excerpt(text, item->valuestring);
    else if (cJSON_IsNumber(item))
        json_add_number(text, item->valuedouble);
    else if (cJSON_IsObject(item) || cJSON_IsArray(item))
        text_add(text, cJSON_IsObject(item) ? "an object" : item->child ? "a list" : "an empty list");
    else
        text_add(text, cJSON_IsNull(item) ? "null" : cJSON_IsTrue(item) ? "true" : "false");
}
