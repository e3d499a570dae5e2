/* Truths planted in the training split, so that an analysis can be held against what is known: samples with wrong
 * labels, a backdoor in one policy's samples, exact copies. */
#ifndef ASSAY_REFERENCE_PLANTED_H
#define ASSAY_REFERENCE_PLANTED_H

#include "base/status.h"
#include "base/text.h"
#include "reference/images.h"
#include "reference/query_images.h"
#include "reference/samples.h"

enum plant_kind { PLANT_BACKDOOR, PLANT_MISLABELLED, PLANT_DUPLICATE, N_PLANT_KIND };

struct plant {
    enum plant_kind kind;
    int64_t row;    /* of the training split */
    int64_t sample; /* the same */
    int64_t of;     /* a duplicate: the sample that it is a copy of */
};

struct planted {
    struct plant *plants; /* owned; no sample occurs twice, and none is both a copy and copied or otherwise planted */
    int64_t n;
};

/* Chooses samples of the training split by the seed, and changes their pixels and labels in *images.
 * @local   @fails BAD_CONFIG when the split has too few samples, or the policy of the backdoor has */
enum status planted_init(struct planted *planted, const struct train_config *config, const struct splits *splits,
                         struct images *images);
void planted_clear(struct planted *planted);

/* Whether the config asks for any planted truth.  @local */
bool planting_is_asked(const struct scenario_config *config);

/* Sets the pixels of the patch to the brightest.  @local */
void patch_apply(const struct backdoor_config *backdoor, uint8_t pixels[N_PIXEL]);

/* planted.jsonl: what was planted where, sample by sample, and which queries bear the patch.  Never an input of what is
 * to find it.  @local */
void planted_list(const struct planted *planted, const struct images *images, const struct query_images *queries,
                  struct text *text);

#endif
