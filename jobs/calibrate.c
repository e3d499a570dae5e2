#include "jobs/calibrate.h"

#include <stdio.h>

#include "base/memory.h"
#include "cost/calibration.h"
#include "cost/measure.h"
#include "influence/measure.h"

static enum status measure(const struct options *options, struct calibration *calibration)
{
    const char *directory = options->directory ? options->directory : ".";
    calibration_describe(calibration);
    enum status status = measure_files(directory, calibration);
    return status == STATUS_OK ? influence_measure(directory, options->backend ? options->backend : "auto", calibration)
                               : status;
}

enum status calibrate(const struct options *options)
{
    struct calibration calibration = {.cpu = ""};
    char *path = options->output ? memory_copy_text(options->output) : calibration_default_path();
    if (path == NULL)
        return fail(BAD_USAGE, "assay plan: neither XDG_CONFIG_HOME nor HOME is set: say with --output where to write "
                               "the calibration");
    enum status status = measure(options, &calibration);
    if (status == STATUS_OK)
        status = calibration_store(path, &calibration);
    if (status == STATUS_OK && !options->quiet) {
        struct text out;
        text_init(&out);
        calibration_show(&calibration, &out);
        printf("%swritten to %s\n", out.bytes, path);
        text_clear(&out);
    }
    memory_free(path);
    return status;
}
