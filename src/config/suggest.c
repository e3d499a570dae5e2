#include "config/suggest.h"

#include <stddef.h>
#include <string.h>

enum { LONGEST = 64, UNLIKE = 1000 };

static int least(int a, int b)
{
    return a < b ? a : b;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

int word_distance(const char *a, const char *b)
{
    size_t n_a = strlen(a), n_b = strlen(b);
    if (n_a >= LONGEST || n_b >= LONGEST)
        return UNLIKE;
    int cost[LONGEST][LONGEST]; /* [i][j]: from the first i letters of a to the first j of b */
    for (size_t i = 0; i <= n_a; i++)
        cost[i][0] = (int)i;
    for (size_t j = 0; j <= n_b; j++)
        cost[0][j] = (int)j;
    for (size_t i = 1; i <= n_a; i++) {
        for (size_t j = 1; j <= n_b; j++) {
            char x = lower(a[i - 1]), y = lower(b[j - 1]);
            int best = least(least(cost[i - 1][j], cost[i][j - 1]) + 1, cost[i - 1][j - 1] + (x != y));
            if (i > 1 && j > 1 && x == lower(b[j - 2]) && y == lower(a[i - 2]))
                best = least(best, cost[i - 2][j - 2] + 1);
            cost[i][j] = best;
        }
    }
    return cost[n_a][n_b];
}

const char *word_nearest(const char *word, const char *const *candidates, int n)
{
    const char *nearest = NULL;
    int best = UNLIKE;
    for (int i = 0; i < n; i++) {
        int distance = word_distance(word, candidates[i]);
        int allowed = (int)strlen(candidates[i]) / 3;
        if (distance <= (allowed > 0 ? allowed : 1) && distance < best) {
            best = distance;
            nearest = candidates[i];
        }
    }
    return nearest;
}
