#include "cost/calibration.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/memory.h"
#include "config/json.h"

enum { FILE_LIMIT = 1 << 16 };

#define FORMAT "assay calibration v1"

#define AT(member) offsetof(struct calibration, member)

static const struct rate {
    const char *name;
    size_t offset;
    const char *unit, *text;
} rates[] = {
    {"read_bytes", AT(read_bytes), "B/s", "read from memory and hashed"},
    {"digit_values", AT(digit_values), "/s", "stored numbers that become digits"},
    {"digit_products", AT(digit_products), "/s", "8-bit products"},
    {"score_terms_1", AT(score_terms[0]), "/s", "score terms with 1 digit"},
    {"score_terms_2", AT(score_terms[1]), "/s", "score terms with 2 digits"},
    {"score_terms_3", AT(score_terms[2]), "/s", "score terms with 3 digits"},
    {"score_terms_4", AT(score_terms[3]), "/s", "score terms with 4 digits"},
    {"tallies", AT(tallies), "/s", "scores counted into a list or total"},
    {"kept", AT(kept), "/s", "entries put into a list"},
    {"write_bytes", AT(write_bytes), "B/s", "written and brought to disk"},
    {"record_lines", AT(record_lines), "/s", "lines of samples parsed"},
};

static const struct label {
    const char *name;
    size_t offset, room;
} labels[] = {
    {"cpu", AT(cpu), sizeof(((struct calibration *)NULL)->cpu)},
    {"date", AT(date), sizeof(((struct calibration *)NULL)->date)},
    {"backend", AT(backend), sizeof(((struct calibration *)NULL)->backend)},
    {"version", AT(version), sizeof(((struct calibration *)NULL)->version)},
};

enum { N_RATES = sizeof rates / sizeof *rates, N_LABELS = sizeof labels / sizeof *labels };

static double *rate_of(struct calibration *calibration, int i)
{
    return (double *)((char *)calibration + rates[i].offset);
}

static double rate_get(const struct calibration *calibration, int i)
{
    return *(const double *)((const char *)calibration + rates[i].offset);
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

static bool is_known(const char *key)
{
    bool known = strcmp(key, "format") == 0;
    for (int i = 0; i < N_LABELS; i++)
        known = known || strcmp(key, labels[i].name) == 0;
    for (int i = 0; i < N_RATES; i++)
        known = known || strcmp(key, rates[i].name) == 0;
    return known;
}

static enum status take_labels(const cJSON *json, const char *path, struct calibration *calibration)
{
    const cJSON *format = json_member(json, "format");
    if (!cJSON_IsString(format) || strcmp(format->valuestring, FORMAT) != 0)
        return fail(BAD_INPUT, "%s: format: expected \"" FORMAT "\": write the file anew with `assay plan --calibrate`",
                    path);
    for (int i = 0; i < N_LABELS; i++) {
        const cJSON *item = json_member(json, labels[i].name);
        if (!cJSON_IsString(item) || strlen(item->valuestring) >= labels[i].room)
            return fail(BAD_INPUT, "%s: %s: expected a text of less than %zu bytes", path, labels[i].name,
                        labels[i].room);
        snprintf((char *)calibration + labels[i].offset, labels[i].room, "%s", item->valuestring);
    }
    return STATUS_OK;
}

static enum status take(const cJSON *json, const char *path, struct calibration *calibration)
{
    if (!cJSON_IsObject(json))
        return fail(BAD_INPUT, "%s: expected a JSON object", path);
    const cJSON *item;
    cJSON_ArrayForEach(item, json) if (!is_known(item->string)) return fail(
        BAD_INPUT, "%s: \"%s\": is no rate of a calibration: write the file anew with `assay plan --calibrate`", path,
        item->string);
    enum status status = take_labels(json, path, calibration);
    for (int i = 0; i < N_RATES && status == STATUS_OK; i++) {
        item = json_member(json, rates[i].name);
        if (!cJSON_IsNumber(item) || !(item->valuedouble > 0) || !isfinite(item->valuedouble))
            status = fail(BAD_INPUT, "%s: %s: expected a number above 0", path, rates[i].name);
        else
            *rate_of(calibration, i) = item->valuedouble;
    }
    return status;
}

enum status calibration_load(const char *path, struct calibration *calibration)
{
    char *bytes;
    size_t n;
    cJSON *json = NULL;
    struct calibration found = {0};
    enum status status = file_load(path, FILE_LIMIT, &bytes, &n);
    if (status != STATUS_OK)
        return status;
    status = json_parse(bytes, n, path, BAD_INPUT, &json);
    memory_free(bytes);
    if (status == STATUS_OK)
        status = take(json, path, &found);
    cJSON_Delete(json);
    if (status == STATUS_OK)
        *calibration = found;
    return status;
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

enum status calibration_store(const char *path, const struct calibration *calibration)
{
    struct text text;
    text_init(&text);
    text_add(&text, "{\n  \"format\": \"" FORMAT "\"");
    for (int i = 0; i < N_LABELS; i++) {
        text_add(&text, ",\n  \"%s\": ", labels[i].name);
        text_add_json_string(&text, (const char *)calibration + labels[i].offset);
    }
    for (int i = 0; i < N_RATES; i++) {
        text_add(&text, ",\n  \"%s\": ", rates[i].name);
        json_add_number(&text, rate_get(calibration, i));
    }
    text_add(&text, "\n}\n");
    enum status status = file_store(path, text.bytes, text.length, 0666);
    text_clear(&text);
    return status;
}

char *calibration_default_path(void)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    if (config != NULL && config[0] == '/')
        return path_join(config, "assay/calibration.json");
    return home != NULL && home[0] == '/' ? path_join(home, ".config/assay/calibration.json") : NULL;
}

void calibration_show(const struct calibration *calibration, struct text *out)
{
    text_add(out, "%s, %s, backend %s, assay %s\n", calibration->cpu, calibration->date, calibration->backend,
             calibration->version);
    for (int i = 0; i < N_RATES; i++)
        text_add(out, "  %-14s %10.3g %-4s %s\n", rates[i].name, rate_get(calibration, i), rates[i].unit,
                 rates[i].text);
}

/* The name that Linux gives the processor; "unknown" elsewhere. */
static void find_cpu(char *cpu, size_t room)
{
    char line[512];
    snprintf(cpu, room, "unknown");
    FILE *file = fopen("/proc/cpuinfo", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || colon == NULL)
            continue;
        int length = (int)strcspn(colon + 1, "\n");
        if (utf8_is_valid(colon + 1, (size_t)length))
            snprintf(cpu, room, "%.*s", length, colon + 1 + (colon[1] == ' '));
        cpu[strcspn(cpu, "\n")] = 0;
        break;
    }
    if (file != NULL)
        fclose(file);
}

void calibration_describe(struct calibration *calibration)
{
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(calibration->date, sizeof calibration->date, "%Y-%m-%d", &utc);
    snprintf(calibration->version, sizeof calibration->version, "%s", ASSAY_VERSION);
    find_cpu(calibration->cpu, sizeof calibration->cpu);
}
