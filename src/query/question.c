#include "query/question.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "query/module.h"
#include "query/near.h"
#include "query/session.h"

const struct question *const questions[] = {&top_question,      &trace_question,   &groups_question,
                                            &rejected_question, &without_question, NULL};

const struct question *question_find(const char *name)
{
    for (int i = 0; questions[i] != NULL; i++)
        if (strcmp(questions[i]->name, name) == 0)
            return questions[i];
    return NULL;
}

enum status question_unknown(const char *word)
{
    struct near near = {.word = word};
    struct text names;
    text_init(&names);
    for (int i = 0; questions[i] != NULL; i++)
        near_offer(&near, questions[i]->name);
    near_end(&near, &names);
    enum status status =
        fail(BAD_USAGE, "\"%s\" is neither a question nor SQL%s; see `assay query --help`", word, names.bytes);
    text_clear(&names);
    return status;
}

/* ---- what the argument is ---------------------------------------------------------------------------------------- */

/* A sink that only counts rows, or offers the first column as a near name. */
struct listener {
    int64_t n_row;
    struct near *near; /* may be NULL */
};

static enum status hear_columns(void *context, const char *const *columns, int n_column)
{
    (void)context;
    (void)columns;
    (void)n_column;
    return STATUS_OK;
}

static enum status hear_row(void *context, const struct query_value *values, int n_column)
{
    struct listener *listener = context;
    listener->n_row++;
    if (listener->near != NULL && n_column > 0 && values[0].kind == QUERY_TEXT)
        near_offer(listener->near, values[0].text);
    return STATUS_OK;
}

static enum status hear_end(void *context)
{
    (void)context;
    return STATUS_OK;
}

static enum status listen(struct query *query, const char *sql, const char *argument, struct near *near, bool *found)
{
    struct listener listener = {.near = near};
    const struct query_sink sink = {&listener, hear_columns, hear_row, hear_end};
    enum status status = query_run(query, sql, &argument, 1, &sink);
    *found = listener.n_row > 0;
    return status;
}

/* Puts a hint in place of near names where the argument of another question is a sample. */
static enum status add_trace(struct query *query, const char *argument, struct text *names)
{
    bool found = false;
    enum status status = STATUS_OK;
    for (const struct question_case *one = trace_question.cases; one->parts != NULL && !found && status == STATUS_OK;
         one++)
        if (query_has_table(query, one->table))
            status = listen(query, one->test, argument, NULL, &found);
    if (status == STATUS_OK && found) {
        names->length = 0;
        text_add(names, "; it is a sample: trace %.200s", argument);
    }
    return status;
}

static enum status unknown_argument(struct query *query, const struct question *question, const char *argument)
{
    struct near near = {.word = argument};
    struct text names, kinds;
    enum status status = STATUS_OK;
    bool found;
    text_init(&names);
    text_init(&kinds);
    for (const struct question_case *one = question->cases; one->parts != NULL && status == STATUS_OK; one++)
        if (one->what != NULL && query_has_table(query, one->table)) {
            text_add(&kinds, "%s%s", kinds.length > 0 ? " or " : "", one->what);
            if (one->names != NULL)
                status = listen(query, one->names, argument, &near, &found);
        }
    near_end(&near, &names);
    if (status == STATUS_OK && question != &trace_question)
        status = add_trace(query, argument, &names);
    if (status == STATUS_OK && kinds.length == 0)
        status = fail(BAD_USAGE, "%s: the tables that \"%s\" asks are not in this run", store_directory(query->store),
                      question->name);
    else if (status == STATUS_OK)
        status = fail(BAD_USAGE, "%s: \"%.200s\" is no %s of this run%s", store_directory(query->store), argument,
                      kinds.bytes, names.bytes);
    text_clear(&kinds);
    text_clear(&names);
    return status;
}

/* The first case that the argument is one of; NULL: none. */
static enum status match(struct query *query, const struct question *question, const char *argument,
                         const struct question_case **chosen)
{
    enum status status = STATUS_OK;
    *chosen = NULL;
    for (const struct question_case *one = question->cases;
         one->parts != NULL && *chosen == NULL && status == STATUS_OK; one++) {
        bool found = argument == NULL && one->what == NULL;
        if (argument != NULL && one->what != NULL && query_has_table(query, one->table))
            status = listen(query, one->test, argument, NULL, &found);
        if (status == STATUS_OK && found)
            *chosen = one;
    }
    return status;
}

/* The case of an argument, which may be written id=… where an id is meant. */
static enum status choose(struct query *query, const struct question *question, const char **argument,
                          const struct question_case **chosen)
{
    static const char prefix[] = "id=";
    enum status status = match(query, question, *argument, chosen);
    if (status == STATUS_OK && *chosen == NULL && *argument != NULL &&
        strncmp(*argument, prefix, sizeof prefix - 1) == 0) {
        *argument += sizeof prefix - 1;
        status = match(query, question, *argument, chosen);
    }
    if (status != STATUS_OK || *chosen != NULL)
        return status;
    if (*argument == NULL)
        return fail(BAD_USAGE, "assay query: %s needs %s", question->name, question->argument);
    return question->argument[0] == 0
               ? fail(BAD_USAGE, "assay query: %s takes no argument, found \"%.200s\"", question->name, *argument)
               : unknown_argument(query, question, *argument);
}

/* ---- its statements ---------------------------------------------------------------------------------------------- */

/* Whether a column is meant by the names in a brace: listed, or, without names, one that users chose. */
static bool is_meant(const struct field *field, const char *names, size_t n)
{
    size_t length = strlen(field->name);
    if (n == 0)
        return field->is_group;
    for (size_t at = 0; at < n;) {
        size_t word = strcspn(names + at, " }");
        if (word == length && strncmp(names + at, field->name, word) == 0)
            return true;
        at += word + 1;
    }
    return false;
}

/* Puts a name in for "{=TABLE COLUMN}", `at` being what follows the sign; returns what comes behind the brace. */
static const char *add_change(const struct query *query, const char *at, struct text *sql)
{
    size_t n_table = strcspn(at, " "), n_column = strcspn(at + n_table + 1, "}");
    struct text table;
    bool is_loss = false;
    text_init(&table);
    text_add_bytes(&table, at, n_table);
    const struct relation *relation = relations_find_any(&query->relations, table.bytes);
    text_clear(&table);
    at += n_table + 1;
    for (int f = 0; relation != NULL && f < relation->n_field; f++)
        is_loss =
            is_loss || (is_meant(&relation->fields[f], at, n_column) && strcmp(relation->fields[f].unit, "loss") == 0);
    text_add(sql, is_loss ? "loss_change" : "score_change");
    return at + n_column + 1;
}

/* Puts columns in for "{TABLE ALIAS …}", `brace` being what follows the brace; returns what comes behind it. */
static const char *add_columns(const struct query *query, const char *brace, struct text *sql)
{
    char table[64] = "", alias[16] = "";
    size_t n_table = strcspn(brace, " "), n_alias = strcspn(brace + n_table + 1, " }");
    ASSERT(n_table < sizeof table && n_alias < sizeof alias);
    memcpy(table, brace, n_table);
    memcpy(alias, brace + n_table + 1, n_alias);
    const char *names = brace + n_table + 1 + n_alias, *end = strchr(names, '}');
    ASSERT(end != NULL);
    names += *names == ' ';
    const struct relation *relation = relations_find_any(&query->relations, table);
    for (int f = 0; relation != NULL && f < relation->n_field; f++)
        if (is_meant(&relation->fields[f], names, (size_t)(end - names))) {
            text_add(sql, ", %s.", alias);
            module_add_name(sql, relation->fields[f].name);
        }
    return end + 1;
}

static void complete(const struct query *query, const char *pattern, struct text *sql)
{
    while (*pattern)
        if (*pattern == '{' && pattern[1] == '=')
            pattern = add_change(query, pattern + 2, sql);
        else if (*pattern == '{')
            pattern = add_columns(query, pattern + 1, sql);
        else
            text_add_bytes(sql, pattern++, 1);
}

static bool has_all(const struct query *query, const struct question_part *part)
{
    bool has = true;
    for (int i = 0; part->needs[i] != NULL && has; i++)
        has = query_has_table(query, part->needs[i]);
    return has;
}

static enum status answer_part(struct query *query, const struct question_part *part, const char *const *parameters,
                               int most, struct format *format)
{
    if (part->unless != NULL && query_has_table(query, part->unless))
        return STATUS_OK;
    if (!has_all(query, part))
        return part->instead != NULL ? format_note(format, part->instead) : STATUS_OK;
    struct query_sink sink;
    struct text sql;
    text_init(&sql);
    complete(query, part->sql, &sql);
    enum status status =
        format_list(format, part->title, strstr(part->sql, "?2") != NULL ? most : 0, part->list, &sink);
    if (status == STATUS_OK)
        status = query_run(query, sql.bytes, parameters, 3, &sink);
    text_clear(&sql);
    return status;
}

enum status question_answer(struct query *query, const struct question *question, const char *argument, int most,
                            struct format *format)
{
    char rows[16];
    const struct question_case *chosen;
    enum status status = choose(query, question, &argument, &chosen);
    snprintf(rows, sizeof rows, "%d", most > 0 ? FORMAT_COUNTED + 1 : -1);
    const char *const parameters[] = {argument, rows, most > 0 ? "1" : NULL};
    int n_answered = 0;
    for (const struct question_part *part = chosen ? chosen->parts : NULL;
         status == STATUS_OK && part != NULL && part->title != NULL; part++) {
        n_answered += has_all(query, part) || part->instead != NULL;
        status = answer_part(query, part, parameters, most, format);
    }
    if (status == STATUS_OK && n_answered == 0)
        status = fail(BAD_USAGE, "%s: the tables that \"%s\" asks are not in this run", store_directory(query->store),
                      question->name);
    return status;
}
