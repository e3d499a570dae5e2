/* HDF5 as this folder uses it: silent, with its message as one clause, and a fixed set of types. */
#ifndef ASSAY_TABLE_STORAGE_H
#define ASSAY_TABLE_STORAGE_H

#include <hdf5.h>

#include "table/table.h"

/* Longest attribute: it is kept in the header of its object, where 64 KiB is the end. */
enum { STORAGE_TEXT_BYTES = 60000 };

/* Turns off HDF5's own printing; before the first other call of a public function.  @local */
void storage_quiet(void);

/* Fails with "FILE: OBJECT: WHAT: the innermost clause of HDF5's error stack" (no OBJECT when it is NULL).  To be
 * called before any other HDF5 call: each of them empties the stack.  @local */
enum status storage_fail(enum status status, const char *file, const char *object, const char *what);

/* File access that leaves file locks alone where the file system has none.  Caller closes it.  @local */
hid_t storage_access(void);

/* Closes a file; false when that fails, and then table_left_open.  @local */
bool storage_close(hid_t file);

/* The type of an element on disk and in the caller's memory, which are the same: nothing is ever converted.  Caller
 * closes it.  @local */
hid_t storage_type(enum table_type type, int64_t string_bytes);

/* The reverse; false when it is none of ours.  @local */
bool storage_type_find(hid_t type, enum table_type *found, int64_t *string_bytes);

/* A fixed-length, zero-padded UTF-8 string of max(1, n) bytes (HDF5 knows no strings of length 0).  Caller closes it.
 * @local */
hid_t storage_string(int64_t n);

#endif
