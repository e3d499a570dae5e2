#include "config/run_section.h"

#include <string.h>

#include "config/json.h"

#define AT(member) offsetof(struct run_config, member)

static const struct field fields[] = {
    {.path = "name", .type = FIELD_STRING, .offset = AT(name), .text = "what the run is called, for people"},
    {.path = "directory",
     .type = FIELD_STRING,
     .offset = AT(directory),
     .scope = SCOPE_EXECUTION,
     .text = "directory that the run is written to, relative to the config file"},
    {.path = "origin",
     .type = FIELD_STRING,
     .offset = AT(origin),
     .text = "name of the run's log and of the key that signs it: a URL without its scheme, such as "
             "\"example.org/audit/digits\""},
    {.path = "also",
     .type = FIELD_STRINGS,
     .offset = AT(also),
     .fallback = "[]",
     .text = "further files to commit as inputs, relative to the config file"},
};

/* Printable ASCII only: a name in a signed note has no space of any script, and none of its readers should have to
 * compare look-alikes. */
static const char *origin_fault(const char *origin)
{
    for (const char *at = origin; *at; at++)
        if (*at <= 0x20 || *at >= 0x7f || *at == '+')
            return "printable ASCII without spaces and without '+'";
    if (strstr(origin, "://") != NULL)
        return "a URL without its scheme, such as \"example.org/audit/digits\"";
    if (origin[0] == '/' || origin[strlen(origin) - 1] == '/')
        return "a URL without its scheme that neither starts nor ends with '/'";
    return NULL;
}

/* @source C2SP signed-note (names of keys) and tlog-checkpoint (origins) */
static enum status check(const void *values)
{
    const struct run_config *run = values;
    const char *expected = origin_fault(run->origin);
    if (expected == NULL)
        return STATUS_OK;
    struct text found;
    text_init(&found);
    json_add_excerpt(&found, run->origin);
    enum status status = fail(BAD_CONFIG, "run.origin: expected %s, found %s", expected, found.bytes);
    text_clear(&found);
    return status;
}

const struct section run_section = {
    .name = "run",
    .text = "what the run is called, where it is written, and under which name it is signed",
    .fields = fields,
    .n_field = sizeof fields / sizeof *fields,
    .size = sizeof(struct run_config),
    .check = check,
};
