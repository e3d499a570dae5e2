#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "config/bytes.h"
#include "config/field.h"
#include "config/suggest.h"

/* Adds "expected …, found …"; `expected` NULL stands for the field's own. */
static void add_problem(const struct field *field, const char *path, const char *expected, const cJSON *item,
                        struct problems *problems)
{
    struct text what;
    text_init(&what);
    text_add(&what, "expected %s", expected ? expected : "");
    if (expected == NULL)
        field_add_expected(field, &what);
    text_add(&what, ", found ");
    json_add_found(&what, item);
    if (field->type == FIELD_CHOICE && cJSON_IsString(item)) {
        int n = 0;
        while (field->choices[n])
            n++;
        const char *near = word_nearest(item->valuestring, field->choices, n);
        if (near != NULL)
            text_add(&what, "; did you mean \"%s\"?", near);
    }
    problems_add(problems, path, what.bytes);
    text_clear(&what);
}

static bool has_control_byte(const char *string)
{
    for (; *string; string++)
        if ((unsigned char)*string < 0x20 || *string == 0x7f)
            return true;
    return false;
}

/* What is expected of a string that `item` is not; NULL when it is fine. */
static const char *string_fault(const struct field *field, const cJSON *item)
{
    bool may_be_empty = field->type == FIELD_STRING && field->fallback && strcmp(field->fallback, "\"\"") == 0;
    if (!cJSON_IsString(item))
        return "a string";
    if (item->valuestring[0] == 0 && !may_be_empty)
        return "a string that is not empty";
    return has_control_byte(item->valuestring) ? "a string without control characters" : NULL;
}

static bool get_number(const struct field *field, const cJSON *item, double *number)
{
    if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble) || !field_in_range(field, item->valuedouble))
        return false;
    *number = item->valuedouble + 0.0; /* no negative zero: one value, one text */
    return true;
}

static bool get_integer(const struct field *field, const cJSON *item, int64_t *integer)
{
    int64_t value;
    bool good = field->type == FIELD_BYTES && cJSON_IsString(item) ? bytes_parse(item->valuestring, &value)
                                                                   : json_integer(item, &value);
    if (!good || !field_in_range(field, (double)value) || (field->type == FIELD_BYTES && value < 0))
        return false;
    *integer = value;
    return true;
}

static int choice_index(const struct field *field, const cJSON *item)
{
    if (cJSON_IsString(item))
        for (int i = 0; field->choices[i]; i++)
            if (strcmp(field->choices[i], item->valuestring) == 0)
                return i;
    return -1;
}

/* A list is stored whole or not at all; each of its items has a problem of its own. */
static void set_list(const struct field *field, const char *path, const cJSON *list, void *place,
                     struct problems *problems)
{
    if (!cJSON_IsArray(list)) {
        add_problem(field, path, NULL, list, problems);
        return;
    }
    bool of_strings = field->type == FIELD_STRINGS;
    int64_t n = cJSON_GetArraySize(list), i = 0;
    char **strings = memory_allocate(of_strings ? n : 0, sizeof *strings);
    double *numbers = memory_allocate(of_strings ? 0 : n, sizeof *numbers);
    struct text expected, item_path;
    text_init(&expected);
    text_init(&item_path);
    text_add(&expected, "a number");
    field_add_range(field, &expected);
    int problems_before = problems->n;
    for (const cJSON *item = list->child; item != NULL; item = item->next, i++) {
        const char *fault = NULL;
        if (of_strings)
            fault = string_fault(field, item);
        else if (!get_number(field, item, &numbers[i]))
            fault = expected.bytes;
        if (of_strings && fault == NULL)
            strings[i] = memory_copy_text(item->valuestring);
        if (fault != NULL) {
            item_path.length = 0;
            text_add(&item_path, "%s[%lld]", path, (long long)i);
            add_problem(field, item_path.bytes, fault, item, problems);
        }
    }
    text_clear(&expected);
    text_clear(&item_path);
    if (of_strings)
        *(struct strings *)place = (struct strings){strings, n};
    else
        *(struct numbers *)place = (struct numbers){numbers, n};
    memory_free(of_strings ? (void *)numbers : (void *)strings);
    if (problems->n > problems_before)
        field_clear(field, (char *)place - field->offset);
}

void field_set(const struct field *field, const char *path, const cJSON *item, void *values, struct problems *problems)
{
    void *place = (char *)values + field->offset;
    const char *expected = NULL; /* of the item, where it is more than that of the field */
    bool good = false;
    switch (field->type) {
        case FIELD_STRING:
            expected = string_fault(field, item);
            good = expected == NULL;
            if (good)
                *(char **)place = memory_copy_text(item->valuestring);
            break;
        case FIELD_INTEGER:
        case FIELD_BYTES:
            good = get_integer(field, item, place);
            break;
        case FIELD_NUMBER:
            good = get_number(field, item, place);
            break;
        case FIELD_BOOLEAN:
            good = cJSON_IsBool(item);
            *(bool *)place = good && cJSON_IsTrue(item);
            break;
        case FIELD_CHOICE:
            good = choice_index(field, item) >= 0;
            *(int *)place = good ? choice_index(field, item) : 0;
            break;
        case FIELD_STRINGS:
        case FIELD_NUMBERS:
            set_list(field, path, item, place, problems);
            return;
    }
    if (!good)
        add_problem(field, path, expected, item, problems);
}
