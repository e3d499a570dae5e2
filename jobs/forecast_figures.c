#include "jobs/forecast_figures.h"

#include "config/json.h"

void forecast_add_time(double seconds, struct text *out)
{
    char shown[32];
    if (seconds < 0)
        text_add(out, "  %-20s unknown: run `assay plan --calibrate` on a compute node\n\n", "time");
    else
        text_add(out, "  %-20s very roughly %s\n\n", "time", figure_seconds(seconds, shown));
}

void forecast_add_object(const char *job, const char *flag, bool value, const struct forecast_figure *figures, size_t n,
                         struct text *out)
{
    const char *before = "";
    text_add(out, ",\n  \"%s\": {", job);
    if (flag != NULL) {
        text_add(out, "\n    \"%s\": %s", flag, value ? "true" : "false");
        before = ",";
    }
    for (size_t i = 0; i < n; i++) {
        if (figures[i].value < 0)
            continue;
        text_add(out, "%s\n    \"%s\": ", before, figures[i].name);
        json_add_number(out, figures[i].value);
        before = ",";
    }
    text_add(out, "\n  }");
}
