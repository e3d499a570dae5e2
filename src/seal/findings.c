#include "seal/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "comm/share.h"

enum { LONGEST = 2000 };

void findings_clear(struct findings *findings)
{
    for (int64_t i = 0; i < findings->n; i++)
        memory_free(findings->items[i].sentence);
    memory_free(findings->items);
    *findings = (struct findings){0};
}

static int compare(const void *a, const void *b)
{
    const struct finding *left = a, *right = b;
    int order = (left->phase > right->phase) - (left->phase < right->phase);
    if (order == 0)
        order = (left->place > right->place) - (left->place < right->place);
    return order ? order : strcmp(left->sentence, right->sentence);
}

static void sort_and_cut(struct findings *findings)
{
    if (findings->n > 1)
        qsort(findings->items, (size_t)findings->n, sizeof *findings->items, compare);
    while (findings->n > FINDINGS_KEPT)
        memory_free(findings->items[--findings->n].sentence);
}

static void keep(struct findings *findings, int64_t phase, int64_t place, char *sentence)
{
    if (findings->n == 2 * FINDINGS_KEPT)
        sort_and_cut(findings);
    if (findings->items == NULL)
        findings->items = memory_allocate(2 * FINDINGS_KEPT, sizeof *findings->items);
    findings->items[findings->n++] = (struct finding){phase, place, sentence};
}

void findings_add(struct findings *findings, enum finding_phase phase, int64_t place, const char *format, ...)
{
    char draft[LONGEST];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(draft, sizeof draft, format, arguments);
    va_end(arguments);
    fail(STATUS_OK, "%s", draft); /* makes control bytes harmless */
    keep(findings, phase, place, memory_copy_text(failure_sentence()));
    findings->total++;
}

static void pack(const struct findings *findings, struct text *packed)
{
    text_add_bytes(packed, &findings->total, sizeof findings->total);
    for (int64_t i = 0; i < findings->n; i++) {
        const struct finding *item = &findings->items[i];
        const int64_t head[3] = {item->phase, item->place, (int64_t)strlen(item->sentence)};
        text_add_bytes(packed, head, sizeof head);
        text_add_bytes(packed, item->sentence, (size_t)head[2]);
    }
}

static void unpack(const char *packed, int64_t n, struct findings *findings)
{
    int64_t total, head[3];
    memcpy(&total, packed, sizeof total);
    findings->total += total;
    for (int64_t at = sizeof total; at < n; at += (int64_t)sizeof head + head[2]) {
        memcpy(head, packed + at, sizeof head);
        char *sentence = memory_allocate(head[2] + 1, 1);
        memcpy(sentence, packed + at + sizeof head, (size_t)head[2]);
        keep(findings, head[0], head[1], sentence);
    }
}

void findings_gather(MPI_Comm comm, struct findings *findings)
{
    int rank, n_rank;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &n_rank);
    sort_and_cut(findings);
    /* A binomial tree, cut at every node: no rank ever holds more than twice what is told. */
    for (int step = 1; step < n_rank; step *= 2) {
        if (rank % (2 * step) == step) {
            struct text packed;
            text_init(&packed);
            pack(findings, &packed);
            share_send(comm, rank - step, packed.bytes, (int64_t)packed.length);
            text_clear(&packed);
            findings_clear(findings);
            break;
        }
        if (rank % (2 * step) == 0 && rank + step < n_rank) {
            int64_t n;
            char *packed = share_receive(comm, rank + step, &n);
            unpack(packed, n, findings);
            memory_free(packed);
            sort_and_cut(findings);
        }
    }
    MPI_Bcast(&findings->total, 1, MPI_INT64_T, 0, comm);
}
