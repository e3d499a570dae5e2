#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "records/ids.h"
#include "records/records.h"
#include "records/select.h"

/* A name stands in patterns of files and in names of tensors: nothing that means something there. */
static enum status get_name(const struct lines *lines, char **name)
{
    const cJSON *item = json_member(lines->record, "name");
    if (!cJSON_IsString(item) || item->valuestring[0] == 0)
        return lines_expected(lines, "name", "a string that is not empty");
    const char *string = item->valuestring;
    if (strpbrk(string, "/\\*?[]{}#:") != NULL || has_control_character(string) || string[0] == '.')
        return lines_expected(lines, "name",
                              "a name without / \\ * ? [ ] { } # : and control characters, and with no dot in front");
    if (strlen(string) > 255)
        return lines_expected(lines, "name", "a name of at most 255 bytes");
    *name = memory_copy_text(string);
    return STATUS_OK;
}

static enum status get_file(const struct lines *lines, char **file)
{
    const char *string = NULL;
    enum status status = lines_string(lines, "file", &string);
    if (status != STATUS_OK)
        return status;
    bool given = cJSON_IsString(json_member(lines->record, "file"));
    if (given && (string[0] == 0 || has_control_character(string)))
        return lines_expected(lines, "file", "a path that is not empty, without control characters");
    *file = given ? memory_copy_text(string) : NULL;
    return STATUS_OK;
}

static enum status get_numbers(const struct lines *lines, struct checkpoint *checkpoint)
{
    if (!json_integer(json_member(lines->record, "step"), &checkpoint->step) || checkpoint->step < 0)
        return lines_expected(lines, "step", "an integer of at least 0");
    const cJSON *rate = json_member(lines->record, "learning_rate");
    if (!cJSON_IsNumber(rate) || !(rate->valuedouble >= 0))
        return lines_expected(lines, "learning_rate", "a number of at least 0");
    checkpoint->learning_rate = rate->valuedouble + 0.0; /* no negative zero */
    const cJSON *loss = json_member(lines->record, "validation_loss");
    if (loss != NULL && !cJSON_IsNull(loss) && !cJSON_IsNumber(loss))
        return lines_expected(lines, "validation_loss", "a number");
    checkpoint->validation_loss = cJSON_IsNumber(loss) ? loss->valuedouble : (double)NAN;
    return STATUS_OK;
}

static void checkpoint_clear(struct checkpoint *checkpoint)
{
    memory_free(checkpoint->name);
    memory_free(checkpoint->file);
    *checkpoint = (struct checkpoint){0};
}

/* Fills a zeroed checkpoint; what is filled when it fails is the caller's to clear. */
static enum status read_checkpoint(const struct lines *lines, struct name_set *names, struct checkpoint *checkpoint)
{
    enum status status = get_name(lines, &checkpoint->name);
    if (status == STATUS_OK)
        status = get_numbers(lines, checkpoint);
    if (status == STATUS_OK)
        status = get_file(lines, &checkpoint->file);
    if (status != STATUS_OK)
        return status;
    bool is_new;
    int64_t number = name_set_add(names, checkpoint->name, &is_new);
    if (!is_new)
        return fail(BAD_INPUT, "%s: line %lld: name: expected a name of its own, found \"%s\", which line %lld has too",
                    lines->file, (long long)lines->number, checkpoint->name, (long long)number + 1);
    return STATUS_OK;
}

static enum status add_checkpoint(const struct lines *lines, struct name_set *names, struct checkpoints *checkpoints)
{
    struct checkpoint checkpoint = {0};
    enum status status = read_checkpoint(lines, names, &checkpoint);
    const struct checkpoint *last = checkpoints->n > 0 ? &checkpoints->items[checkpoints->n - 1] : NULL;
    if (status == STATUS_OK && last != NULL && checkpoint.step <= last->step)
        status = fail(BAD_INPUT, "%s: line %lld: step: expected a step after %lld, that of the line before, found %lld",
                      lines->file, (long long)lines->number, (long long)last->step, (long long)checkpoint.step);
    if (status != STATUS_OK) {
        checkpoint_clear(&checkpoint);
        return status;
    }
    /* Room for 2^k: grown whenever n is a power of two. */
    if ((checkpoints->n & (checkpoints->n - 1)) == 0)
        checkpoints->items = memory_resize(checkpoints->items, checkpoints->n,
                                           checkpoints->n > 0 ? 2 * checkpoints->n : 1, sizeof *checkpoints->items);
    checkpoints->items[checkpoints->n++] = checkpoint;
    return STATUS_OK;
}

enum status checkpoints_parse(const struct checkpoints_config *config, const char *bytes, size_t n,
                              struct checkpoints *checkpoints)
{
    struct checkpoints read = {0};
    struct lines lines;
    struct name_set names;
    lines_init(&lines, config->file, bytes, n);
    name_set_init(&names);
    enum status status = lines_next(&lines);
    while (status == STATUS_OK && lines.record != NULL) {
        status = add_checkpoint(&lines, &names, &read);
        if (status == STATUS_OK)
            status = lines_next(&lines);
    }
    if (status == STATUS_OK && read.n == 0)
        status = fail(BAD_INPUT, "%s: expected at least one checkpoint, found an empty file", config->file);
    if (status == STATUS_OK)
        status = checkpoints_select(config, &read);
    if (status == STATUS_OK)
        *checkpoints = read;
    else
        checkpoints_clear(&read);
    name_set_clear(&names);
    lines_clear(&lines);
    return status;
}

void checkpoints_clear(struct checkpoints *checkpoints)
{
    for (int64_t i = 0; i < checkpoints->n; i++)
        checkpoint_clear(&checkpoints->items[i]);
    memory_free(checkpoints->items);
    *checkpoints = (struct checkpoints){0};
}
