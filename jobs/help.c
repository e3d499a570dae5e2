#include "jobs/help.h"

#include <string.h>

#include "jobs/options.h"

void help_print(FILE *out)
{
    fprintf(out,
            "assay %s: which training examples made a model behave as it does, and the proof of it\n\n"
            "usage: assay JOB ...        one process\n"
            "       mpirun -n 4 assay JOB ...  or  srun assay JOB ...\n\njobs:\n",
            ASSAY_VERSION);
    for (int i = 0; i < n_jobs; i++)
        fprintf(out, "  %-14s %-18s %s\n", all_jobs[i]->name, all_jobs[i]->arguments, all_jobs[i]->text);
    fprintf(out, "\n`assay JOB --help` tells more.  Exit codes:\n");
    for (int status = 0; status < STATUS_COUNT; status++)
        fprintf(out, "  %2d  %-15s %s\n", status, status_name(status), status_text(status));
}

/* Words of a text, in lines of at most HELP_WIDTH characters. */
static void print_wrapped(FILE *out, const char *text)
{
    enum { HELP_WIDTH = 100 };
    size_t column = 0;
    while (*(text += strspn(text, " \n"))) {
        size_t n = strcspn(text, " \n");
        if (column > 0 && column + 1 + n > HELP_WIDTH) {
            fputc('\n', out);
            column = 0;
        }
        column += (size_t)fprintf(out, "%s%.*s", column > 0 ? " " : "", (int)n, text);
        text += n;
    }
    fputc('\n', out);
}

void help_print_job(FILE *out, const struct job *job)
{
    fprintf(out, "usage: assay %s%s%s%s\n\n%s%s.\n", job->name, job->arguments[0] ? " " : "", job->arguments,
            job->options[0] ? " [options]" : "", job->text,
            job->mpi == WITHOUT_MPI ? "" : " (on any number of MPI ranks)");
    if (job->more) {
        fputc('\n', out);
        print_wrapped(out, job->more);
    }
    if (job->options[0])
        fprintf(out, "\noptions:\n");
    for (int i = 0; i < n_options; i++)
        if (option_applies(&all_options[i], job))
            fprintf(out, "  %-12s %-6s %s\n", all_options[i].name, all_options[i].value ? all_options[i].value : "",
                    all_options[i].text);
}
