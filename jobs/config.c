/* assay config: what a config may say. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "jobs/context.h"

/* JSON without the line breaks between its members; a string has none. */
static void fold(struct text *text)
{
    size_t n = 0;
    for (size_t i = 0; i < text->length; i++) {
        if (text->bytes[i] != '\n')
            text->bytes[n++] = text->bytes[i];
        else
            while (i + 1 < text->length && text->bytes[i + 1] == ' ')
                i++;
    }
    text->length = n;
    text_add(text, "\n");
}

static void show(const char *wanted, bool json, struct text *text)
{
    if (wanted == NULL ? json : strcmp(wanted, "schema") == 0) {
        config_schema(all_sections, text);
        return;
    }
    for (const struct section *const *section = all_sections; *section; section++) {
        if (wanted != NULL && strcmp((*section)->name, wanted) != 0)
            continue;
        if (json)
            config_schema((const struct section *const[]){*section, NULL}, text);
        else
            config_help(*section, text);
    }
}

static enum status run(MPI_Comm comm, const struct options *options)
{
    (void)comm;
    struct text text;
    text_init(&text);
    const char *wanted = options->target;
    show(wanted, options->json, &text);
    if (options->json && text.length > 0)
        fold(&text);
    enum status status = STATUS_OK;
    if (text.length > 0)
        fputs(text.bytes, stdout);
    else
        status = fail(BAD_USAGE, "assay config: expected a section's name or \"schema\", found \"%s\"", wanted);
    text_clear(&text);
    return status;
}

const struct job config_job = {
    .name = "config",
    .arguments = "[SECTION | schema]",
    .text = "print every field of a config, or its JSON Schema",
    .options = "j",
    .mpi = WITHOUT_MPI,
    .run = run,
};
