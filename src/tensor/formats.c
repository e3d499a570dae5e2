/* Which format a file has: by the separator in its name, and for stores of several files by what they are called. */
#include <string.h>

#include "tensor/shard.h"

/* Those with names of their own come first. */
static const struct format *const formats[] = {&bergson_format, &trak_format, &safetensors_format, &hdf5_format,
                                               &npy_format};

static bool has_separator(const struct format *format, const char *separator)
{
    if (separator == NULL)
        return format->separator == NULL || format->is_whole_too;
    return format->separator != NULL && strcmp(format->separator, separator) == 0;
}

static bool has_name(const struct format *format, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    if (format->files == NULL)
        return true;
    for (const char *const *file = format->files; *file != NULL; file++)
        if (strcmp(*file, name) == 0)
            return true;
    return false;
}

const struct format *format_of(const char *separator, const char *path)
{
    const struct format *found = NULL;
    for (size_t i = 0; i < sizeof formats / sizeof formats[0] && found == NULL; i++)
        if (has_separator(formats[i], separator) && has_name(formats[i], path))
            found = formats[i];
    ASSERT(found != NULL);
    return found;
}
