/* Sealing a run: every input, the config and every block of every table under one signed Merkle root; and checking it.
 *
 * A sealed run directory has seal/checkpoint (the signed root), seal/tile/ (the log), seal/key.vkey (the public key),
 * seal/statement.intoto.jsonl (how the run was made) and, where there is lineage, seal/samples.h5 (the tree of
 * samples).  The root depends on the inputs, run.json and the tables
 * alone. */
#ifndef ASSAY_SEAL_SEAL_H
#define ASSAY_SEAL_SEAL_H

#include <mpi.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"
#include "usage/summary.h"

struct seal_request { /* all borrowed */
    const char *run_directory;
    const char *inputs_directory; /* where the paths of inputs start */
    const char *origin;           /* name of the log and of its key */
    const char *run_name;         /* for the salt of the tree of samples, which a run with lineage.h5 has */
    const char *key_path;         /* private key; made on first use */
    const char *execution_json;   /* JSON object of choices that do not change a result; NULL: none */
    const char *started;          /* RFC 3339; NULL: now */
    const char *const *tables;    /* finished tables, names within the run directory */
    int n_table;
    const char *const *versions; /* pairs of a library and its version beyond those that seal itself uses, NULL-ended;
                                    may be NULL */
    bool quiet;                  /* no progress */
};

struct seal_result {
    char root[48]; /* base64 */
    int64_t n_entry;
    char vkey[400];   /* the public key's text */
    bool has_samples; /* the run has lineage: proofs of use and of non-use can be made */
    struct usage_summary samples;
    bool unchanged; /* it was sealed with the same root before; nothing was touched */
};

/* Hashes everything, builds the log, has it read back from disk by other ranks than wrote it, and only then signs.  An
 * older seal that no longer fits is removed first, its checkpoint before all else.  Same root on any number of ranks.
 * @collective comm   @fails BAD_RUN, BAD_INPUT, BAD_KEY, CANNOT_WRITE; DIFFERS when disk or memory are not to be
 * trusted */
enum status seal_run(MPI_Comm comm, const struct seal_request *request, struct seal_result *result);

/* Signs RUN/report.html as the page about the run under its present root: seal/report.intoto.jsonl, a DSSE envelope
 * that `verify` checks.  The page is made from what lies under the root, so it is not under it.
 * @local   @fails BAD_KEY, BAD_RUN, DIFFERS when the run is sealed by another key, BAD_INPUT, CANNOT_WRITE */
enum status seal_page(const char *run_directory, const char *origin, const char *key_path);

enum { VERIFY_MAX_FINDING = 1000 };

struct verify_report {
    char **findings; /* owned; sentences, each naming the file; the first 1,000, on rank 0 only */
    int64_t n_finding, n_finding_total;
    int64_t n_entry;               /* of the log */
    int64_t n_input, n_input_byte; /* segments checked, and their bytes */
    int64_t n_block, n_block_byte; /* table blocks checked, and their bytes */
    int64_t n_leaf;                /* of the tree of samples, made anew; -1: there is none, or it could not be made */
    char root[48];                 /* base64; "" when none could be read */
    char origin[256];
    char vkey[400];
    bool key_was_given; /* else it is the run's own word: it shows damage, not forgery */
};

/* Checks everything that lies on disk against the signed root, trusting no file.  `inputs_directory` NULL: where the
 * statement says; `vkey` (text or file) NULL: the run's own.  The report is filled in any case; verify_report_clear
 * releases it.
 * @collective comm   @fails DIFFERS for any finding; BAD_RUN when it was never sealed; BAD_KEY for a bad `vkey` */
enum status verify_run(MPI_Comm comm, const char *run_directory, const char *inputs_directory, const char *vkey,
                       struct verify_report *report);
void verify_report_clear(struct verify_report *report);

/* Checks a proof file of any kind offline, and, if `content_path` is not NULL, that this file's content is what the
 * proof speaks of. Adds what is proved to `summary`, for people.
 * @local   @fails BAD_INPUT for the form, BAD_KEY, DIFFERS when it does not hold, BAD_USAGE when the content cannot be
 * compared */
enum status verify_proof(const char *proof_path, const char *vkey, const char *content_path, struct text *summary);

/* Writes a proof file for what a sealed run holds: FILE (an input, a table or run.json), FILE@OFFSET, FILE#TENSOR,
 * FILE:/DATASET, these two also with [ROW].  Without a row or offset it is the first of several entries; `summary` says
 * how many others there are, and how to check the proof.
 * @local   @fails BAD_RUN, BAD_USAGE when nothing is called so (the sentence lists near names), CANNOT_WRITE */
enum status prove_run(const char *run_directory, const char *what, const char *out_path, struct text *summary);

/* Writes a proof of what a sealed run with lineage did with one sample (by its id) or with one content (a file; the
 * other one NULL): a proof of use, or of non-use where no sample has the content.
 * @local   @fails BAD_RUN, BAD_USAGE when there is no such sample, BAD_INPUT for the file, CANNOT_WRITE */
enum status prove_sample(const char *run_directory, const char *sample, const char *content_path, const char *out_path,
                         struct text *summary);

#endif
