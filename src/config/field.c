#include "config/field.h"

#include <float.h>
#include <math.h>

#include "base/memory.h"
#include "config/bytes.h"

static const double integer_limit = 9007199254740991.0; /* 2^53 − 1, as json_integer */

static void *place_of(const struct field *field, void *values)
{
    return (char *)values + field->offset;
}

static bool is_whole(const struct field *field)
{
    return field->type == FIELD_INTEGER || field->type == FIELD_BYTES;
}

bool field_has_minimum(const struct field *field)
{
    if (field->minimum == 0 && field->maximum == 0)
        return false;
    return field->minimum > (is_whole(field) ? -integer_limit : -DBL_MAX);
}

bool field_has_maximum(const struct field *field)
{
    if (field->minimum == 0 && field->maximum == 0)
        return false;
    return field->maximum < (is_whole(field) ? integer_limit : DBL_MAX);
}

bool field_in_range(const struct field *field, double value)
{
    return !(field_has_minimum(field) && value < field->minimum) &&
           !(field_has_maximum(field) && value > field->maximum);
}

static void add_bound(const struct field *field, double bound, struct text *text)
{
    if (field->type == FIELD_BYTES)
        bytes_add(text, (int64_t)bound);
    else
        json_add_number(text, bound);
}

void field_add_range(const struct field *field, struct text *text)
{
    bool low = field_has_minimum(field), high = field_has_maximum(field);
    if (!low && !high)
        return;
    text_add(text, low && high ? " between " : low ? " of at least " : " of at most ");
    if (low)
        add_bound(field, field->minimum, text);
    text_add(text, low && high ? " and " : "");
    if (high)
        add_bound(field, field->maximum, text);
}

static void add_choices(const struct field *field, struct text *text)
{
    for (int i = 0; field->choices[i]; i++) {
        text_add(text, i == 0 ? "" : field->choices[i + 1] ? ", " : " or ");
        text_add_json_string(text, field->choices[i]);
    }
}

void field_add_expected(const struct field *field, struct text *text)
{
    static const char *const names[] = {
        [FIELD_STRING] = "a string", [FIELD_STRINGS] = "a list of strings",        [FIELD_INTEGER] = "an integer",
        [FIELD_NUMBER] = "a number", [FIELD_NUMBERS] = "a list of numbers",        [FIELD_BOOLEAN] = "true or false",
        [FIELD_CHOICE] = "",         [FIELD_BYTES] = "a size such as \"512 MiB\"",
    };
    text_add(text, "%s", names[field->type]);
    if (field->type == FIELD_CHOICE)
        add_choices(field, text);
    else if (field->type == FIELD_INTEGER || field->type == FIELD_NUMBER || field->type == FIELD_NUMBERS ||
             field->type == FIELD_BYTES)
        field_add_range(field, text);
}

void field_clear(const struct field *field, void *values)
{
    void *place = place_of(field, values);
    if (field->type == FIELD_STRING) {
        memory_free(*(char **)place);
        *(char **)place = NULL;
    } else if (field->type == FIELD_STRINGS) {
        struct strings *strings = place;
        for (int64_t i = 0; i < strings->n; i++)
            memory_free(strings->items[i]);
        memory_free(strings->items);
        *strings = (struct strings){0};
    } else if (field->type == FIELD_NUMBERS) {
        memory_free(((struct numbers *)place)->items);
        *(struct numbers *)place = (struct numbers){0};
    }
}

void field_add_value(const struct field *field, const void *values, struct text *text)
{
    const void *place = (const char *)values + field->offset;
    const struct strings *strings = place;
    const struct numbers *numbers = place;
    switch (field->type) {
        case FIELD_STRING:
            text_add_json_string(text, *(char *const *)place);
            break;
        case FIELD_INTEGER:
            text_add(text, "%lld", (long long)*(const int64_t *)place);
            break;
        case FIELD_NUMBER:
            json_add_number(text, *(const double *)place);
            break;
        case FIELD_BOOLEAN:
            text_add(text, *(const bool *)place ? "true" : "false");
            break;
        case FIELD_CHOICE:
            text_add_json_string(text, field->choices[*(const int *)place]);
            break;
        case FIELD_BYTES:
            text_add(text, "\"");
            bytes_add(text, *(const int64_t *)place);
            text_add(text, "\"");
            break;
        case FIELD_STRINGS:
            for (int64_t i = 0; i < strings->n; i++) {
                text_add(text, i > 0 ? ", " : "[");
                text_add_json_string(text, strings->items[i]);
            }
            text_add(text, strings->n > 0 ? "]" : "[]");
            break;
        case FIELD_NUMBERS:
            for (int64_t i = 0; i < numbers->n; i++) {
                text_add(text, i > 0 ? ", " : "[");
                json_add_number(text, numbers->items[i]);
            }
            text_add(text, numbers->n > 0 ? "]" : "[]");
            break;
    }
}
