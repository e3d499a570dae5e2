/* Texts with random damage, the same ones in every run. */
#ifndef ASSAY_TESTS_CONFIG_MUTATE_H
#define ASSAY_TESTS_CONFIG_MUTATE_H

#include <stdint.h>
#include <string.h>

/* @source Marsaglia 2003, xorshift64 */
static inline uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* One to three bytes of `text` (n bytes, with room for three more) flipped, replaced, inserted or deleted; returns the
 * new length. */
static inline size_t mutate(char *text, size_t n, uint64_t *state)
{
    static const char telling[] = "{}[]\",:\\u0123456789+-.eE tfn\n\r\t\xc3\xa9\xed\xa0\x80\xff\x01";
    for (uint64_t rounds = 1 + random_next(state) % 3; rounds > 0; rounds--) {
        size_t at = random_next(state) % (n + 1);
        char byte = telling[random_next(state) % (sizeof telling)]; /* its zero byte too */
        switch (random_next(state) % 4) {
            case 0:
                if (at < n)
                    text[at] = (char)(text[at] ^ 1 << random_next(state) % 8);
                break;
            case 1:
                if (at < n)
                    text[at] = byte;
                break;
            case 2:
                memmove(text + at + 1, text + at, n - at);
                text[at] = byte;
                n++;
                break;
            default:
                if (at < n) {
                    memmove(text + at, text + at + 1, n - at - 1);
                    n--;
                }
        }
    }
    return n;
}

#endif
