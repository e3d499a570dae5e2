#include "reference/unfinished.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

/* What a file starts with. */
struct head {
    char format[24];
    uint8_t of[DIGEST_BYTES];
    int64_t n_network, n_query;
};
static const char format[24] = "assay-unfinished/1\n";

static struct head head_of(const struct unfinished *unfinished, const struct outcomes *outcomes)
{
    struct head head = {.n_network = outcomes->n_set * outcomes->n_seed, .n_query = outcomes->n_query};
    memcpy(head.format, format, sizeof format);
    memcpy(head.of, unfinished->of, DIGEST_BYTES);
    return head;
}

/* Bytes of one network: its number, loss, margin, correct. */
static size_t record_bytes(const struct outcomes *outcomes)
{
    return sizeof(int64_t) + (size_t)outcomes->n_query * (2 * sizeof(double) + 1);
}

static void take_record(const char *record, struct outcomes *outcomes, bool *done)
{
    size_t n = (size_t)outcomes->n_query, at;
    int64_t network;
    memcpy(&network, record, sizeof network);
    if (network < 0 || network >= outcomes->n_set * outcomes->n_seed)
        return;
    at = (size_t)network * n;
    record += sizeof network;
    memcpy(outcomes->loss + at, record, n * sizeof(double));
    memcpy(outcomes->margin + at, record + n * sizeof(double), n * sizeof(double));
    memcpy(outcomes->correct + at, record + 2 * n * sizeof(double), n);
    done[network] = true;
}

/* Whether all of a file is there, and is what it says. */
static bool is_sound(const char *bytes, size_t n, const struct head *head, size_t record)
{
    uint8_t sha256[DIGEST_BYTES];
    if (n < sizeof *head + DIGEST_BYTES || (n - sizeof *head - DIGEST_BYTES) % record != 0 ||
        memcmp(bytes, head, sizeof *head) != 0)
        return false;
    digest_of(bytes, n - DIGEST_BYTES, sha256);
    return memcmp(bytes + n - DIGEST_BYTES, sha256, DIGEST_BYTES) == 0;
}

static void load_file(const char *path, const struct head *head, struct outcomes *outcomes, bool *done)
{
    enum { FILE_LIMIT = 2147483647 };
    char *bytes = NULL;
    size_t n = 0, record = record_bytes(outcomes);
    if (file_load(path, FILE_LIMIT, &bytes, &n) == STATUS_OK && is_sound(bytes, n, head, record))
        for (size_t at = sizeof *head; at + DIGEST_BYTES < n; at += record)
            take_record(bytes + at, outcomes, done);
    memory_free(bytes);
}

/* The files of all ranks; the caller frees them with globfree. */
static void list_files(const char *directory, glob_t *files)
{
    char *pattern = path_join(directory, "truth/unfinished-*");
    if (glob(pattern, 0, NULL, files) != 0)
        *files = (glob_t){0};
    memory_free(pattern);
}

void unfinished_load(const struct unfinished *unfinished, struct outcomes *outcomes, bool *done)
{
    const struct head head = head_of(unfinished, outcomes);
    glob_t files;
    list_files(unfinished->directory, &files);
    for (size_t i = 0; i < files.gl_pathc; i++)
        load_file(files.gl_pathv[i], &head, outcomes, done);
    globfree(&files);
}

enum status unfinished_store(const struct unfinished *unfinished, int rank, const struct outcomes *outcomes,
                             const bool *which)
{
    const struct head head = head_of(unfinished, outcomes);
    size_t n = (size_t)outcomes->n_query;
    uint8_t sha256[DIGEST_BYTES];
    char name[64];
    struct text text;
    text_init(&text);
    text_add_bytes(&text, &head, sizeof head);
    for (int64_t network = 0; network < head.n_network; network++) {
        size_t at = (size_t)network * n;
        if (!which[network])
            continue;
        text_add_bytes(&text, &network, sizeof network);
        text_add_bytes(&text, outcomes->loss + at, n * sizeof(double));
        text_add_bytes(&text, outcomes->margin + at, n * sizeof(double));
        text_add_bytes(&text, outcomes->correct + at, n);
    }
    digest_of(text.bytes, text.length, sha256);
    text_add_bytes(&text, sha256, sizeof sha256);
    snprintf(name, sizeof name, "truth/unfinished-%05d", rank);
    char *path = path_join(unfinished->directory, name);
    enum status status = file_store(path, text.bytes, text.length, 0666);
    memory_free(path);
    text_clear(&text);
    return status;
}

void unfinished_remove(const char *directory)
{
    glob_t files;
    list_files(directory, &files);
    for (size_t i = 0; i < files.gl_pathc; i++)
        unlink(files.gl_pathv[i]);
    globfree(&files);
}
