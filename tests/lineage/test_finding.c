/* What must hold: of each kind the first findings are kept, the same ones whichever rank found what and in which order;
 * all are counted; a long text is cut between characters. */
#include <math.h>
#include <mpi.h>

#include "base/text.h"
#include "check.h"
#include "lineage/finding.h"

enum { KEEP = 7, N = 500 };

static struct finding make(int i)
{
    struct finding finding = finding_of(i % 3 == 0 ? FOUND_REUSED : FOUND_RESIDUAL);
    finding.step = (i * 37) % 101;
    finding.sample = i % 5;
    finding.size = i % 4 == 0 ? (double)NAN : i % 11;
    finding_say(&finding, "finding %d", i % 23);
    return finding;
}

static void test_same_on_ranks(int rank, int size)
{
    struct finding_list alone, spread;
    finding_list_init(&alone, KEEP);
    finding_list_init(&spread, KEEP);
    for (int i = 0; i < N; i++) {
        struct finding one = make(i), other = make(N - 1 - i);
        finding_list_add(&alone, &one);
        if ((i * 7) % size == rank)
            finding_list_add(&spread, &other);
    }
    if (rank != 0)
        finding_list_clear(&alone);
    finding_list_gather(MPI_COMM_SELF, &alone);
    finding_list_gather(MPI_COMM_WORLD, &spread);
    for (int k = 0; k < N_FINDING_KIND && rank == 0; k++) {
        CHECK(alone.n[k] == spread.n[k] && alone.count[k] == spread.count[k] && alone.n[k] <= KEEP);
        for (int64_t i = 0; i < alone.n[k]; i++) {
            const struct finding *a = &alone.items[k][i], *b = &spread.items[k][i];
            CHECK(a->step == b->step && a->sample == b->sample && strcmp(a->text, b->text) == 0);
            CHECK(a->size == b->size || (isnan(a->size) && isnan(b->size)));
            CHECK(i == 0 || alone.items[k][i - 1].step <= a->step);
        }
    }
    if (rank == 0) {
        CHECK(alone.n[FOUND_REUSED] == KEEP && alone.count[FOUND_REUSED] == (N + 2) / 3);
        CHECK(finding_list_violations(&spread) == N);
    }
    finding_list_clear(&alone);
    finding_list_clear(&spread);
}

static void test_text(void)
{
    struct finding finding = finding_of(FOUND_SUPERSEDED);
    char filler[2 * FINDING_TEXT];
    for (int n = FINDING_TEXT - 5; n < FINDING_TEXT + 3; n++) {
        memset(filler, 'x', sizeof filler);
        memcpy(filler + n, "äöü", 6);
        filler[n + 6] = 0;
        finding_say(&finding, "%s", filler);
        size_t length = strlen(finding.text);
        CHECK(length < FINDING_TEXT && utf8_is_valid(finding.text, length));
        CHECK(length >= FINDING_TEXT - 8);
    }
    CHECK(!finding_classes[FOUND_SUPERSEDED].violation && finding_classes[FOUND_REUSED].violation);
    for (int k = 0; k < N_FINDING_KIND; k++)
        CHECK(finding_classes[k].name != NULL && finding_classes[k].text != NULL);
}

int main(void)
{
    MPI_Init(NULL, NULL);
    int rank, size;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    test_same_on_ranks(rank, size);
    test_text();
    int code = check_end_mpi(MPI_COMM_WORLD);
    MPI_Finalize();
    return code;
}
