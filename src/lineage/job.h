/* All that one lineage job holds open. */
#ifndef ASSAY_LINEAGE_JOB_H
#define ASSAY_LINEAGE_JOB_H

#include <time.h>

#include "comm/progress.h"
#include "lineage/chunk.h"
#include "lineage/contributors.h"
#include "lineage/inputs.h"
#include "lineage/judge.h"
#include "lineage/plan.h"
#include "lineage/spread.h"
#include "lineage/windows.h"
#include "table/table.h"

struct lineage_job {
    MPI_Comm comm;
    int rank, size;
    const struct lineage_request *request;
    const struct lineage_config *config; /* borrowed from it */
    struct record_files files;
    struct sample_lines lines;
    struct policies *policies;    /* NULL without */
    struct order order;           /* tensor NULL without */
    struct segment_list segments; /* all of them on rank 0, once the inputs are read */
    struct tally tally;
    struct ledger ledger;
    struct finding_list findings;
    struct sources sources;
    struct lineage_plan plan;
    struct windows windows, event_windows, observation_windows;
    struct shares shares;
    struct judge judge;
    struct contributors top;
    struct table *table;
    char *path; /* of lineage.h5 */
    char fingerprint[65];
    struct timespec begun; /* before anything was read */
    bool show;
};

/* Reads every recorder file and the order once: ledger and tally, the same on every rank.
 * @collective job->comm   @fails BAD_INPUT, STOPPED */
enum status job_read_record(struct lineage_job *job);

/* Lays lineage.h5 out, and rank 0 writes what the ledger alone has.  @collective   @fails CANNOT_WRITE */
enum status job_begin_table(struct lineage_job *job);

/* Steps in windows: read, checked, written.  @collective   @fails BAD_INPUT, CANNOT_WRITE, STOPPED */
enum status job_pass_steps(struct lineage_job *job);
/* Admissions in windows, and then observations.  @collective   @fails as above */
enum status job_pass_events(struct lineage_job *job);
/* Samples in shares: what happened to each of them, judged and written.  @collective   @fails as above */
enum status job_pass_samples(struct lineage_job *job);

/* Ends the table with what is known only now, findings above all, whatever `status` the job came to.
 * @collective   @fails status, CANNOT_WRITE */
enum status job_end_table(struct lineage_job *job, enum status status, int64_t *n_violation);

/* Fails with STOPPED where the user asked for it.  @local */
enum status job_check_stop(void);

#endif
