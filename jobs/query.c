/* assay query RUN SQL | QUESTION: what the tables of a run say, and under which root. */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "jobs/job.h"
#include "query/plain.h"
#include "query/question.h"
#include "seal/entry.h"
#include "seal/read_check.h"

enum { WIDTH = 100, LEAST_WIDTH = 40, SHOWN = 10 /* rows of a long list, for people */ };

/* What an answer is made under. */
struct asking {
    const struct options *options;
    const char *form; /* "table", "csv" or "json" */
    struct sealed_root root;
    char *trouble; /* owned: why the seal counts for nothing; NULL: it is good, or there is none */
    struct query *query;
    struct format *format;
    /* With --verify: every block that was read, and what came of the check. */
    struct read_block *blocks; /* owned */
    int64_t n_block, room;
    struct read_report report;
};

static bool is_for_people(const struct asking *asking)
{
    return strcmp(asking->form, "table") == 0;
}

static enum status put(void *context, const char *bytes, size_t n)
{
    return fwrite(bytes, 1, n, context) == n ? STATUS_OK : fail(CANNOT_WRITE, "the answer cannot be written");
}

static int terminal_width(void)
{
    struct winsize size;
    bool known = isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= LEAST_WIDTH;
    return known ? size.ws_col : WIDTH;
}

/* A word that is neither SQL nor a question is a slip. */
static bool is_sql(const char *what)
{
    return strpbrk(what, " \n\t(*") != NULL;
}

static enum status check_options(const struct asking *asking)
{
    const struct options *options = asking->options;
    if (options->json && options->format != NULL && strcmp(options->format, "json") != 0)
        return fail(BAD_USAGE, "assay query: --json and --format %s exclude each other", options->format);
    if (options->key != NULL && !options->verify)
        return fail(BAD_USAGE, "assay query: --key is for --verify");
    if (options->tables)
        return options->what == NULL && !options->verify
                   ? STATUS_OK
                   : fail(BAD_USAGE, "assay query: --tables takes no question and no --verify");
    if (options->what == NULL)
        return fail(BAD_USAGE,
                    "assay query: expected RUN and a question or SQL, found only \"%s\"; see `assay query --help`",
                    options->target);
    if (question_find(options->what) == NULL) {
        if (!is_sql(options->what))
            return question_unknown(options->what);
        if (options->argument != NULL)
            return fail(BAD_USAGE, "assay query: SQL is one argument, in quotes; found \"%.200s\" behind it",
                        options->argument);
    }
    return STATUS_OK;
}

static void load_root(struct asking *asking)
{
    if (sealed_root_load(asking->options->target, &asking->root) != STATUS_OK) {
        asking->root.is_sealed = false;
        asking->trouble = memory_copy_text(failure_sentence());
    }
}

/* ---- the check --------------------------------------------------------------------------------------------------- */

static void note_block(void *context, const struct query_block *block)
{
    struct asking *asking = context;
    if (asking->n_block == asking->room) {
        int64_t room = asking->room > 0 ? 2 * asking->room : 64;
        asking->blocks = memory_resize(asking->blocks, asking->room, room, sizeof *asking->blocks);
        asking->room = room;
    }
    struct read_block *noted = &asking->blocks[asking->n_block++];
    *noted = (struct read_block){.path = block->file,
                                 .dataset = block->dataset,
                                 .row_first = block->first,
                                 .n_row = block->n,
                                 .bytes = block->bytes};
    memcpy(noted->sha256, block->sha256, DIGEST_BYTES);
}

/* Holds everything that the answer stands on against the signed log. */
static enum status check_blocks(struct asking *asking)
{
    const struct options *options = asking->options;
    enum status status = read_check(options->target, options->key, asking->blocks, asking->n_block, &asking->report);
    if (status == STATUS_OK && asking->root.is_sealed && strcmp(asking->root.root, asking->report.root.root) != 0)
        return fail(BAD_RUN, "%s: was sealed anew while it was read; ask again", options->target);
    return status == DIFFERS ? fail(DIFFERS, "the answer is withheld: %s", failure_sentence()) : status;
}

/* ---- the answer -------------------------------------------------------------------------------------------------- */

static void add_members(const struct asking *asking, struct text *members)
{
    const struct sealed_root *root = &asking->root;
    text_add(members, "\"run\": ");
    plain_add_json(members, asking->options->target, (int64_t)strlen(asking->options->target));
    text_add(members, ", \"sealed\": %s, \"root\": ", root->is_sealed ? "true" : "false");
    if (root->is_sealed) {
        text_add(members, "\"%s\", \"origin\": ", root->root);
        plain_add_json(members, root->origin, (int64_t)strlen(root->origin));
    } else {
        text_add(members, "null");
    }
}

static enum status answer(struct asking *asking)
{
    const struct options *options = asking->options;
    const struct question *question = options->tables ? NULL : question_find(options->what);
    if (question != NULL)
        return question_answer(asking->query, question, options->argument, is_for_people(asking) ? SHOWN : 0,
                               asking->format);
    struct query_sink sink;
    enum status status = format_answer(asking->format, NULL, &sink);
    if (status == STATUS_OK)
        status = options->tables ? query_tables_run(asking->query, &sink)
                                 : query_run(asking->query, options->what, NULL, 0, &sink);
    return status;
}

static enum status write_answer(struct asking *asking, FILE *file)
{
    const struct format_out out = {file, put};
    struct text members, tail;
    text_init(&members);
    text_init(&tail);
    add_members(asking, &members);
    asking->format = format_create(asking->form, terminal_width(), &out);
    enum status status =
        asking->format != NULL
            ? format_begin(asking->format, members.bytes)
            : fail(BAD_USAGE, "assay query: --format: expected table, csv or json, found \"%s\"", asking->form);
    if (status == STATUS_OK)
        status = answer(asking);
    if (status == STATUS_OK && asking->options->verify)
        status = check_blocks(asking);
    text_add(&tail, "\"verified\": %s", asking->options->verify ? "true" : "false");
    if (status == STATUS_OK)
        status = format_end(asking->format, tail.bytes);
    format_destroy(asking->format);
    text_clear(&tail);
    text_clear(&members);
    return status;
}

static enum status copy_out(FILE *from)
{
    char bytes[64 << 10];
    enum status status = STATUS_OK;
    rewind(from);
    for (size_t n = 1; n > 0 && status == STATUS_OK;) {
        n = fread(bytes, 1, sizeof bytes, from);
        status = put(stdout, bytes, n);
    }
    return status == STATUS_OK && ferror(from) ? fail(CANNOT_WRITE, "the answer cannot be read back") : status;
}

/* An answer that must be checked is kept back until it was. */
static enum status write_checked(struct asking *asking)
{
    FILE *kept = tmpfile();
    if (kept == NULL)
        return fail(CANNOT_WRITE, "assay query: a temporary file cannot be made, for an answer that is to be checked");
    enum status status = write_answer(asking, kept);
    if (status == STATUS_OK)
        status = copy_out(kept);
    fclose(kept);
    return status;
}

/* Under which root: with a table on the same page, with CSV beside it. */
static void tell_root(const struct asking *asking)
{
    const struct sealed_root *root = &asking->root;
    const struct options *options = asking->options;
    FILE *out = is_for_people(asking) ? stdout : stderr;
    char blocks[32], bytes[32];
    if (options->quiet || strcmp(asking->form, "json") == 0)
        return;
    if (is_for_people(asking))
        fprintf(out, "\n");
    if (root->is_sealed)
        fprintf(out, "root       %s\n           as signed by %s\n", root->root, root->origin);
    else if (asking->trouble != NULL)
        fprintf(out, "root       none: the seal does not hold: %s\n", asking->trouble);
    else
        fprintf(out, "root       none: this run is not sealed\n");
    if (options->verify)
        fprintf(out, "verified   blocks that were read: %s (%s), all as they were sealed%s\n",
                figure_count(asking->report.n_block, blocks), figure_bytes((double)asking->report.n_byte, bytes),
                options->key != NULL ? "" : "; by the run's own key, which rules out damage only");
    else if (root->is_sealed)
        fprintf(out, "           what was read was not held against it: --verify does that\n");
}

static void list_tables(const struct asking *asking)
{
    struct text text;
    text_init(&text);
    query_tables(asking->query, &text);
    fputs(text.bytes, stdout);
    text_clear(&text);
}

static enum status run(MPI_Comm comm, const struct options *options)
{
    (void)comm;
    struct asking asking = {.options = options,
                            .form = options->json             ? "json"
                                    : options->format != NULL ? options->format
                                                              : "table"};
    const struct query_watch watch = {&asking, block_rows, note_block};
    enum status status = check_options(&asking);
    if (status == STATUS_OK)
        status = query_open(options->target, options->verify ? &watch : NULL, &asking.query);
    if (status == STATUS_OK && options->tables && is_for_people(&asking)) {
        list_tables(&asking);
    } else if (status == STATUS_OK) {
        load_root(&asking);
        status = options->verify ? write_checked(&asking) : write_answer(&asking, stdout);
        if (status == STATUS_OK)
            tell_root(&asking);
    }
    query_close(asking.query);
    memory_free(asking.blocks);
    memory_free(asking.trouble);
    return status;
}

const struct job query_job = {
    .name = "query",
    .arguments = "RUN SQL | RUN QUESTION [WHAT]",
    .text = "ask the tables of a run, in SQL or by named questions",
    .options = "FTVvjq",
    .more =
        "Questions: top [QUERY | LAYER]: the examples that moved a query, or a parameter group, most; trace SAMPLE: "
        "everything that happened to a sample; groups [QUERY | BEHAVIOUR]: policies, licences, sources and owners "
        "of what shaped it; rejected: what was not admitted, and why; without [EXAMPLE | COLUMN=VALUE | SCENARIO]: "
        "what changes without an example or a group. SQL is that of SQLite, in one argument, and can only read; "
        "`assay query RUN --tables` lists what there is. The answer names the root that the run was sealed under; "
        "with --verify it is printed only if everything that was read for it is under that root.",
    .mpi = WITHOUT_MPI,
    .run = run,
};
