/* The lines of the samples file as lineage sees them: every split, with role, groups and content. */
#ifndef ASSAY_LINEAGE_SAMPLE_LINES_H
#define ASSAY_LINEAGE_SAMPLE_LINES_H

#include "admission/admission.h"
#include "records/line_reader.h"
#include "records/records.h"
#include "records/sample.h"

/* The samples section, turned so that lines of every split count, and that the split is one more group. */
struct sample_lines {
    const struct samples_config *config; /* borrowed; as the user wrote it */
    struct samples_config open, read;    /* their lists are owned, what they list is not */
    int64_t n_column;                    /* of config->group_by */
    int64_t role;                        /* column of the split; -1: none */
    int64_t content;                     /* column of the digest, in `read` alone */
    const struct policies *policies;     /* borrowed; NULL: nothing is decided again */
    int64_t facts[N_FACT];               /* columns of what they ask for, in `read` alone */
    struct samples samples;              /* of `open`: n is the number of lines */
};

void sample_lines_init(const struct samples_config *config, struct sample_lines *lines);
/* The SHA-256 of the whole file, as recorders note it.  @local   @fails BAD_INPUT */
enum status sample_lines_hash(const struct sample_lines *lines, char hex[65]);
void sample_lines_clear(struct sample_lines *lines);
/* From now on slices tell what these policies decide on each sample. */
void sample_lines_decide(struct sample_lines *lines, const struct policies *policies);

/* What the gate says of a sample: numbers of its policies and profiles, -1: none. */
struct gate_verdict {
    int32_t decision, policy, profile;
};

/* Samples [first, first + n). */
struct sample_slice {
    int64_t first, n;
    char *ids;                      /* owned, as all; n × samples.id_bytes */
    uint8_t *training;              /* of the split that marks training samples */
    uint8_t *content, *has_content; /* of the key "sha256": 64 hex digits, of either case; absent or null: none */
    struct gate_verdict *verdicts;  /* NULL without policies */
    int32_t *codes;                 /* column c from c × n on: open.group_by's values */
};

/* Reads them again.  `reader` goes on where it is, if it can.  @local   @fails BAD_INPUT when the file changed,
 * and for a digest that is none */
enum status sample_slice_read(const struct sample_lines *lines, struct line_reader *reader, int64_t first, int64_t n,
                              struct sample_slice *slice);
void sample_slice_clear(struct sample_slice *slice);

/* Reads all samples, and keeps none.  @local   @fails as sample_slice_read */
enum status sample_lines_check(const struct sample_lines *lines);

#endif
