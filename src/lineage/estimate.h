/* What can be told of a lineage job before it starts: what is wrong with its inputs, and how large it will be. */
#ifndef ASSAY_LINEAGE_ESTIMATE_H
#define ASSAY_LINEAGE_ESTIMATE_H

#include "lineage/lineage.h"
#include "lineage/plan.h"

/* Opens every input once; each problem becomes a line of `problems`.  @local */
void lineage_check(const struct lineage_request *request, struct text *problems);

struct lineage_estimate {
    struct lineage_shape shape; /* steps and uses as the recorders counted them, or from the size of a file */
    bool guessed; /* some file was not closed, or has contributions or admissions, whose number is guessed */
    int64_t n_recorder;
    double input_bytes; /* of recorder files, logs and orders */
    double n_segment;   /* inputs that the table will list */
};

/* @local   @fails BAD_INPUT */
enum status lineage_estimate_make(const struct lineage_request *request, int64_t n_rank,
                                  struct lineage_estimate *estimate);

#endif
