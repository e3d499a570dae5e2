#include <string.h>

#include "base/memory.h"
#include "counterfactual/scenario_parts.h"
#include "records/lines.h"

/* "COLUMN=VALUE" or "id=ID". */
static enum status parse_without(const struct inquiry *inquiry, const char *item, struct scenarios *scenarios)
{
    const char *equals = strchr(item, '=');
    if (equals == NULL || equals == item)
        return fail(BAD_CONFIG, "counterfactual.without: expected COLUMN=VALUE or id=ID, found \"%s\"", item);
    struct text column, where;
    text_init(&column);
    text_init(&where);
    text_add_bytes(&column, item, (size_t)(equals - item));
    text_add(&where, "counterfactual.without: \"%s\"", item);
    bool is_id = strcmp(column.bytes, "id") == 0;
    struct scenario *scenario = NULL;
    enum status status = scenario_add(scenarios, item, is_id ? SCENARIO_EXAMPLE : SCENARIO_GROUP, &scenario);
    if (status == STATUS_OK && is_id)
        scenario_add_id(scenario, equals + 1);
    else if (status == STATUS_OK)
        status = scenario_add_condition(scenario, inquiry, where.bytes, column.bytes, equals + 1);
    text_clear(&where);
    text_clear(&column);
    return status;
}

/* ---- the scenarios file ----------------------------------------------------------------------------------------- */

static enum status parse_ids(const struct lines *lines, struct scenario *scenario)
{
    const cJSON *list = json_member(lines->record, "ids"), *item;
    if (list == NULL || cJSON_IsNull(list))
        return STATUS_OK;
    if (!cJSON_IsArray(list))
        return lines_expected(lines, "ids", "a list of ids");
    cJSON_ArrayForEach(item, list)
    {
        int64_t number;
        struct text decimal;
        text_init(&decimal);
        bool is_number = json_integer(item, &number);
        if (is_number)
            text_add(&decimal, "%lld", (long long)number);
        if (is_number || cJSON_IsString(item))
            scenario_add_id(scenario, is_number ? decimal.bytes : item->valuestring);
        text_clear(&decimal);
        if (!is_number && !cJSON_IsString(item))
            return lines_expected(lines, "ids", "strings or integers within 2^53");
    }
    return STATUS_OK;
}

static enum status parse_values(const struct inquiry *inquiry, const struct lines *lines, const char *where,
                                const cJSON *column, struct scenario *scenario)
{
    if (cJSON_IsString(column))
        return scenario_add_condition(scenario, inquiry, where, column->string, column->valuestring);
    if (!cJSON_IsArray(column))
        return lines_expected(lines, "groups", "an object of columns with a value or a list of values each");
    enum status status = STATUS_OK;
    const cJSON *item;
    cJSON_ArrayForEach(item, column)
    {
        if (status == STATUS_OK)
            status = cJSON_IsString(item)
                         ? scenario_add_condition(scenario, inquiry, where, column->string, item->valuestring)
                         : lines_expected(lines, "groups", "values that are strings");
    }
    return status;
}

static enum status parse_groups(const struct inquiry *inquiry, const struct lines *lines, struct scenario *scenario)
{
    const cJSON *groups = json_member(lines->record, "groups"), *column;
    if (groups == NULL || cJSON_IsNull(groups))
        return STATUS_OK;
    if (!cJSON_IsObject(groups))
        return lines_expected(lines, "groups", "an object of columns with a value or a list of values each");
    struct text where;
    text_init(&where);
    text_add(&where, "%s: line %lld: groups", lines->file, (long long)lines->number);
    enum status status = STATUS_OK;
    cJSON_ArrayForEach(column, groups)
    {
        if (status == STATUS_OK)
            status = parse_values(inquiry, lines, where.bytes, column, scenario);
    }
    text_clear(&where);
    return status;
}

static enum status parse_line(const struct inquiry *inquiry, const struct lines *lines, struct scenarios *scenarios)
{
    static const char *const keys[] = {"name", "ids", "groups"};
    const cJSON *member;
    cJSON_ArrayForEach(member, lines->record)
    {
        bool known = false;
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
            known = known || strcmp(member->string, keys[i]) == 0;
        if (!known) /* a scenario with a misspelt key would leave out less than was meant */
            return fail(BAD_INPUT, "%s: line %lld: expected the keys name, ids and groups alone, found \"%s\"",
                        lines->file, (long long)lines->number, member->string);
    }
    struct text name;
    text_init(&name);
    struct scenario *scenario = NULL;
    enum status status = lines_id(lines, "name", &name);
    if (status == STATUS_OK)
        status = scenario_add(scenarios, name.bytes, SCENARIO_LISTED, &scenario);
    if (status == STATUS_OK)
        status = parse_ids(lines, scenario);
    if (status == STATUS_OK)
        status = parse_groups(inquiry, lines, scenario);
    if (status == STATUS_OK && scenario->n_id + scenario->n_condition == 0)
        status = fail(BAD_INPUT, "%s: line %lld: the scenario \"%s\" names nothing: expected ids or groups",
                      lines->file, (long long)lines->number, name.bytes);
    text_clear(&name);
    return status;
}

enum status scenarios_parse(const struct inquiry *inquiry, struct scenarios *scenarios)
{
    const struct strings *without = &inquiry->config->without;
    enum status status = STATUS_OK;
    for (int64_t i = 0; i < without->n && status == STATUS_OK; i++)
        status = parse_without(inquiry, without->items[i], scenarios);
    if (inquiry->scenarios == NULL || status != STATUS_OK)
        return status;
    struct lines lines;
    lines_init(&lines, inquiry->config->scenarios, inquiry->scenarios, inquiry->scenarios_length);
    do
        status = lines_next(&lines);
    while (status == STATUS_OK && lines.record != NULL &&
           (status = parse_line(inquiry, &lines, scenarios)) == STATUS_OK);
    lines_clear(&lines);
    return status;
}
