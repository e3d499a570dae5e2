/* The text of a statement, written and read by the same walk. */
#include "seal/statement.h"

#include <string.h>

#include "base/memory.h"
#include "seal/form.h"

static void walk_subjects(struct form *form, struct statement *statement)
{
    form_literal(form, "\"subject\":[");
    for (int64_t i = 0; FORM_NEXT(form, i, statement->subjects, statement->n_subject); i++) {
        form_literal(form, "{\"name\":");
        form_string(form, &statement->subjects[i].name);
        form_literal(form, ",\"digest\":{\"sha256\":");
        form_digest(form, statement->subjects[i].sha256.bytes);
        form_literal(form, "}}");
    }
    form_literal(form, "]");
}

static void walk_hosts(struct form *form, struct statement *statement)
{
    form_literal(form, ",\"hosts\":[");
    for (int64_t i = 0; FORM_NEXT(form, i, statement->hosts, statement->n_host); i++) {
        form_literal(form, "{\"name\":");
        form_string(form, &statement->hosts[i].name);
        form_literal(form, ",\"ranks\":");
        form_integer(form, &statement->hosts[i].ranks);
        form_literal(form, "}");
    }
    form_literal(form, "]");
}

static void walk_versions(struct form *form, struct statement *statement)
{
    form_literal(form, ",\"versions\":[");
    for (int64_t i = 0; FORM_NEXT(form, i, statement->versions, statement->n_version); i++) {
        form_literal(form, "{\"name\":");
        form_string(form, &statement->versions[i].name);
        form_literal(form, ",\"version\":");
        form_string(form, &statement->versions[i].value);
        form_literal(form, "}");
    }
    form_literal(form, "]");
}

static void walk_extents(struct form *form, struct extent_list *table)
{
    form_literal(form, ",\"datasets\":[");
    for (int64_t i = 0; FORM_NEXT(form, i, table->items, table->n); i++) {
        struct extent *extent = &table->items[i];
        form_literal(form, "{\"name\":");
        form_string(form, &extent->object);
        form_literal(form, ",\"offset\":");
        form_integer(form, &extent->offset);
        form_literal(form, ",\"bytes\":");
        form_integer(form, &extent->bytes);
        form_literal(form, ",\"rows\":");
        form_integer(form, &extent->rows);
        form_literal(form, "}");
    }
    form_literal(form, "]");
}

static void walk_tables(struct form *form, struct statement *statement)
{
    form_literal(form, ",\"tables\":[");
    for (int64_t i = 0; FORM_NEXT(form, i, statement->tables, statement->n_table); i++) {
        form_literal(form, "{\"name\":");
        form_string(form, &statement->tables[i].path);
        walk_extents(form, &statement->tables[i]);
        form_literal(form, "}");
    }
    form_literal(form, "]");
}

static void walk_dependencies(struct form *form, struct statement *statement)
{
    form_literal(form, ",\"resolvedDependencies\":[");
    for (int64_t i = 0; FORM_NEXT(form, i, statement->dependencies, statement->n_dependency); i++) {
        struct dependency *item = &statement->dependencies[i];
        form_literal(form, "{\"name\":");
        form_string(form, &item->name);
        form_literal(form, ",\"digest\":{\"assaySegments\":");
        form_digest(form, item->segments.bytes);
        if (form->out == NULL)
            item->is_whole = cursor_sees(&form->in, ",");
        if (item->is_whole) {
            form_literal(form, ",\"sha256\":");
            form_digest(form, item->sha256.bytes);
        }
        form_literal(form, "}}");
    }
    form_literal(form, "]");
}

static void walk_internal(struct form *form, struct statement *statement)
{
    form_literal(form, ",\"internalParameters\":{\"log\":{\"origin\":");
    form_string(form, &statement->origin);
    form_literal(form, ",\"size\":");
    form_integer(form, &statement->size);
    form_literal(form, ",\"root\":");
    form_digest(form, statement->root.bytes);
    form_literal(form, "},\"inputsDirectory\":");
    form_string(form, &statement->inputs_directory);
    form_literal(form, ",\"execution\":");
    form_object(form, &statement->execution);
    form_literal(form, ",\"ranks\":");
    form_integer(form, &statement->ranks);
    walk_hosts(form, statement);
    walk_versions(form, statement);
    walk_tables(form, statement);
    form_literal(form, "}");
}

static void walk_statement(struct form *form, struct statement *statement)
{
    form_literal(form, "{\"_type\":\"https://in-toto.io/Statement/v1\",");
    walk_subjects(form, statement);
    form_literal(form, ",\"predicateType\":\"https://slsa.dev/provenance/v1\",\"predicate\":{\"buildDefinition\":{"
                       "\"buildType\":\"urn:assay:run:v1\",\"externalParameters\":");
    form_object(form, &statement->config);
    walk_internal(form, statement);
    walk_dependencies(form, statement);
    form_literal(form, "},\"runDetails\":{\"builder\":{\"id\":");
    form_string(form, &statement->builder);
    form_literal(form, "},\"metadata\":{\"invocationId\":");
    form_string(form, &statement->invocation);
    form_literal(form, ",\"startedOn\":");
    form_string(form, &statement->started);
    form_literal(form, ",\"finishedOn\":");
    form_string(form, &statement->finished);
    form_literal(form, "}}}}");
}

void statement_write(const struct statement *statement, struct text *payload)
{
    struct form form = {.out = payload};
    struct statement walked = *statement; /* the walk only changes what it reads */
    walk_statement(&form, &walked);
}

static bool is_written_so(const struct statement *statement, const char *payload, size_t n)
{
    struct text again;
    text_init(&again);
    statement_write(statement, &again);
    bool same = again.length == n && memcmp(again.bytes, payload, n) == 0;
    text_clear(&again);
    return same;
}

enum status statement_parse(const char *payload, size_t n, const char *where, struct statement *statement)
{
    struct form form = {.out = NULL};
    struct statement found = {0};
    cursor_init(&form.in, payload, n);
    walk_statement(&form, &found);
    if (!cursor_is_done(&form.in) || !is_written_so(&found, payload, n)) {
        statement_clear(&found);
        return fail(BAD_RUN,
                    "%s: expected a provenance statement in exactly the form that this program writes, found "
                    "something else at byte %zu of %zu: it is damaged or from another version",
                    where, (size_t)(form.in.at - payload), n);
    }
    *statement = found;
    return STATUS_OK;
}
