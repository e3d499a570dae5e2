/* assay diff RUN RUN: which inputs, config fields, tables and rows differ between two runs, and by how much. */
#include "diff/diff.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "jobs/job.h"
#include "jobs/outcome.h"
#include "seal/root.h"

/* What is known of a run's seal: one that does not hold counts as none. */
struct side {
    struct sealed_root root;
    char *trouble; /* owned; NULL when it was read */
};

static void load_side(const char *run, struct side *side)
{
    *side = (struct side){.trouble = NULL};
    if (sealed_root_load(run, &side->root) != STATUS_OK) {
        side->root.is_sealed = false;
        side->trouble = memory_copy_text(failure_sentence());
    }
}

static void print_side(const char *name, const char *run, const struct side *side)
{
    char n[32];
    if (side->root.is_sealed)
        printf("%s          %s\n           root %s, %s entries\n           origin %s\n", name, run, side->root.root,
               figure_count(side->root.n_entry, n), side->root.origin);
    else if (side->trouble != NULL)
        printf("%s          %s\n           the seal does not hold: %s\n", name, run, side->trouble);
    else
        printf("%s          %s\n           not sealed\n", name, run);
}

/* The closing sentence, for runs of which not both are sealed under one root. */
static enum status verdict(const struct side sides[2], const struct diff_counts *counts)
{
    bool sealed = sides[0].root.is_sealed && sides[1].root.is_sealed;
    bool same = counts->n_field + counts->n_input + counts->n_table + counts->n_dataset == 0;
    if (sealed && same)
        return fail(DIFFERS, "the roots differ, but nothing that lies in the runs now does: `assay verify` tells which "
                             "of them was changed after it was sealed");
    if (sealed)
        return fail(DIFFERS, "the two runs have different result roots");
    if (same)
        return fail(DIFFERS, "config, inputs and tables are the same, but the runs are not both sealed, so that no "
                             "root says so: run `assay seal` on their configs");
    return fail(DIFFERS, "the two runs differ, and are not both sealed");
}

static void add_side(struct text *json, const char *name, const char *run, const struct side *side)
{
    text_add(json, ", \"%s\": {\"sealed\": %s", name, side->root.is_sealed ? "true" : "false");
    outcome_text(json, "run", run);
    outcome_text(json, "root", side->root.is_sealed ? side->root.root : NULL);
    outcome_text(json, "trouble", side->trouble);
    text_add(json, "}");
}

/* `counts` NULL: both are sealed under one root. */
static void print_json(const struct options *options, const struct side sides[2], const struct diff_counts *counts,
                       const char *listing)
{
    struct text json;
    outcome_begin(&json, "diff");
    outcome_text(&json, "outcome", counts == NULL ? "same" : "differs");
    add_side(&json, "a", options->target, &sides[0]);
    add_side(&json, "b", options->what, &sides[1]);
    if (counts != NULL) {
        outcome_count(&json, "config_fields", counts->n_field);
        outcome_count(&json, "input_files", counts->n_input);
        outcome_count(&json, "lone_tables", counts->n_table);
        outcome_count(&json, "datasets", counts->n_dataset);
        outcome_text(&json, "listing", listing);
    }
    outcome_print(&json);
}

static enum status compare(const struct options *options, const struct side sides[2])
{
    const char *const runs[2] = {options->target, options->what};
    struct diff_counts counts;
    struct text out;
    text_init(&out);
    enum status status = diff_runs(runs, &out, &counts);
    if (options->json && status == STATUS_OK) {
        print_json(options, sides, &counts, out.bytes ? out.bytes : "");
    } else if (!options->quiet && out.length > 0) {
        print_side("A", runs[0], &sides[0]);
        print_side("B", runs[1], &sides[1]);
        char fields[32], inputs[32], tables[32], datasets[32];
        printf("in short   what differs: config fields %s, input files %s, lone tables %s, datasets %s\n",
               figure_count(counts.n_field, fields), figure_count(counts.n_input, inputs),
               figure_count(counts.n_table, tables), figure_count(counts.n_dataset, datasets));
        printf("\n%s", out.bytes);
    }
    text_clear(&out);
    return status == STATUS_OK ? verdict(sides, &counts) : status;
}

static enum status run(MPI_Comm comm, const struct options *options)
{
    (void)comm;
    if (options->what == NULL)
        return fail(BAD_USAGE, "assay diff: expected two run directories, found only \"%s\"", options->target);
    struct side sides[2];
    load_side(options->target, &sides[0]);
    load_side(options->what, &sides[1]);
    enum status status = STATUS_OK;
    if (sides[0].root.is_sealed && sides[1].root.is_sealed && strcmp(sides[0].root.root, sides[1].root.root) == 0) {
        char n[32];
        if (options->json)
            print_json(options, sides, NULL, NULL);
        else if (!options->quiet)
            printf("the same result: both runs have root %s (%s entries)\n", sides[0].root.root,
                   figure_count(sides[0].root.n_entry, n));
    } else {
        status = compare(options, sides);
    }
    memory_free(sides[0].trouble);
    memory_free(sides[1].trouble);
    return status;
}

const struct job diff_job = {
    .name = "diff",
    .arguments = "RUN RUN",
    .text = "say what differs between two runs, and by how much",
    .options = "jq",
    .more =
        "Compares the roots, then run.json field by field, the inputs by their digests, and the tables row by row.\n"
        "Exit code 0 only when both runs are sealed under the same root; 1 when they are not.  The seals are not\n"
        "checked against what lies on disk: `assay verify` does that.\n",
    .mpi = WITHOUT_MPI,
    .run = run,
};
