/* assay config: what a config may say. */
#include <stdio.h>
#include <string.h>

#include "jobs/context.h"

static enum status run(MPI_Comm comm, const struct options *options)
{
    (void)comm;
    struct text text;
    text_init(&text);
    const char *wanted = options->target;
    if (wanted != NULL && strcmp(wanted, "schema") == 0) {
        config_schema(all_sections, &text);
    } else {
        for (const struct section *const *section = all_sections; *section; section++)
            if (wanted == NULL || strcmp((*section)->name, wanted) == 0)
                config_help(*section, &text);
    }
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
    .options = "",
    .mpi = WITHOUT_MPI,
    .run = run,
};
