#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/column.h"
#include "base/memory.h"
#include "lineage/finding.h"
#include "lineage/lineage.h"
#include "lineage/observation.h"
#include "table/load.h"

enum { SHOWN_EPOCHS = 3, SHOWN_POLICIES = 8, SHOWN_REASONS = 6, SHOWN_GROUPS = 8, SHOWN_TOP = 3, SHOWN_FINDINGS = 3 };

struct summary {
    struct table_reader *reader;
    struct text *out; /* borrowed */
    bool failed;      /* something was missing */
};

static int64_t figure(const struct summary *summary, const char *attribute)
{
    const char *value = table_attribute(summary->reader, attribute);
    return value != NULL ? strtoll(value, NULL, 10) : 0;
}

static void *load(struct summary *summary, const char *path, enum table_type type, int64_t n)
{
    void *data = table_load(summary->reader, path, type, n);
    summary->failed = summary->failed || data == NULL;
    return data;
}

static void add_name(struct summary *summary, const char *path, int64_t i, int width)
{
    char *name = table_load_text(summary->reader, path, i);
    summary->failed = summary->failed || name == NULL;
    text_add_column(summary->out, name != NULL && name[0] ? name : "(none)", width);
    memory_free(name);
}

static void add_title(struct summary *summary)
{
    char steps[32], uses[32], samples[32], files[32];
    int64_t n = table_extent_of(summary->reader, "/recorders/path", 0);
    text_add(summary->out, "Lineage: %s uses of %s samples in %s steps, from %s recorder file%s\n",
             figure_count(figure(summary, "uses"), uses), figure_count(figure(summary, "samples"), samples),
             figure_count(figure(summary, "steps"), steps), figure_count(n, files), n == 1 ? "" : "s");
}

static void add_epochs(struct summary *summary)
{
    int64_t n = table_extent_of(summary->reader, "/completeness/epoch", 0), complete = 0, shown = 0;
    int64_t *epoch = load(summary, "/completeness/epoch", TABLE_I64, n);
    int64_t *used = load(summary, "/completeness/samples_used", TABLE_I64, n);
    int64_t *expected = load(summary, "/completeness/samples_expected", TABLE_I64, n);
    if (summary->failed || n == 0)
        goto done;
    for (int64_t e = 0; e < n; e++)
        complete += used[e] == expected[e];
    const char *told = table_attribute(summary->reader, "complete");
    bool is_complete = told != NULL && strcmp(told, "yes") == 0; /* else the same number may be of other samples */
    text_add(summary->out, "Epochs: %lld, of which %lld used %s the %lld samples that were let in\n", (long long)n,
             (long long)complete, is_complete ? "each of" : "as many as", (long long)expected[0]);
    for (int64_t e = 0; e < n && shown < SHOWN_EPOCHS; e++) {
        if (used[e] == expected[e])
            continue;
        char name[32] = "";
        figure_count(epoch[e], name);
        text_add(summary->out, "  %s%s used %lld different samples\n",
                 epoch[e] < 0 ? "steps without an epoch" : "epoch ", epoch[e] < 0 ? "" : name, (long long)used[e]);
        shown++;
    }
    if (n - complete > shown)
        text_add(summary->out, "  and %lld more\n", (long long)(n - complete - shown));
done:
    memory_free(epoch);
    memory_free(used);
    memory_free(expected);
}

static void add_reasons(struct summary *summary)
{
    int64_t n = table_extent_of(summary->reader, "/reasons/text", 0);
    int64_t *count = load(summary, "/reasons/count", TABLE_I64, n);
    for (int64_t i = 0; i < n && i < SHOWN_REASONS && !summary->failed; i++) {
        char figure_text[32];
        text_add(summary->out, "  %12s  ", figure_count(count[i], figure_text));
        add_name(summary, "/reasons/text", i, 80);
        text_end_line(summary->out);
    }
    if (n > SHOWN_REASONS)
        text_add(summary->out, "  and %lld more reasons\n", (long long)(n - SHOWN_REASONS));
    memory_free(count);
}

static void add_admissions(struct summary *summary)
{
    int64_t n = table_extent_of(summary->reader, "/policies/name", 0);
    if (n == 0) {
        text_add(summary->out, "Admissions: none were recorded\n");
        return;
    }
    int64_t *admit = load(summary, "/policies/admit", TABLE_I64, n);
    int64_t *modulate = load(summary, "/policies/modulate", TABLE_I64, n);
    int64_t *reject = load(summary, "/policies/reject", TABLE_I64, n);
    text_add(summary->out, "Admissions by policy\n  ");
    text_add_column(summary->out, "policy", 40);
    text_add(summary->out, " %12s %12s %12s\n", "admitted", "modulated", "rejected");
    for (int64_t i = 0; i < n && i < SHOWN_POLICIES && !summary->failed; i++) {
        char a[32], m[32], r[32];
        text_add(summary->out, "  ");
        add_name(summary, "/policies/name", i, 40);
        text_add(summary->out, " %12s %12s %12s\n", figure_count(admit[i], a), figure_count(modulate[i], m),
                 figure_count(reject[i], r));
    }
    if (n > SHOWN_POLICIES)
        text_add(summary->out, "  and %lld more\n", (long long)(n - SHOWN_POLICIES));
    if (table_extent_of(summary->reader, "/reasons/text", 0) > 0)
        text_add(summary->out, "Reasons\n");
    add_reasons(summary);
    memory_free(admit);
    memory_free(modulate);
    memory_free(reject);
}

static void add_observations(struct summary *summary)
{
    bool shown = false;
    for (int kind = 0; kind < N_OBSERVED; kind++) {
        char figure_text[32];
        int64_t n = table_extent_of(summary->reader, observation_classes[kind].sample, 0);
        if (n <= 0)
            continue;
        text_add(summary->out, "%s  %12s  %s\n", shown ? "" : "Recorded of samples, besides\n",
                 figure_count(n, figure_text), observation_classes[kind].plural);
        shown = true;
    }
}

static void add_contributors(struct summary *summary)
{
    int64_t n = table_extent_of(summary->reader, "/parameter_groups/top/sample", 0);
    int64_t keep = table_extent_of(summary->reader, "/parameter_groups/top/sample", 1);
    if (n == 0)
        return;
    int64_t *sample = load(summary, "/parameter_groups/top/sample", TABLE_I64, n * keep);
    double *share = load(summary, "/parameter_groups/top/share", TABLE_F64, n * keep);
    text_add(summary->out, "Strongest contributors to each parameter group (total share in its changes)\n");
    for (int64_t g = 0; g < n && g < SHOWN_GROUPS && !summary->failed; g++) {
        text_add(summary->out, "  ");
        add_name(summary, "/parameter_groups/name", g, 18);
        for (int64_t k = 0; k < keep && k < SHOWN_TOP && sample[g * keep + k] >= 0; k++) {
            text_add(summary->out, "  ");
            add_name(summary, "/samples/id", sample[g * keep + k], 14);
            text_add(summary->out, " %+#8.3g", share[g * keep + k]);
        }
        text_end_line(summary->out);
    }
    if (n > SHOWN_GROUPS)
        text_add(summary->out, "  and %lld more groups\n", (long long)(n - SHOWN_GROUPS));
    memory_free(sample);
    memory_free(share);
}

/* A sentence in lines of at most 98 columns after an indent. */
static void add_sentence(struct text *out, const char *sentence)
{
    enum { WIDTH = 92 };
    while (*sentence) {
        size_t n = strlen(sentence), cut = n;
        if (n > WIDTH) {
            for (cut = WIDTH; cut > 0 && sentence[cut] != ' ';)
                cut--;
            cut = cut > 0 ? cut : WIDTH;
            while (cut > 0 && ((unsigned char)sentence[cut] & 0xc0) == 0x80)
                cut--;
        }
        text_add(out, "      %.*s\n", (int)cut, sentence);
        sentence += cut;
        sentence += *sentence == ' ';
    }
}

static void add_kind(struct summary *summary, int64_t k, int64_t count, const int32_t *kinds, int64_t n)
{
    char figure_text[32];
    text_add(summary->out, "  ");
    add_name(summary, "/finding_kinds/name", k, 22);
    text_add(summary->out, " %10s  ", figure_count(count, figure_text));
    add_name(summary, "/finding_kinds/text", k, 60);
    text_end_line(summary->out);
    int shown = 0;
    for (int64_t i = 0; i < n && shown < SHOWN_FINDINGS; i++) {
        if (kinds[i] != k)
            continue;
        char *sentence = table_load_text(summary->reader, "/findings/text", i);
        summary->failed = summary->failed || sentence == NULL;
        if (sentence != NULL)
            add_sentence(summary->out, sentence);
        memory_free(sentence);
        shown++;
    }
}

static void add_findings(struct summary *summary)
{
    int64_t n_kind = table_extent_of(summary->reader, "/finding_kinds/count", 0);
    int64_t n = table_extent_of(summary->reader, "/findings/kind", 0), violations = 0, notes = 0;
    int64_t *count = load(summary, "/finding_kinds/count", TABLE_I64, n_kind);
    uint8_t *violation = load(summary, "/finding_kinds/violation", TABLE_U8, n_kind);
    int32_t *kinds = load(summary, "/findings/kind", TABLE_I32, n);
    for (int64_t k = 0; k < n_kind && !summary->failed; k++)
        *(violation[k] ? &violations : &notes) += count[k];
    char of_violations[32], of_notes[32];
    text_add(summary->out, "Findings: %s violations, %s notes\n", figure_count(violations, of_violations),
             figure_count(notes, of_notes));
    for (int64_t k = 0; k < n_kind && !summary->failed; k++)
        if (count[k] > 0)
            add_kind(summary, k, count[k], kinds, n);
    memory_free(count);
    memory_free(violation);
    memory_free(kinds);
}

enum status lineage_summary(const char *path, struct text *out)
{
    struct summary summary = {.out = out};
    enum status status = table_open(path, &summary.reader);
    if (status != STATUS_OK)
        return status;
    add_title(&summary);
    add_epochs(&summary);
    add_admissions(&summary);
    add_observations(&summary);
    add_contributors(&summary);
    add_findings(&summary);
    table_reader_close(summary.reader);
    return summary.failed
               ? fail(BAD_INPUT, "%s: expected the datasets of a lineage table; some are missing or unreadable", path)
               : STATUS_OK;
}

enum status lineage_violations(const char *path, int64_t *n)
{
    struct summary summary = {0};
    enum status status = table_open(path, &summary.reader);
    if (status != STATUS_OK)
        return status;
    *n = figure(&summary, "violations");
    table_reader_close(summary.reader);
    return STATUS_OK;
}
