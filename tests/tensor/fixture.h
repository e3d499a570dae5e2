/* A fresh directory of files written by Python (fixtures.py), and what a test does with them. */
#ifndef ASSAY_TESTS_TENSOR_FIXTURE_H
#define ASSAY_TESTS_TENSOR_FIXTURE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/segment.h"
#include "base/text.h"
#include "check.h"
#include "overwrite.h"

static char fixture_directory[4096];

static inline void fixture_begin(void)
{
    const char *parent = getenv("TMPDIR");
    snprintf(fixture_directory, sizeof fixture_directory, "%s/assay-tensor-XXXXXX", parent ? parent : "/tmp");
    if (mkdtemp(fixture_directory) == NULL) {
        perror(fixture_directory);
        exit(EXIT_FAILURE);
    }
}

static inline void fixture_end(void)
{
    struct text command;
    text_init(&command);
    text_add(&command, "rm -rf '%s'", fixture_directory);
    CHECK(system(command.bytes) == 0);
    text_clear(&command);
}

/* Runs fixtures.py VERB FIRST [SECOND]; true if it succeeded. */
static inline bool fixture_python(const char *verb, const char *first, const char *second)
{
    const char *source = getenv("ASSAY_SOURCE"), *python = getenv("ASSAY_PYTHON");
    char *folder = source ? path_join(source, "tests/tensor") : path_directory(__FILE__);
    struct text command;
    text_init(&command);
    text_add(&command, "'%s' '%s/fixtures.py' %s '%s'", python ? python : "/usr/bin/python3", folder, verb, first);
    if (second != NULL)
        text_add(&command, " '%s'", second);
    int code = system(command.bytes);
    text_clear(&command);
    memory_free(folder);
    return code == 0;
}

static inline void fixture_write(void)
{
    fixture_begin();
    if (!fixture_python("write", fixture_directory, NULL)) {
        fprintf(stderr, "the fixtures could not be written: python3 with numpy and h5py is needed\n");
        exit(EXIT_FAILURE);
    }
}

/* A path in the directory of fixtures; overwritten by the fourth call after it. */
static inline const char *fixture_path(const char *name)
{
    static char paths[4][8192];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", fixture_directory, name);
    return path;
}

/* A whole file of the fixtures; ends the test when it cannot be read.  The caller owns it. */
static inline char *fixture_load(const char *name, size_t *n)
{
    char *bytes = NULL;
    if (file_load(fixture_path(name), INT64_C(1) << 30, &bytes, n) != STATUS_OK) {
        fprintf(stderr, "%s\n", failure_sentence());
        exit(EXIT_FAILURE);
    }
    return bytes;
}

static inline void fixture_store(const char *name, const void *bytes, size_t n)
{
    if (!overwrite(fixture_path(name), bytes, n)) {
        perror(name);
        exit(EXIT_FAILURE);
    }
}

static inline void fixture_copy(const char *from, const char *to)
{
    size_t n;
    char *bytes = fixture_load(from, &n);
    fixture_store(to, bytes, n);
    memory_free(bytes);
}

/* The next line of tab-separated fields in *at, cut into at most n fields in place; their number, 0 at the end. */
static inline int fixture_line(char **at, char **fields, int n)
{
    if (**at == 0)
        return 0;
    char *end = strchr(*at, '\n');
    *end = 0;
    int found = 0;
    for (char *field = *at; field != NULL && found < n; found++) {
        fields[found] = field;
        field = strchr(field, '\t');
        if (field != NULL)
            *field++ = 0;
    }
    *at = end + 1;
    return found;
}

/* Lets Python read the segments again: their digests, and that they cover every byte of every file once. */
static inline bool fixture_check_segments(const struct segment_list *segments)
{
    struct text lines;
    text_init(&lines);
    for (int64_t i = 0; i < segments->n; i++) {
        const struct segment *item = &segments->items[i];
        char hex[2 * DIGEST_BYTES + 1];
        hex_encode(item->sha256, DIGEST_BYTES, hex);
        text_add(&lines, "%s\t%s\t%s\t%lld\t%lld\t%lld\t%lld\t%s\n", item->path, item->object,
                 item->kind == SEGMENT_RAW ? "raw" : "logical", (long long)item->offset, (long long)item->bytes,
                 (long long)item->row_first, (long long)item->n_row, hex);
    }
    fixture_store("segments.tsv", lines.bytes, lines.length);
    text_clear(&lines);
    return fixture_python("check", fixture_directory, "segments.tsv");
}

/* A small generator of our own, so that a failure can be repeated anywhere. */
static inline uint64_t fixture_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

#endif
