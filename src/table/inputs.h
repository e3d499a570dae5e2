/* The list of inputs that every table has: one row per segment, one dataset per field or pair of fields. */
#ifndef ASSAY_TABLE_INPUTS_H
#define ASSAY_TABLE_INPUTS_H

#include "table/table.h"

enum { INPUT_PATH, INPUT_OBJECT, INPUT_KIND, INPUT_PLACE, INPUT_COUNT, INPUT_SHA256 };

/* The shapes, but for the number of rows and the widths of the strings, which are those of the longest ones. */
extern const struct dataset input_shapes[N_INPUT_DATASETS];

#endif
