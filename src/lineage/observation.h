/* What recorders say of samples beside uses and decisions: for each kind a table of their files, and a group of
 * datasets in lineage.h5 with one row per sample. */
#ifndef ASSAY_LINEAGE_OBSERVATION_H
#define ASSAY_LINEAGE_OBSERVATION_H

#include <stdint.h>

#include "capture/schema.h"
#include "table/table.h"

enum observation_kind {
    OBSERVED_PREPROCESSING,
    OBSERVED_MODALITY,
    OBSERVED_PREDICTION,
    OBSERVED_INFLUENCE,
    N_OBSERVED
};

enum { OBSERVED_NAMES = 3, OBSERVED_VALUES = 3 /* at most, of a kind */ };

/* A text of the row, as a dataset of indices into a dataset of texts. */
struct observed_name {
    const char *column; /* of the recorder's table; NULL after the last one */
    const char *path, *text, *list_path, *list_text;
};

/* An array of the row, one number per sample. */
struct observed_value {
    const char *column; /* as above */
    enum column_kind kind;
    const char *path, *unit, *text;
};

struct observation_class {
    const char *plural; /* what a reader calls the rows */
    enum table_id table;
    const char *sample, *process, *session;
    const char *step, *superseded; /* NULL: the recorder's table has no steps */
    struct observed_name names[OBSERVED_NAMES + 1];
    struct observed_value values[OBSERVED_VALUES + 1];
};

extern const struct observation_class observation_classes[N_OBSERVED];

/* How the numbers stand in lineage.h5: 64-bit integers or doubles.  @local */
enum table_type observed_type(const struct observed_value *value);

#endif
