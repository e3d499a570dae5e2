#include "table/storage.h"

#include <stdio.h>
#include <string.h>

void storage_quiet(void)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

/* The two innermost clauses: with the MPI driver the first is MPI's word for the error and the second says which call
 * it was; with the others the first alone says it all. */
struct clauses {
    char text[2][512];
    unsigned n;
};

/* The plain driver adds a dozen of facts, a date and a line feed among them: the system's word for the error will do.
 */
static void shorten(char *clause)
{
    static const char before[] = "error message = '";
    char *facts = strstr(clause, ": time = "), *message = facts != NULL ? strstr(facts, before) : NULL;
    if (message == NULL)
        return;
    message += sizeof before - 1;
    size_t n = strcspn(message, "'");
    memmove(facts + 2, message, n);
    facts[2 + n] = 0;
}

static herr_t copy_clause(unsigned i, const H5E_error2_t *error, void *into)
{
    struct clauses *clauses = into;
    if (i >= 2)
        return 1;
    snprintf(clauses->text[i], sizeof clauses->text[i], "%s", error->desc ? error->desc : "");
    shorten(clauses->text[i]);
    clauses->n = i + 1;
    return 0;
}

enum status storage_fail(enum status status, const char *file, const char *object, const char *what)
{
    struct clauses clauses = {.n = 0};
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, copy_clause, &clauses);
    H5Eclear2(H5E_DEFAULT);
    bool by_mpi = clauses.n == 2 && strncmp(clauses.text[1], "MPI_", 4) == 0;
    return fail(status, "%s: %s%s%s: %s%s%s", file, object ? object : "", object ? ": " : "", what,
                clauses.n ? clauses.text[0] : "HDF5 gives no reason", by_mpi ? ", " : "",
                by_mpi ? clauses.text[1] : "");
}

static bool left_open;

bool storage_close(hid_t file)
{
    bool closed = H5Fclose(file) >= 0;
    left_open = left_open || !closed;
    return closed;
}

bool table_left_open(void)
{
    return left_open;
}

hid_t storage_access(void)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    ASSERT(access >= 0);
#if H5_VERSION_GE(1, 12, 1) || (H5_VERSION_GE(1, 10, 7) && !H5_VERSION_GE(1, 11, 0))
    ASSERT(H5Pset_file_locking(access, true, true) >= 0);
#endif
    return access;
}

hid_t storage_string(int64_t n)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    ASSERT(type >= 0 && H5Tset_size(type, n > 0 ? (size_t)n : 1) >= 0);
    ASSERT(H5Tset_strpad(type, H5T_STR_NULLPAD) >= 0 && H5Tset_cset(type, H5T_CSET_UTF8) >= 0);
    return type;
}

/* Not a static array: HDF5's type names are variables that it fills in when it starts. */
static hid_t number_type(enum table_type type)
{
    switch (type) {
        case TABLE_I8:
            return H5T_STD_I8LE;
        case TABLE_U8:
            return H5T_STD_U8LE;
        case TABLE_I32:
            return H5T_STD_I32LE;
        case TABLE_I64:
            return H5T_STD_I64LE;
        case TABLE_F64:
            return H5T_IEEE_F64LE;
        case TABLE_STRING:
            break;
    }
    ASSERT(!"a number");
    return H5I_INVALID_HID;
}

hid_t storage_type(enum table_type type, int64_t string_bytes)
{
    hid_t made = type == TABLE_STRING ? storage_string(string_bytes) : H5Tcopy(number_type(type));
    ASSERT(made >= 0);
    return made;
}

bool storage_type_find(hid_t type, enum table_type *found, int64_t *string_bytes)
{
    *string_bytes = 0;
    if (H5Tget_class(type) == H5T_STRING) {
        *found = TABLE_STRING;
        *string_bytes = (int64_t)H5Tget_size(type);
        return H5Tis_variable_str(type) == 0 && H5Tget_strpad(type) == H5T_STR_NULLPAD && *string_bytes > 0;
    }
    for (enum table_type one = TABLE_I8; one < TABLE_STRING; one++) {
        *found = one;
        if (H5Tequal(type, number_type(one)) > 0)
            return true;
    }
    return false;
}
