#include "query/near.h"

#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "config/suggest.h"

static int distance_of(const char *word, const char *candidate)
{
    size_t n = strlen(word);
    if (n >= 3 && (strncasecmp(word, candidate, n) == 0 || strstr(candidate, word) != NULL))
        return 1; /* a part of it was written */
    return word_distance(word, candidate);
}

void near_offer(struct near *near, const char *candidate)
{
    int distance = distance_of(near->word, candidate), at = near->n;
    if (distance > (int)strlen(candidate) / 2)
        return;
    for (int i = 0; i < near->n; i++)
        if (strcmp(near->items[i].name, candidate) == 0)
            return;
    while (at > 0 && near->items[at - 1].distance > distance)
        at--;
    if (at == NEAR_KEPT)
        return;
    if (near->n == NEAR_KEPT)
        memory_free(near->items[--near->n].name);
    memmove(&near->items[at + 1], &near->items[at], (size_t)(near->n - at) * sizeof near->items[0]);
    near->items[at].name = memory_copy_text(candidate);
    near->items[at].distance = distance;
    near->n++;
}

void near_end(struct near *near, struct text *text)
{
    for (int i = 0; i < near->n; i++) {
        text_add(text, "%s%s", i == 0 ? "; near are: " : ", ", near->items[i].name);
        memory_free(near->items[i].name);
    }
    near->n = 0;
}
