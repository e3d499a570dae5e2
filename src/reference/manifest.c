#include "reference/manifest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "config/json.h"
#include "reference/sweep.h"

static const char manifest_name[] = "train.json", mark_name[] = "train.json.partial";
/* What every manifest starts with. */
static const char opening[] = "{\n  \"format\": \"assay-train/1\",\n";
enum { MANIFEST_LIMIT = 256 << 20 };

void text_add_double(struct text *text, double value)
{
    char digits[40];
    for (int n = 1; n <= 17; n++) {
        snprintf(digits, sizeof digits, "%.*g", n, value);
        if (strtod(digits, NULL) == value)
            break;
    }
    text_add(text, "%s", digits);
}

/* The lines of `block` without its last line end, two spaces further in. */
static void add_indented(struct text *text, const struct text *block)
{
    size_t n = block->length;
    while (n > 0 && block->bytes[n - 1] == '\n')
        n--;
    for (size_t i = 0; i < n; i++) {
        text_add_bytes(text, block->bytes + i, 1);
        if (block->bytes[i] == '\n')
            text_add_bytes(text, "  ", 2);
    }
}

void manifest_head(const struct train_config *config, const struct images *images, const struct admissions *admissions,
                   struct text *head)
{
    const struct section *const sections[] = {&train_section, NULL};
    void *values[] = {(void *)config};
    bool present[] = {true}, *given[] = {memory_allocate(train_section.n_field, sizeof **given)};
    const struct config whole = {.sections = sections, .values = values, .present = present, .given = given};
    struct text resolved;
    text_init(&resolved);
    config_resolved(&whole, SCOPE_RESULT, &resolved);

    char pixels[2 * DIGEST_BYTES + 1], labels[2 * DIGEST_BYTES + 1];
    hex_encode(images->pixels_sha256, DIGEST_BYTES, pixels);
    hex_encode(images->labels_sha256, DIGEST_BYTES, labels);
    text_init(head);
    text_add(head, "%s  \"config\": ", opening);
    add_indented(head, &resolved);
    text_add(head, ",\n  \"data\": {\"images_sha256\": \"%s\", \"labels_sha256\": \"%s\"", pixels, labels);
    if (admissions->policies != NULL) {
        char policies[2 * DIGEST_BYTES + 1];
        hex_encode(admissions->sha256, DIGEST_BYTES, policies);
        text_add(head, ", \"policies_sha256\": \"%s\"", policies);
    }
    text_add(head, "},\n");
    text_clear(&resolved);
    memory_free(given[0]);
}

/* ---- is it there already? ---- */

static bool summary_read(const cJSON *json, struct train_summary *summary)
{
    const cJSON *numbers[4] = {json_member(json, "validation_loss"), json_member(json, "validation_accuracy"),
                               json_member(json, "test_accuracy"), json_member(json, "explained_variance")};
    for (int i = 0; i < 4; i++)
        if (!cJSON_IsNumber(numbers[i]))
            return false;
    summary->validation_loss = numbers[0]->valuedouble;
    summary->validation_accuracy = numbers[1]->valuedouble;
    summary->test_accuracy = numbers[2]->valuedouble;
    summary->autoencoder.explained = numbers[3]->valuedouble;
    return json_integer(json_member(json, "dead_features"), &summary->autoencoder.n_dead) &&
           json_integer(json_member(json, "probes"), &summary->n_probe) &&
           json_integer(json_member(json, "pairs"), &summary->n_pair) &&
           json_integer(json_member(json, "training_samples"), &summary->n_train) &&
           json_integer(json_member(json, "modulated"), &summary->n_modulated) &&
           json_integer(json_member(json, "rejected"), &summary->n_rejected) &&
           json_integer(json_member(json, "steps"), &summary->n_step) &&
           json_integer(json_member(json, "checkpoints"), &summary->n_checkpoint);
}

static bool files_are_there(const char *directory, const cJSON *files, struct train_summary *summary)
{
    if (!cJSON_IsArray(files))
        return false;
    for (const cJSON *file = files->child; file != NULL; file = file->next) {
        const cJSON *name = json_member(file, "path");
        int64_t expected, found;
        if (!cJSON_IsString(name) || !json_integer(json_member(file, "bytes"), &expected))
            return false;
        char *path = path_join(directory, name->valuestring);
        bool same = file_size(path, &found) == STATUS_OK && found == expected;
        memory_free(path);
        if (!same)
            return false;
        summary->n_file++;
        summary->bytes += found;
    }
    return summary->n_file > 0;
}

bool manifest_is_current(const char *directory, const char *head, struct train_summary *summary)
{
    char *path = path_join(directory, manifest_name), *bytes = NULL;
    size_t n = 0, n_head = strlen(head);
    cJSON *json = NULL;
    struct train_summary found = {.unchanged = true};
    bool current = path_exists(path) && file_load(path, MANIFEST_LIMIT, &bytes, &n) == STATUS_OK && n > n_head &&
                   memcmp(bytes, head, n_head) == 0 && json_parse(bytes, n, path, BAD_INPUT, &json) == STATUS_OK &&
                   summary_read(json_member(json, "summary"), &found) &&
                   files_are_there(directory, json_member(json, "files"), &found);
    if (current)
        *summary = found;
    cJSON_Delete(json);
    memory_free(bytes);
    memory_free(path);
    return current;
}

/* ---- before and after ---- */

/* Any train.json of another program is not ours to replace. */
static enum status refuse_foreign_manifest(const char *path)
{
    char *bytes = NULL;
    size_t n = 0, n_opening = strlen(opening);
    enum status status = file_load(path, MANIFEST_LIMIT, &bytes, &n);
    if (status != STATUS_OK || n < n_opening || memcmp(bytes, opening, n_opening) != 0)
        status = fail(CANNOT_WRITE,
                      "%s: expected the manifest of an earlier `assay train`, found something else; choose another "
                      "train.directory",
                      path);
    memory_free(bytes);
    return status;
}

enum status manifest_begin(const char *directory, const char *head)
{
    char *manifest = path_join(directory, manifest_name), *mark = path_join(directory, mark_name);
    enum status status = directory_make(directory);
    if (status == STATUS_OK && path_exists(manifest)) {
        status = refuse_foreign_manifest(manifest);
        if (status == STATUS_OK)
            status = file_rename(manifest, mark); /* durable before the first file it lists is touched */
    } else if (status == STATUS_OK && !path_exists(mark)) {
        status = sweep_refuse_foreign(directory);
        if (status == STATUS_OK)
            status = file_store(mark, head, strlen(head), 0666);
    }
    if (status == STATUS_OK)
        status = sweep_earlier(directory);
    memory_free(manifest);
    memory_free(mark);
    return status;
}

static void add_summary(struct text *text, const struct train_summary *summary)
{
    text_add(text,
             "  \"summary\": {\"training_samples\": %lld, \"modulated\": %lld, \"rejected\": %lld, \"steps\": %lld, "
             "\"checkpoints\": %lld, ",
             (long long)summary->n_train, (long long)summary->n_modulated, (long long)summary->n_rejected,
             (long long)summary->n_step, (long long)summary->n_checkpoint);
    text_add(text, "\"validation_loss\": ");
    text_add_double(text, summary->validation_loss);
    text_add(text, ", \"validation_accuracy\": ");
    text_add_double(text, summary->validation_accuracy);
    text_add(text, ", \"test_accuracy\": ");
    text_add_double(text, summary->test_accuracy);
    text_add(text, ",\n    \"explained_variance\": ");
    text_add_double(text, summary->autoencoder.explained);
    text_add(text, ", \"dead_features\": %lld, \"probes\": %lld, \"pairs\": %lld},\n",
             (long long)summary->autoencoder.n_dead, (long long)summary->n_probe, (long long)summary->n_pair);
}

enum status manifest_end(const char *head, const struct train_summary *summary, const struct hand_over *hand_over)
{
    struct text text;
    text_init(&text);
    text_add(&text, "%s", head);
    add_summary(&text, summary);
    text_add(&text, "  \"files\": [\n");
    for (int64_t i = 0; i < hand_over->n; i++) {
        const struct handed_file *file = &hand_over->files[i];
        char hex[2 * DIGEST_BYTES + 1];
        hex_encode(file->sha256, DIGEST_BYTES, hex);
        text_add(&text, "    {\"path\": \"%s\", \"bytes\": %lld, \"sha256\": \"%s\"}%s\n", file->path,
                 (long long)file->bytes, hex, i + 1 < hand_over->n ? "," : "");
    }
    text_add(&text, "  ]\n}\n");
    char *manifest = path_join(hand_over->directory, manifest_name), *mark = path_join(hand_over->directory, mark_name);
    enum status status = file_store(manifest, text.bytes, text.length, 0666);
    if (status == STATUS_OK && unlink(mark) != 0)
        status = fail(CANNOT_WRITE, "%s: cannot be removed: %s", mark, strerror(errno));
    memory_free(manifest);
    memory_free(mark);
    text_clear(&text);
    return status;
}
