/* A table that is open for parallel writing. */
#ifndef ASSAY_TABLE_PARALLEL_H
#define ASSAY_TABLE_PARALLEL_H

#include "table/storage.h"

struct column {
    struct dataset shape; /* path owned; unit and text are not kept */
    hid_t id;
};

struct table {
    MPI_Comm comm; /* borrowed */
    int rank;
    char *path, *partial;   /* owned: the final name, and the name until then */
    struct column *columns; /* owned */
    int n_column;
    hid_t file;
    bool failed;    /* something could not be written or flushed on this rank */
    int descriptor; /* of the same file: fsync works per client, so each rank does its own */
};

#endif
