/* The tensors that a config may name, as a table. */
#ifndef ASSAY_COUNTERFACTUAL_INQUIRY_TENSORS_H
#define ASSAY_COUNTERFACTUAL_INQUIRY_TENSORS_H

#include "counterfactual/inquiry.h"

/* Opens the tensors that the config names and checks their shapes.  @local   @fails BAD_INPUT, BAD_CONFIG */
enum status inquiry_open_tensors(struct inquiry *inquiry);
/* The same, but every problem becomes a line of `problems`.  @local */
void inquiry_check_tensors(struct inquiry *inquiry, struct text *problems);

#endif
