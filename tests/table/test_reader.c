/* The reader takes tables by another writer and refuses, with a sentence, each file that is no table; and no damage to
 * a file's bytes makes it do anything but read or refuse.  None of this needs MPI. */
#include <stdint.h>

#include "check.h"
#include "fixture.h"
#include "overwrite.h"
#include "table/load.h"

enum { N_MUTATION = 3000 };

/* For the leak detector: HDF5 1.10 loses what it has decoded of an object header that turns out to be damaged.  What we
 * could forget to release in it is counted by open_handles. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
    return "leak:libhdf5\n";
}

static void check_file(const char *directory, const char *name, const char *part)
{
    struct table_reader *reader = NULL;
    char *path = in_directory(directory, name);
    if (part[0] == 0) {
        CHECK(table_open(path, &reader) == STATUS_OK && reader != NULL);
    } else {
        CHECK_FAILS(table_open(path, &reader), BAD_INPUT, part);
        CHECK(reader == NULL && strncmp(failure_sentence(), path, strlen(path)) == 0);
    }
    table_reader_close(reader);
}

/* Returns how many files the list names. */
static int check_files(const char *directory)
{
    FILE *list = fopen(in_directory(directory, "list"), "r");
    char line[512];
    int n = 0;
    for (; list != NULL && fgets(line, sizeof line, list) != NULL; n++) {
        char *tab = strchr(line, '\t');
        CHECK(tab != NULL);
        if (tab == NULL)
            break;
        line[strcspn(line, "\n")] = 0;
        *tab = 0;
        check_file(directory, line, tab + 1);
    }
    if (list != NULL)
        fclose(list);
    return n;
}

static void check_good(const char *directory)
{
    struct table_reader *reader = NULL;
    CHECK(table_open(in_directory(directory, "good"), &reader) == STATUS_OK && table_count(reader) == 6);
    static const char *const paths[] = {"/a/index", "/a/score", "/b/code", "/b/name", "/none", "/sign"};
    for (int i = 0; i < 6; i++)
        CHECK(strcmp(table_dataset(reader, i)->path, paths[i]) == 0);
    double score[4];
    int8_t sign[6];
    int32_t code[12];
    char name[10];
    CHECK(table_read(reader, "/a/score", 1, 1, score) == STATUS_OK && score[0] == 4 && score[3] == 7);
    CHECK(table_read(reader, "/sign", 0, 6, sign) == STATUS_OK && sign[0] == -3 && sign[5] == 2);
    CHECK(table_read(reader, "/b/code", 1, 1, code) == STATUS_OK && code[0] == 12 && code[11] == 23);
    CHECK(table_read(reader, "/b/name", 0, 2, name) == STATUS_OK && memcmp(name, "one\0\0three", 10) == 0);
    CHECK(strcmp(table_dataset(reader, 0)->text, "what it is") == 0);
    CHECK(strcmp(table_attribute(reader, "format"), "assay table 1") == 0);
    table_reader_close(reader);
}

/* A text is an element of a list: a row of several would not fit where one is expected. */
static void check_texts(const char *directory)
{
    struct table_reader *reader = NULL;
    CHECK(table_open(in_directory(directory, "texts"), &reader) == STATUS_OK);
    CHECK(table_load_text(reader, "/x", 0) == NULL);
    table_reader_close(reader);
    CHECK(table_open(in_directory(directory, "good"), &reader) == STATUS_OK);
    char *text = table_load_text(reader, "/b/name", 1);
    CHECK(text != NULL && strcmp(text, "three") == 0);
    CHECK(table_load_text(reader, "/b/name", 2) == NULL && table_load_text(reader, "/a/index", 0) == NULL);
    memory_free(text);
    table_reader_close(reader);
}

static uint64_t random_bits(void)
{
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

/* Reads every row of a file that may be anything.  Whether it could be opened. */
static bool read_whole(const char *path)
{
    struct table_reader *reader = NULL;
    enum status status = table_open(path, &reader);
    CHECK(status == STATUS_OK || status == BAD_INPUT);
    if (status != STATUS_OK)
        return false;
    for (int i = 0; i < table_count(reader); i++) {
        const struct dataset *shape = table_dataset(reader, i);
        int64_t offset, bytes;
        table_extent(reader, i, &offset, &bytes);
        unsigned char *data = memory_allocate(bytes, 1);
        status = table_read(reader, shape->path, 0, dataset_rows(shape), data);
        CHECK(status == STATUS_OK || status == BAD_INPUT);
        memory_free(data);
    }
    table_reader_close(reader);
    return true;
}

/* One to three bytes changed, put in, or taken out. */
static size_t mutate(unsigned char *bytes, size_t n)
{
    for (uint64_t times = 1 + random_bits() % 3; times > 0; times--) {
        size_t at = (size_t)(random_bits() % n);
        switch (random_bits() % 4) {
            case 0:
                memmove(bytes + at + 1, bytes + at, n++ - at);
                break;
            case 1:
                memmove(bytes + at, bytes + at + 1, --n - at);
                break;
            default:
                bytes[at] ^= (unsigned char)(1u << random_bits() % 8);
        }
    }
    return n;
}

static void check_mutations(const char *directory, const char *name)
{
    char *content, *path = in_directory(directory, "mutated");
    size_t n;
    int n_open = 0;
    CHECK(file_load(in_directory(directory, name), 1 << 20, &content, &n) == STATUS_OK);
    unsigned char *bytes = memory_allocate((int64_t)n + 8, 1);
    for (int i = 0; i < N_MUTATION; i++) {
        memcpy(bytes, content, n);
        size_t mutated = mutate(bytes, n);
        CHECK(overwrite(path, bytes, mutated));
        n_open += read_whole(path);
    }
    printf("%s: %d of %d mutated files could still be opened\n", name, n_open, N_MUTATION);
    CHECK(n_open < N_MUTATION);
    memory_free(bytes);
    memory_free(content);
}

int main(void)
{
    const char *source = getenv("ASSAY_SOURCE"), *parent = getenv("TMPDIR");
    char directory[512], command[2048];
    snprintf(directory, sizeof directory, "%s/assay-reader-XXXXXX", parent ? parent : "/tmp");
    CHECK(mkdtemp(directory) != NULL);
    snprintf(command, sizeof command, "/usr/bin/python3 -c 'import h5py' 2>/dev/null");
    if (source == NULL || system(command) != 0) {
        printf("nothing was read: h5py is not installed, or ASSAY_SOURCE is not set\n");
    } else {
        snprintf(command, sizeof command, "/usr/bin/python3 '%s/tests/table/write_files.py' '%s'", source, directory);
        CHECK(system(command) == 0);
        int handles = open_handles();
        CHECK(check_files(directory) > 45);
        check_good(directory);
        check_texts(directory);
        check_mutations(directory, "good");
        CHECK(open_handles() == handles);
    }
    snprintf(command, sizeof command, "rm -rf '%s'", directory);
    CHECK(system(command) == 0);
    return check_end();
}
