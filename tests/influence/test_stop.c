/* Once a stop is requested, nothing more of an input is read: reads that are begun end with STOPPED, and what was read
 * before stays as it is. */
#include <mpi.h>
#include <signal.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/stop.h"
#include "base/text.h"
#include "check.h"
#include "influence/gradients.h"

enum { ROWS = 64, COLUMNS = 16 };

static char folder[] = "/tmp/assay-stop-XXXXXX";

static void write_file(const char *name, const struct text *text)
{
    char *path = path_join(folder, name);
    CHECK(file_store(path, text->bytes, text->length, 0600) == STATUS_OK);
    memory_free(path);
}

/* Rows of floats as numpy writes them, and as many samples. */
static void write_inputs(void)
{
    struct text rows, lines;
    text_init(&rows);
    text_init(&lines);
    text_add_bytes(&rows, "\x93NUMPY\x01\x00\x76\x00", 10);
    text_add(&rows, "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }", ROWS, COLUMNS);
    text_add(&rows, "%*s\n", 127 - (int)rows.length, "");
    for (int i = 0; i < ROWS * COLUMNS; i++) {
        float value = (float)(i % 7) - 3;
        text_add_bytes(&rows, &value, sizeof value);
    }
    for (int i = 0; i < ROWS; i++)
        text_add(&lines, "{\"id\": %d}\n", i);
    write_file("rows.npy", &rows);
    write_file("samples.jsonl", &lines);
    text_clear(&rows);
    text_clear(&lines);
}

static void remove_inputs(void)
{
    static const char *const names[] = {"rows.npy", "samples.jsonl"};
    for (int i = 0; i < 2; i++) {
        char *path = path_join(folder, names[i]);
        CHECK(unlink(path) == 0);
        memory_free(path);
    }
    CHECK(rmdir(folder) == 0);
}

int main(void)
{
    const struct influence_config config = {.capture_kind = CAPTURE_ROWS,
                                            .n_digit = 2,
                                            .train = {.gradient = (char *)"rows.npy"},
                                            .query = {.gradient = (char *)"rows.npy"}};
    const struct samples_config samples_config = {.file = (char *)"samples.jsonl", .id = (char *)"id"};
    struct capture capture;
    struct samples samples;
    struct gradients gradients;
    struct reading_room room = {0};
    struct segment_list segments;
    CHECK(mkdtemp(folder) != NULL);
    write_inputs();
    segments_init(&segments);
    CHECK(capture_open(folder, &config, "", "", &capture) == STATUS_OK);
    const struct study study = {.config = &config, .n_used = 1, .n_layer = 1, .captures = &capture};
    gradients_init(&study, TRAIN_SIDE, 0, 1, ROWS, &gradients);
    CHECK(gradients_read(&gradients, 0, ROWS, &room, &segments) == STATUS_OK && segments.n == 1);
    CHECK(samples_open(MPI_COMM_NULL, folder, &samples_config, 1 << 20, &samples, &segments) == STATUS_OK);
    CHECK(samples.n == ROWS && segments.n == 2);
    samples_clear(&samples);
    stop_listen();
    CHECK(!stop_requested() && raise(SIGUSR1) == 0 && stop_requested());
    CHECK_FAILS(gradients_read(&gradients, 0, ROWS, &room, &segments), STOPPED, "rows.npy: stopped on request");
    CHECK_FAILS(samples_open(MPI_COMM_NULL, folder, &samples_config, 1 << 20, &samples, &segments), STOPPED,
                "samples.jsonl: stopped on request");
    CHECK(samples.n == 0 && segments.n == 2);
    segments_clear(&segments);
    gradients_clear(&gradients);
    reading_room_clear(&room);
    capture_close(&capture);
    remove_inputs();
    return check_end();
}
