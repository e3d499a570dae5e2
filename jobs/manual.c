/* assay manual: the manual page, made of the same tables as --help. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "jobs/options.h"

/* Words as roff takes them: no escape, hyphen or control line begins by accident. */
static void add_words(struct text *out, const char *words)
{
    bool begins = true;
    for (; *words; words++) {
        if (begins && (*words == '.' || *words == '\''))
            text_add(out, "\\&");
        if (*words == '\\')
            text_add(out, "\\e");
        else if (*words == '-')
            text_add(out, "\\-");
        else if (*words == '\'')
            text_add(out, "\\(aq");
        else if (*words == '`')
            text_add(out, "\\(ga");
        else
            text_add_bytes(out, words, 1);
        begins = *words == '\n';
    }
}

/* A sentence a line, so that roff spaces them as it likes to: blanks after a full stop end a line. */
static void add_sentences(struct text *out, const char *words)
{
    struct text lines;
    text_init(&lines);
    while (*(words += strspn(words, " \n"))) {
        size_t n = strcspn(words, " \n");
        text_add_bytes(&lines, words, n);
        bool ends = words[n - 1] == '.';
        words += n;
        if (*(words + strspn(words, " \n")))
            text_add(&lines, ends ? "\n" : " ");
    }
    add_words(out, lines.bytes ? lines.bytes : "");
    text_add(out, "\n");
    text_clear(&lines);
}

static void add_options(struct text *out, const struct job *job)
{
    for (int i = 0; i < n_options; i++) {
        const struct option *option = &all_options[i];
        if (!option_applies(option, job))
            continue;
        text_add(out, ".TP\n.B ");
        add_words(out, option->name);
        if (option->value != NULL)
            text_add(out, " \\fI%s\\fR", option->value);
        text_add(out, "\n");
        add_sentences(out, option->text);
        if (option->choices != NULL)
            text_add(out, ".br\nOne of: %s.\n", option->choices);
    }
}

static void add_job(struct text *out, const struct job *job)
{
    text_add(out, ".SS \"assay %s %s\"\n", job->name, job->arguments);
    add_sentences(out, job->text);
    if (job->more != NULL) {
        text_add(out, ".PP\n");
        add_sentences(out, job->more);
    }
    if (job->mpi == WITH_MPI)
        text_add(out, ".PP\nRuns on any number of MPI ranks.\n");
    add_options(out, job);
}

static void add_page(struct text *out)
{
    text_add(out,
             ".TH ASSAY 1 \"\" \"assay %s\" \"User Commands\"\n.SH NAME\nassay \\- tell which training examples "
             "made a model behave as it does, and prove it\n.SH SYNOPSIS\n.B assay\n.I JOB\n\\fR[\\fIARGUMENTS\\fR] "
             "[\\fIOPTIONS\\fR]\n.br\n.B mpirun \\-n 4 assay\n.I JOB\n\\fR...\n.SH DESCRIPTION\n",
             ASSAY_VERSION);
    add_sentences(out,
                  "A config (CONFIG, a JSON file) names inputs and jobs.  assay run makes a run directory (RUN) of "
                  "it: tables, a signed root that covers them, and a report.  Jobs that compute run on any number "
                  "of MPI ranks and give the same bytes; the others need no MPI.  assay config tells every field of "
                  "a config.");
    text_add(out, ".SH JOBS\n");
    for (int i = 0; i < n_jobs; i++)
        add_job(out, all_jobs[i]);
    text_add(out, ".SH \"EXIT STATUS\"\n");
    for (int status = 0; status < STATUS_COUNT; status++) {
        text_add(out, ".TP\n.B %d\n", status);
        add_sentences(out, status_text((enum status)status));
    }
    text_add(out, ".SH EXAMPLES\n.nf\nassay check my.json\nmpirun \\-n 8 assay run my.json\nassay verify runs/mine "
                  "\\-\\-key KEY\nassay report runs/mine \\-\\-verify\n.fi\n");
}

static enum status run(MPI_Comm comm, const struct options *options)
{
    (void)comm;
    (void)options;
    struct text out;
    text_init(&out);
    add_page(&out);
    fputs(out.bytes, stdout);
    text_clear(&out);
    return STATUS_OK;
}

const struct job manual_job = {
    .name = "manual",
    .arguments = "",
    .text = "print the manual page, for man -l -",
    .options = "",
    .mpi = WITHOUT_MPI,
    .run = run,
};
