#include "influence/influence_config.h"

#include <string.h>

#include "influence/method.h"

static const char *const kinds[] = {"factors", "last-layer", "rows", NULL};

static const char *const products[] = {"all", "leading", NULL};
static const char *const forms[] = {"auto", "pairs", "rows", NULL};

#define AT(member) offsetof(struct influence_config, member)

static const struct field fields[] = {
    {.path = "method",
     .type = FIELD_CHOICE,
     .offset = AT(method),
     .fallback = "\"tracin\"",
     .choices = influence_method_names,
     .text = "how an example and a query are compared"},
    {.path = "checkpoint",
     .type = FIELD_STRING,
     .offset = AT(checkpoint),
     .fallback = "",
     .text = "name of the checkpoint, for methods that use one; default: the last selected"},
    {.path = "queries", .type = FIELD_STRING, .offset = AT(queries), .text = "JSON Lines file, one query per line"},
    {.path = "layers",
     .type = FIELD_STRINGS,
     .offset = AT(layers),
     .fallback = "[\"all\"]",
     .text = "parameter groups in order; each replaces {layer} in the names below"},
    {.path = "captures.kind",
     .type = FIELD_CHOICE,
     .offset = AT(capture_kind),
     .fallback = "\"factors\"",
     .choices = kinds,
     .text = "factors: input and output gradient per layer; last-layer: input, logits, labels; rows: gradient rows"},
    {.path = "captures.bias",
     .type = FIELD_BOOLEAN,
     .offset = AT(bias),
     .fallback = "true",
     .text = "the layers have a bias (factors, last-layer)"},
    {.path = "captures.positions",
     .type = FIELD_CHOICE,
     .offset = AT(positions),
     .fallback = "\"auto\"",
     .choices = forms,
     .text = "how a sequence axis is summed: over pairs of positions, or in gradient rows; auto: fewer operations"},
    {.path = "captures.train.input",
     .type = FIELD_STRING,
     .offset = AT(train.input),
     .fallback = "",
     .text = "tensor n x [positions x] d_in of training examples: FILE#NAME, FILE:/PATH, FILE; globs: row shards"},
    {.path = "captures.train.gradient",
     .type = FIELD_STRING,
     .offset = AT(train.gradient),
     .fallback = "",
     .text = "n x [positions x] d_out (factors), n x p (rows); rows also from TRAK and bergson stores"},
    {.path = "captures.train.logits",
     .type = FIELD_STRING,
     .offset = AT(train.logits),
     .fallback = "",
     .text = "tensor n x classes of training examples (last-layer)"},
    {.path = "captures.train.labels",
     .type = FIELD_STRING,
     .offset = AT(train.labels),
     .fallback = "",
     .text = "tensor of n integer labels of training examples (last-layer)"},
    {.path = "captures.queries.input",
     .type = FIELD_STRING,
     .offset = AT(query.input),
     .fallback = "",
     .text = "the same of the queries"},
    {.path = "captures.queries.gradient",
     .type = FIELD_STRING,
     .offset = AT(query.gradient),
     .fallback = "",
     .text = "the same of the queries"},
    {.path = "captures.queries.logits",
     .type = FIELD_STRING,
     .offset = AT(query.logits),
     .fallback = "",
     .text = "the same of the queries"},
    {.path = "captures.queries.labels",
     .type = FIELD_STRING,
     .offset = AT(query.labels),
     .fallback = "",
     .text = "the same of the queries"},
    {.path = "digits",
     .type = FIELD_INTEGER,
     .offset = AT(n_digit),
     .fallback = "2",
     .minimum = 1,
     .maximum = 4,
     .text = "7-bit digits per number: each is rounded to 2^-7, 2^-14, 2^-21 or 2^-28 of its row's largest"},
    {.path = "products",
     .type = FIELD_CHOICE,
     .offset = AT(products),
     .fallback = "\"all\"",
     .choices = products,
     .text = "of digits: all, or the leading ones (about 1.5 x the rounding error, and faster with 3 or 4 digits, or "
             "with 2 where the CPU has no VNNI)"},
    {.path = "block_rows",
     .type = FIELD_INTEGER,
     .offset = AT(block_rows),
     .fallback = "4096",
     .minimum = 16,
     .maximum = 1 << 20,
     .text = "examples per block: the unit of work and of resuming"},
    {.path = "keep.top",
     .type = FIELD_INTEGER,
     .offset = AT(top),
     .fallback = "100",
     .minimum = 1,
     .maximum = 100000,
     .text = "proponents and opponents kept per query"},
    {.path = "keep.scores",
     .type = FIELD_BOOLEAN,
     .offset = AT(keep_scores),
     .fallback = "false",
     .text = "also write every score (8 bytes x examples x queries)"},
    {.path = "memory",
     .type = FIELD_BYTES,
     .offset = AT(memory),
     .scope = SCOPE_EXECUTION,
     .fallback = "\"2 GiB\"",
     .minimum = 1 << 20,
     .maximum = 1e15,
     .text = "bytes per rank that this job may use"},
    {.path = "backend",
     .type = FIELD_STRING,
     .offset = AT(backend),
     .scope = SCOPE_EXECUTION,
     .fallback = "\"auto\"",
     .text = "integer matrix product: auto, onednn or blas; all give the same bits"},
};

/* A name in braces that nothing stands for would be looked for as it is, in every file. */
static enum status check_marks(const char *field, const char *name)
{
    static const char *const marks[] = {"{checkpoint}", "{layer}"};
    enum { N_MARKS = sizeof marks / sizeof *marks, LONGEST = 64 };
    for (const char *at = name == NULL ? NULL : strchr(name, '{'); at != NULL; at = strchr(at + 1, '{')) {
        char found[LONGEST];
        size_t n = strcspn(at, "}") + 1;
        if (at[n - 1] == 0 || n >= sizeof found) /* no mark */
            continue;
        memcpy(found, at, n);
        found[n] = 0;
        bool known = false;
        for (int i = 0; i < N_MARKS; i++)
            known |= strcmp(found, marks[i]) == 0;
        if (!known)
            return fail(BAD_CONFIG,
                        "influence.captures.%s: expected {checkpoint} and {layer} alone in braces, found %s", field,
                        found);
    }
    return STATUS_OK;
}

static enum status check_names(const struct influence_config *config)
{
    const struct capture_names *train = &config->train, *query = &config->query;
    const struct {
        const char *field, *name;
    } names[] = {{"train.input", train->input},     {"train.gradient", train->gradient},
                 {"train.logits", train->logits},   {"train.labels", train->labels},
                 {"queries.input", query->input},   {"queries.gradient", query->gradient},
                 {"queries.logits", query->logits}, {"queries.labels", query->labels}};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < sizeof names / sizeof *names && status == STATUS_OK; i++)
        status = check_marks(names[i].field, names[i].name);
    return status;
}

static enum status check(const void *values)
{
    const struct influence_config *config = values;
    const struct strings *layers = &config->layers;
    if (layers->n == 0)
        return fail(BAD_CONFIG, "influence.layers: expected at least one layer, found an empty list");
    for (int64_t i = 0; i < layers->n; i++)
        for (int64_t k = 0; k < i; k++)
            if (strcmp(layers->items[i], layers->items[k]) == 0)
                return fail(BAD_CONFIG, "influence.layers: expected different layers, found \"%s\" twice",
                            layers->items[i]);
    return check_names(config);
}

const struct section influence_section = {
    .name = "influence",
    .text = "which training examples raised or lowered the loss of each query",
    .fields = fields,
    .n_field = sizeof fields / sizeof *fields,
    .size = sizeof(struct influence_config),
    .check = check,
};
