/* Checkpoints and captures as safetensors: the weights, and what every Linear layer saw and was told. */
#ifndef ASSAY_REFERENCE_CAPTURES_H
#define ASSAY_REFERENCE_CAPTURES_H

#include "reference/hand_over.h"
#include "reference/images.h"
#include "reference/network.h"

enum { CHECKPOINT_NAME_BYTES = 32 };
/* "step-000120" */
char *checkpoint_name(int64_t step, char name[CHECKPOINT_NAME_BYTES]);

/* checkpoints/NAME.safetensors: fc1.weight [out, in], fc1.bias [out], fc2.… as f32.  @local */
void checkpoint_store(struct hand_over *hand_over, const char *name, const struct network *network);

/* captures/NAME/FILE: for n samples rows[], in this order, fcK.input [n, in] and fcK.gradient [n, out] (of the sample's
 * own loss with respect to the layer's output; no 1 / batch) of every layer, logits [n, N_CLASS], all f32, and labels
 * [n] i64.  @local */
struct capture {
    const char *checkpoint, *file;
    const int64_t *rows;
    int64_t n;
};
void capture_store(struct hand_over *hand_over, const struct capture *capture, const struct network *network,
                   const struct images *images);

#endif
