#include <stdlib.h>
#include <string.h>

#include "base/column.h"
#include "base/memory.h"
#include "counterfactual/answer.h"
#include "counterfactual/counterfactual.h"
#include "table/load.h"

double *answer_doubles(struct answer *answer, const char *path, int64_t n)
{
    if (table_find(answer->reader, path) == NULL)
        return NULL;
    double *values = table_load(answer->reader, path, TABLE_F64, n);
    answer->failed = answer->failed || values == NULL;
    return values;
}

void answer_add_text(struct answer *answer, const char *path, int64_t i, int width)
{
    char *text = table_load_text(answer->reader, path, i);
    answer->failed = answer->failed || text == NULL;
    size_t n = text != NULL ? strlen(text) : 0;
    struct text shown;
    text_init(&shown);
    text_add(&shown, "%s%s", text != NULL ? text : "?", text != NULL && (n == 0 || text[n - 1] == '=') ? "(none)" : "");
    text_add_column(answer->out, shown.bytes, width);
    text_clear(&shown);
    memory_free(text);
}

static void add_network(struct answer *answer)
{
    const char *scale = table_attribute(answer->reader, "network scale");
    const char *origin = table_attribute(answer->reader, "network scale origin");
    text_add(answer->out, "network  first order: sums of influence scores");
    if (scale != NULL && origin != NULL && origin[0])
        text_add(answer->out, " x %.3g (%s)\n", strtod(scale, NULL), origin);
    else
        text_add(answer->out, ", on their own scale, which need not be that of a loss\n");
}

static void add_title(struct answer *answer)
{
    char scenarios[32], queries[32], train[32];
    const char *lambda = table_attribute(answer->reader, "lambda");
    const char *left_out = table_attribute(answer->reader, "left out");
    bool ridge = table_find(answer->reader, "/ridge/margin") != NULL;
    bool network = table_find(answer->reader, "/network/loss_change") != NULL;
    text_add(answer->out, "Counterfactual: %s scenarios x %s queries, of %s training examples\n",
             figure_count(answer->n_scenario, scenarios), figure_count(answer->n_query, queries),
             figure_count(answer->n_train, train));
    if (ridge)
        text_add(answer->out, "ridge    exact: the head fitted again without them, lambda %g\n",
                 lambda != NULL ? strtod(lambda, NULL) : 0);
    if (network)
        add_network(answer);
    if (left_out != NULL && left_out[0]) {
        text_add(answer->out, "not asked, since nothing would be left: ");
        text_add_column(answer->out, left_out, 58);
        text_end_line(answer->out);
    }
}

enum status counterfactual_summary(const char *path, struct text *out)
{
    struct answer answer = {.path = path, .out = out};
    enum status status = table_open(path, &answer.reader);
    if (status != STATUS_OK)
        return status;
    answer.n_scenario = table_extent_of(answer.reader, "/scenarios/name", 0);
    answer.n_query = table_extent_of(answer.reader, "/queries/id", 0);
    answer.n_train = table_extent_of(answer.reader, "/samples/id", 0);
    answer.failed = answer.n_scenario == 0 || answer.n_query == 0;
    if (!answer.failed) {
        add_title(&answer);
        answer_add_scenarios(&answer);
        answer_add_flips(&answer);
        answer_add_validation(&answer);
    }
    table_reader_close(answer.reader);
    return answer.failed
               ? fail(BAD_INPUT, "%s: expected the datasets of a counterfactual table; some are missing or unreadable",
                      path)
               : STATUS_OK;
}
