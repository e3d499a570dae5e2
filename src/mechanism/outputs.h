/* Datasets and what goes into them, listed on rank 0, which alone knows every size. */
#ifndef ASSAY_MECHANISM_OUTPUTS_H
#define ASSAY_MECHANISM_OUTPUTS_H

#include "table/table.h"

struct output {
    struct dataset shape; /* path owned; unit and text for ever */
    const void *data;
    void *owned; /* data, where they were made for the list */
};

struct outputs {
    struct output *items; /* owned */
    int n, capacity;
};

/* A dataset of n × n_column × n_deep elements (n_column 0: a vector; n_deep 0: a matrix); data are borrowed.  The path
 * is PATH with NAME in place of a "*", if there is one.  @local */
struct output_shape {
    enum table_type type;
    int64_t n, n_column, n_deep;
};
void outputs_add(struct outputs *outputs, const char *path, const char *name, struct output_shape shape,
                 const char *unit, const char *text, const void *data);
/* The same with data that the list frees.  @local */
void outputs_give(struct outputs *outputs, const char *path, const char *name, struct output_shape shape,
                  const char *unit, const char *text, void *data);
/* n texts as strings of one width.  @local */
void outputs_add_texts(struct outputs *outputs, const char *path, const char *const *texts, int64_t n,
                       const char *text);
/* n strings of a width, zero-padded.  @local */
void outputs_add_ids(struct outputs *outputs, const char *path, const char *ids, int64_t n, int64_t width,
                     const char *text);
/* n doubles as whole numbers of this type.  @local */
void outputs_add_whole(struct outputs *outputs, const char *path, const char *name, struct output_shape shape,
                       const char *unit, const char *text, const double *data);
void outputs_clear(struct outputs *outputs);

/* The shapes of rank 0's list on every rank, without data; on rank 0 the list stays as it is.  unit and text are owned
 * there, too: *bytes holds them, and the caller frees it after outputs_clear.  @collective comm */
void outputs_share(MPI_Comm comm, struct outputs *outputs, char **bytes);

/* Writes all of them.  @local   @fails CANNOT_WRITE */
enum status outputs_write(struct table *table, const struct outputs *outputs);

#endif
