/* A stored file is whole or absent, a truncated one is named, and paths join as people expect. */
#include "base/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/segment.h"
#include "check.h"

static void check_text(char *owned, const char *expected)
{
    CHECK(owned != NULL && strcmp(owned, expected) == 0);
    memory_free(owned);
}

static void test_paths(const char *directory)
{
    check_text(path_join("a", "b"), "a/b");
    check_text(path_join("a/", "b"), "a/b");
    check_text(path_join("a", "/b"), "/b");
    check_text(path_join("", "b"), "b");
    check_text(path_join(NULL, "b"), "b");
    check_text(path_directory("a/b/c"), "a/b");
    check_text(path_directory("c"), ".");
    check_text(path_directory("/c"), "/");
    char *deep = path_join(directory, "x/y/z"), *other = path_join(directory, "x/w");
    CHECK(directory_make(deep) == STATUS_OK && directory_make(other) == STATUS_OK);
    CHECK(path_is_directory(deep) && path_exists(other));
    check_text(path_relative(deep, other), "../../w");
    check_text(path_relative(other, deep), "../y/z");
    check_text(path_relative(deep, deep), ".");
    check_text(path_relative(directory, deep), "x/y/z");
    CHECK(path_relative(directory, "no such place") == NULL);
    memory_free(deep);
    memory_free(other);
}

static void test_store_and_load(const char *directory)
{
    char *path = path_join(directory, "made/on/the/way");
    CHECK(file_store(path, "first", 5, 0600) == STATUS_OK);
    struct stat entry;
    CHECK(stat(path, &entry) == 0 && (entry.st_mode & 0777) == 0600);
    CHECK(file_store(path, "second!", 7, 0600) == STATUS_OK);
    char *bytes;
    size_t n;
    CHECK(file_load(path, 7, &bytes, &n) == STATUS_OK);
    CHECK(n == 7 && strcmp(bytes, "second!") == 0);
    memory_free(bytes);
    CHECK_FAILS(file_load(path, 6, &bytes, &n), BAD_INPUT, "at most 6 bytes, found 7");
    CHECK_FAILS(file_load(directory, 6, &bytes, &n), BAD_INPUT, "found a directory");
    CHECK_FAILS(file_load("no such file", 6, &bytes, &n), BAD_INPUT, "No such file");
    CHECK_FAILS(file_store("/proc/none/x", "x", 1, 0600), CANNOT_WRITE, "/proc/none");
    int descriptor = open(path, O_RDONLY);
    char room[9];
    CHECK(file_read_at(descriptor, path, 3, room, 4) == STATUS_OK && memcmp(room, "ond!", 4) == 0);
    CHECK_FAILS(file_read_at(descriptor, path, 3, room, 5), BAD_INPUT, "truncated");
    close(descriptor);
    memory_free(path);
}

static struct segment piece(const char *path, int64_t offset, uint8_t mark)
{
    struct segment segment = {.path = (char *)path, .object = (char *)"-", .offset = offset, .bytes = 10};
    segment.sha256[0] = mark;
    return segment;
}

static void test_segments(void)
{
    struct segment_list list, back;
    segments_init(&list);
    segments_init(&back);
    struct segment pieces[] = {piece("b", 10, 1), piece("a", 10, 2), piece("b", 0, 3), piece("a", 10, 2)};
    for (int i = 0; i < 4; i++)
        segments_add(&list, &pieces[i]);
    CHECK(segments_sort(&list) == STATUS_OK && list.n == 3);
    CHECK(list.items[0].sha256[0] == 2 && list.items[1].sha256[0] == 3 && list.items[2].sha256[0] == 1);
    char *bytes;
    int64_t n;
    segments_pack(&list, &bytes, &n);
    CHECK(segments_unpack(bytes, n, &back) == STATUS_OK && back.n == 3);
    CHECK(strcmp(back.items[2].path, "b") == 0 && back.items[2].offset == 10 && back.items[2].sha256[0] == 1);
    int64_t n_refused = 0;
    for (int64_t cut = 1; cut < n; cut++) { /* every cut but those between segments */
        struct segment_list part;
        segments_init(&part);
        n_refused += segments_unpack(bytes, cut, &part) == BAD_INPUT;
        segments_clear(&part);
    }
    CHECK(n_refused == n - 1 - 2);
    struct segment changed = piece("a", 10, 9);
    segments_add(&list, &changed);
    CHECK_FAILS(segments_sort(&list), BAD_INPUT, "the file changed");
    memory_free(bytes);
    segments_clear(&list);
    segments_clear(&back);
}

static void test_sentences(void)
{
    CHECK(fail(BAD_KEY, "a%s", "\x1b[31m\r\x7f") == BAD_KEY);
    CHECK(strcmp(failure_sentence(), "a\\x1b[31m\\x0d\\x7f") == 0);
    for (int status = 0; status < STATUS_COUNT; status++)
        CHECK(status_name((enum status)status)[0] && status_text((enum status)status)[0]);
}

int main(void)
{
    char directory[] = "/tmp/assay-test-XXXXXX";
    CHECK(mkdtemp(directory) != NULL);
    test_paths(directory);
    test_store_and_load(directory);
    test_segments();
    test_sentences();
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", directory);
    CHECK(system(command) == 0);
    return check_end();
}
