/* A calibration comes back as it was stored, and a file that is anything else is refused. */
#include "cost/calibration.h"

#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "check.h"
#include "cost/measure.h"

static char folder[] = "/tmp/assay-cost-XXXXXX";

static struct calibration example(void)
{
    return (struct calibration){.cpu = "A \"CPU\" @ 3 GHz",
                                .date = "2026-01-02",
                                .backend = "onednn",
                                .version = "0.1.0",
                                .read_bytes = 1.25e9,
                                .digit_values = 2.75e8,
                                .digit_products = 2.8e11,
                                .score_terms = {4e8, 2e8, 1e8 / 3, 5e7},
                                .tallies = 2.4e9,
                                .kept = 1e7,
                                .write_bytes = 2e9,
                                .record_lines = 6e5};
}

/* The stored text with `from` replaced by `to`. */
static enum status load_changed(const char *stored, const char *from, const char *to)
{
    char *path = path_join(folder, "changed.json");
    struct text text;
    struct calibration found = {.read_bytes = 7};
    text_init(&text);
    const char *at = strstr(stored, from);
    CHECK(at != NULL);
    text_add_bytes(&text, stored, (size_t)(at - stored));
    text_add(&text, "%s%s", to, at + strlen(from));
    CHECK(file_store(path, text.bytes, text.length, 0600) == STATUS_OK);
    enum status status = calibration_load(path, &found);
    CHECK(status == STATUS_OK || found.read_bytes == 7); /* untouched on failure */
    unlink(path);
    text_clear(&text);
    memory_free(path);
    return status;
}

static void test_round(void)
{
    char *path = path_join(folder, "deep/calibration.json"), *bytes, wide[200];
    size_t n;
    struct calibration stored = example(), found;
    CHECK(calibration_store(path, &stored) == STATUS_OK && calibration_load(path, &found) == STATUS_OK);
    CHECK(strcmp(found.cpu, stored.cpu) == 0 && strcmp(found.version, stored.version) == 0);
    CHECK(found.read_bytes == stored.read_bytes && found.score_terms[2] == stored.score_terms[2] &&
          found.record_lines == stored.record_lines && found.kept == stored.kept);
    CHECK(file_load(path, 1 << 16, &bytes, &n) == STATUS_OK);
    CHECK(load_changed(bytes, "1250000000", "1250000000.0") == STATUS_OK);
    CHECK_FAILS(load_changed(bytes, "1250000000", "0"), BAD_INPUT, "read_bytes: expected a number above 0");
    CHECK_FAILS(load_changed(bytes, "1250000000", "-1"), BAD_INPUT, "read_bytes");
    CHECK_FAILS(load_changed(bytes, "1250000000", "\"fast\""), BAD_INPUT, "read_bytes");
    CHECK_FAILS(load_changed(bytes, "calibration v1", "calibration v2"), BAD_INPUT, "--calibrate");
    CHECK_FAILS(load_changed(bytes, "\"kept\"", "\"kepd\""), BAD_INPUT, "kepd");
    CHECK_FAILS(load_changed(bytes, ",\n  \"kept\": 10000000", ""), BAD_INPUT, "kept");
    CHECK_FAILS(load_changed(bytes, "\"date\": \"2026-01-02\"", "\"date\": 5"), BAD_INPUT, "date");
    CHECK_FAILS(load_changed(bytes, "\n}", ""), BAD_INPUT, "line");
    CHECK_FAILS(load_changed(bytes, bytes, "[]"), BAD_INPUT, "JSON object");
    snprintf(wide, sizeof wide, "%0150d", 7);
    CHECK_FAILS(load_changed(bytes, "2026-01-02", wide), BAD_INPUT, "date");
    memory_free(bytes);
    CHECK_FAILS(calibration_load("/nonexistent/calibration", &found), BAD_INPUT, "/nonexistent");
    unlink(path);
    memory_free(path);
    path = path_join(folder, "deep");
    CHECK(rmdir(path) == 0);
    memory_free(path);
}

static void test_path(void)
{
    setenv("XDG_CONFIG_HOME", "/some/where", 1);
    char *path = calibration_default_path();
    CHECK(path != NULL && strcmp(path, "/some/where/assay/calibration.json") == 0);
    memory_free(path);
    setenv("XDG_CONFIG_HOME", "relative", 1); /* the standard says to ignore it */
    setenv("HOME", "/someone", 1);
    path = calibration_default_path();
    CHECK(path != NULL && strcmp(path, "/someone/.config/assay/calibration.json") == 0);
    memory_free(path);
    unsetenv("HOME");
    CHECK(calibration_default_path() == NULL);
}

static void count(void *what)
{
    ++*(int *)what;
}

static void test_measure(void)
{
    int calls = 0;
    struct calibration found = {0};
    CHECK(measure_best(count, &calls, CLOCK_OF_PROCESSOR) > 0 && calls >= 3);
    CHECK(measure_files(folder, &found) == STATUS_OK && found.read_bytes > 1e6 && found.write_bytes > 1e5);
    CHECK_FAILS(measure_files("/nonexistent", &found), CANNOT_WRITE, "/nonexistent");
    calibration_describe(&found);
    CHECK(strlen(found.date) == 10 && found.cpu[0] && strchr(found.cpu, '\n') == NULL);
    struct text out;
    text_init(&out);
    calibration_show(&found, &out);
    CHECK(strstr(out.bytes, "record_lines") != NULL);
    text_clear(&out);
}

int main(void)
{
    CHECK(mkdtemp(folder) != NULL);
    test_round();
    test_measure();
    test_path();
    CHECK(rmdir(folder) == 0); /* nothing is left behind */
    return check_end();
}
