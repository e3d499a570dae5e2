#include "records/lines.h"

#include <stdio.h>
#include <string.h>

void lines_init(struct lines *lines, const char *file, const char *bytes, size_t n)
{
    *lines = (struct lines){.file = file, .bytes = bytes, .n = n};
}

void lines_clear(struct lines *lines)
{
    cJSON_Delete(lines->record);
    *lines = (struct lines){0};
}

static bool is_blank(const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bytes[i] != ' ' && bytes[i] != '\t' && bytes[i] != '\r')
            return false;
    return true;
}

enum status lines_take(struct lines *lines, const char *line, size_t n, int64_t number)
{
    cJSON_Delete(lines->record);
    lines->record = NULL;
    lines->number = number;
    if (is_blank(line, n))
        return fail(BAD_INPUT, "%s: line %lld: expected a JSON object, found a blank line", lines->file,
                    (long long)number);
    cJSON *record = NULL;
    enum status status = json_parse_line(line, n, lines->file, number, BAD_INPUT, &record);
    if (status != STATUS_OK)
        return status;
    if (!cJSON_IsObject(record)) {
        struct text found;
        text_init(&found);
        json_add_found(&found, record);
        status = fail(BAD_INPUT, "%s: line %lld: expected a JSON object, found %s", lines->file, (long long)number,
                      found.bytes);
        text_clear(&found);
        cJSON_Delete(record);
        return status;
    }
    lines->record = record;
    return STATUS_OK;
}

enum status lines_next(struct lines *lines)
{
    if (lines->at == lines->n) {
        cJSON_Delete(lines->record);
        lines->record = NULL;
        return STATUS_OK;
    }
    const char *line = lines->bytes + lines->at, *end = memchr(line, '\n', lines->n - lines->at);
    size_t n = end ? (size_t)(end - line) : lines->n - lines->at;
    lines->at += n + (end != NULL);
    return lines_take(lines, line, n, lines->number + 1);
}

enum status lines_expected(const struct lines *lines, const char *key, const char *expected)
{
    struct text found;
    text_init(&found);
    json_add_found(&found, json_member(lines->record, key));
    enum status status = fail(BAD_INPUT, "%s: line %lld: %s: expected %s, found %s", lines->file,
                              (long long)lines->number, key, expected, found.bytes);
    text_clear(&found);
    return status;
}

bool has_control_character(const char *string)
{
    for (; *string; string++)
        if ((unsigned char)*string < 0x20 || *string == 0x7f)
            return true;
    return false;
}

enum status lines_id(const struct lines *lines, const char *key, struct text *id)
{
    const cJSON *item = json_member(lines->record, key);
    int64_t number;
    char decimal[24];
    const char *string = decimal;
    if (cJSON_IsString(item))
        string = item->valuestring;
    else if (json_integer(item, &number))
        snprintf(decimal, sizeof decimal, "%lld", (long long)number);
    else
        return lines_expected(lines, key, "a string or an integer within 2^53");
    size_t n = strlen(string);
    if (n == 0)
        return lines_expected(lines, key, "an id that is not empty");
    if (n > ID_LONGEST)
        return lines_expected(lines, key, "an id of at most 1024 bytes");
    if (has_control_character(string))
        return lines_expected(lines, key, "an id without control characters");
    id->length = 0;
    text_add_bytes(id, string, n);
    return STATUS_OK;
}

enum status lines_string(const struct lines *lines, const char *key, const char **value)
{
    const cJSON *item = json_member(lines->record, key);
    if (item != NULL && !cJSON_IsNull(item) && !cJSON_IsString(item))
        return lines_expected(lines, key, "a string");
    *value = cJSON_IsString(item) ? item->valuestring : "";
    return STATUS_OK;
}
