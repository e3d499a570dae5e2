#include "jobs/outcome.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "config/json.h"

static void add_name(struct text *json, const char *name)
{
    text_add(json, ", \"%s\": ", name);
}

/* What comes from files may be no UTF-8, which no JSON may be: such bytes are shown by their number. */
static void add_string(struct text *json, const char *value)
{
    if (utf8_is_valid(value, strlen(value))) {
        text_add_json_string(json, value);
        return;
    }
    struct text safe;
    text_init(&safe);
    for (const char *at = value; *at; at++)
        text_add(&safe, (unsigned char)*at >= 0x80 ? "\\x%02x" : "%c", (unsigned char)*at);
    text_add_json_string(json, safe.bytes);
    text_clear(&safe);
}

void outcome_begin(struct text *json, const char *job)
{
    text_init(json);
    text_add(json, "{\"job\": \"%s\"", job);
}

void outcome_done(struct text *json, bool unchanged)
{
    outcome_text(json, "outcome", unchanged ? "unchanged" : "done");
}

void outcome_count(struct text *json, const char *name, int64_t value)
{
    add_name(json, name);
    text_add(json, "%lld", (long long)value);
}

void outcome_number(struct text *json, const char *name, double value)
{
    add_name(json, name);
    if (isfinite(value))
        json_add_number(json, value);
    else
        text_add(json, "null");
}

void outcome_flag(struct text *json, const char *name, bool value)
{
    add_name(json, name);
    text_add(json, value ? "true" : "false");
}

void outcome_text(struct text *json, const char *name, const char *value)
{
    add_name(json, name);
    if (value != NULL)
        add_string(json, value);
    else
        text_add(json, "null");
}

void outcome_texts(struct text *json, const char *name, const char *const *values, int64_t n)
{
    add_name(json, name);
    text_add(json, "[");
    for (int64_t i = 0; i < n; i++) {
        text_add(json, "%s", i > 0 ? ", " : "");
        add_string(json, values[i]);
    }
    text_add(json, "]");
}

void outcome_print(struct text *json)
{
    text_add(json, "}\n");
    fputs(json->bytes, stdout);
    fflush(stdout);
    text_clear(json);
}
