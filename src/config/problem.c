#include "config/problem.h"

enum { LINES_SHOWN = 100 };

void problems_init(struct problems *problems, const char *file)
{
    *problems = (struct problems){.file = file};
    text_init(&problems->lines);
}

void problems_clear(struct problems *problems)
{
    text_clear(&problems->lines);
    *problems = (struct problems){0};
}

void problems_add(struct problems *problems, const char *path, const char *what)
{
    if (problems->n++ >= LINES_SHOWN)
        return;
    const char *line_break = problems->n > 1 ? "\n" : "";
    text_add(&problems->lines, "%s%s: %s%s%s", line_break, problems->file, path, path[0] ? ": " : "", what);
}

enum status problems_verdict(const struct problems *problems, enum status bad)
{
    if (problems->n == 0)
        return STATUS_OK;
    if (problems->n <= LINES_SHOWN)
        return fail(bad, "%s", problems->lines.bytes);
    return fail(bad, "%s\n%s: and %d more", problems->lines.bytes, problems->file, problems->n - LINES_SHOWN);
}
