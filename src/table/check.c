#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "table/layout.h"

static void describe(const struct dataset *dataset, struct text *text)
{
    text_add(text, "%s", table_type_name(dataset->type));
    if (dataset->type == TABLE_STRING)
        text_add(text, " of %lld bytes", (long long)dataset->string_bytes);
    text_add(text, " [");
    for (int i = 0; i < dataset->n_dim; i++)
        text_add(text, "%s%lld", i ? " x " : "", (long long)dataset->dims[i]);
    text_add(text, "] in %s (%s)", dataset->unit, dataset->text);
}

/* Two datasets that read the same in words are the same. */
static enum status check_dataset(const char *file, const struct dataset *expected, const struct dataset *found)
{
    if (found == NULL)
        return fail(BAD_RUN, "%s: expected a dataset %s, found none: the file is of another config; remove it", file,
                    expected->path);
    struct text wanted, seen;
    text_init(&wanted);
    text_init(&seen);
    describe(expected, &wanted);
    describe(found, &seen);
    enum status status = STATUS_OK;
    if (strcmp(wanted.bytes, seen.bytes) != 0)
        status = fail(BAD_RUN, "%s: %s: expected %s, found %s: the file is of another config; remove it", file,
                      expected->path, wanted.bytes, seen.bytes);
    text_clear(&wanted);
    text_clear(&seen);
    return status;
}

enum status table_layout_check(const char *file, const struct table_layout *layout)
{
    struct table_reader *reader = NULL;
    if (!path_exists(file))
        return fail(BAD_RUN, "%s: there is no such file, and so nothing to resume", file);
    if (table_open(file, &reader) != STATUS_OK)
        return fail(BAD_RUN, "%s; nothing can be resumed from it: remove it", failure_sentence());
    enum status status = STATUS_OK;
    for (int i = 0; status == STATUS_OK && i < layout->n_dataset; i++)
        status = check_dataset(file, &layout->datasets[i], table_find(reader, layout->datasets[i].path));
    if (status == STATUS_OK && table_count(reader) != layout->n_dataset)
        status = fail(BAD_RUN, "%s: expected %d datasets, found %d: the file is of another config; remove it", file,
                      layout->n_dataset, table_count(reader));
    table_reader_close(reader);
    return status;
}
