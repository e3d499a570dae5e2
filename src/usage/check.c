#include "usage/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "comm/agree.h"
#include "usage/source.h"
#include "usage/store.h"

enum { NAME_BYTES = 200 };

struct checking {
    MPI_Comm comm;
    int rank, n_rank;
    const struct usage_request *request;
    usage_finder *find;
    void *context;
    struct usage_tree tree; /* as the tables give it */
};

static void tell(const struct checking *checking, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void tell(const struct checking *checking, const char *format, ...)
{
    char sentence[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    checking->find(checking->context, sentence);
}

/* Counts that differ, and the salt.  @local to rank 0 */
static void compare_summaries(const struct checking *checking, const struct usage_summary *told)
{
    const struct usage_summary *found = &checking->tree.summary;
    const struct {
        const char *name;
        int64_t told, found;
    } counts[] = {{"samples", told->samples, found->samples},
                  {"samples without a content digest", told->unlisted, found->unlisted},
                  {"samples used in training", told->trained, found->trained},
                  {"samples never used", told->never_used, found->never_used},
                  {"rejected samples", told->rejected, found->rejected},
                  {"samples with a row of influence.h5", told->scored, found->scored},
                  {"uses", told->uses, found->uses},
                  {"steps", told->steps, found->steps},
                  {"epochs", told->epochs, found->epochs}};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (counts[i].told != counts[i].found)
            tell(checking, "the entry of the samples tells of %lld %s, lineage.h5 of %lld", (long long)counts[i].told,
                 counts[i].name, (long long)counts[i].found);
    if (memcmp(told->salt, found->salt, DIGEST_BYTES) != 0)
        tell(checking, "the salt of the samples is not that of the log's origin and the run's name");
}

/* Leaves before the first of any rank's part: this rank compares what lies between its own bounds. */
static enum status find_bounds(const struct checking *checking, const struct usage_stored *stored, int64_t *begin,
                               int64_t *end)
{
    const struct usage_tree *tree = &checking->tree;
    struct leaf own = {0};
    if (tree->n > 0)
        own = tree->leaves[0];
    struct leaf *firsts = memory_allocate(checking->n_rank, sizeof *firsts);
    int64_t *counts = memory_allocate(checking->n_rank, sizeof *counts);
    MPI_Allgather(&own, (int)sizeof own, MPI_BYTE, firsts, (int)sizeof own, MPI_BYTE, checking->comm);
    MPI_Allgather(&tree->n, 1, MPI_INT64_T, counts, 1, MPI_INT64_T, checking->comm);
    int next = checking->rank + 1;
    while (next < checking->n_rank && counts[next] == 0)
        next++;
    bool is_first = checking->rank == 0; /* it has leaves if any rank has */
    enum status status = STATUS_OK;
    *begin = 0;
    *end = stored->size;
    if (!is_first && tree->n == 0)
        *begin = *end;
    else if (!is_first)
        status = usage_stored_find(stored, &own, LEAF_BYTES, begin);
    if (status == STATUS_OK && next < checking->n_rank)
        status = usage_stored_find(stored, &firsts[next], LEAF_BYTES, end);
    if (*begin > *end) /* the stored leaves are not in order, which has been told */
        *end = *begin;
    memory_free(firsts);
    memory_free(counts);
    return status;
}

/* The id of a sample, cut; it is put into `name`. */
static const char *name_sample(const struct usage_source *source, int64_t sample, char name[NAME_BYTES])
{
    char *id = memory_allocate(source->id_bytes + 1, 1);
    if (sample < 0 || sample >= source->n_sample ||
        table_read(source->lineage, "/samples/id", sample, 1, id) != STATUS_OK)
        snprintf(name, NAME_BYTES, "(line %lld)", (long long)sample);
    else
        snprintf(name, NAME_BYTES, "%s", id);
    memory_free(id);
    return name;
}

/* Two lists in order, side by side: what only one has is told. */
static enum status compare_leaves(const struct checking *checking, const struct usage_source *source,
                                  const struct usage_stored *stored, int64_t begin, int64_t end)
{
    enum { PIECE = 1 << 12, MOST_TOLD = 1000 };
    const struct usage_tree *tree = &checking->tree;
    struct leaf *piece = memory_allocate(PIECE, sizeof *piece);
    int64_t i = 0, n_told = 0, loaded = begin; /* the piece ends there */
    char name[NAME_BYTES];
    enum status status = STATUS_OK;
    for (int64_t k = begin; (i < tree->n || k < end) && n_told < MOST_TOLD;) {
        if (k < end && k == loaded) {
            int64_t n = end - k < PIECE ? end - k : PIECE;
            status = usage_stored_leaves(stored, k, n, piece);
            if (status != STATUS_OK)
                break;
            loaded += n;
        }
        const struct leaf *stored_leaf = &piece[(k - begin) % PIECE], *made = &tree->leaves[i];
        int order = k == end ? 1 : i == tree->n ? -1 : leaf_compare(stored_leaf, made);
        if (order < 0)
            tell(checking, USAGE_FILE ": leaf %lld, of sample %s, is not what the tables give for any sample",
                 (long long)k, name_sample(source, stored_leaf->sample, name));
        if (order > 0)
            tell(checking, USAGE_FILE ": it has no leaf with the record of sample %s as the tables give it",
                 name_sample(source, made->sample, name));
        n_told += order != 0;
        k += order <= 0;
        i += order >= 0;
    }
    memory_free(piece);
    return status;
}

/* Which samples differ.  @collective */
static enum status name_differences(struct checking *checking)
{
    struct usage_source source = {0};
    struct usage_stored stored = {0};
    int64_t begin = 0, end = 0;
    enum status status = usage_stored_open(checking->request->run_directory, -1, &stored);
    if (status == STATUS_OK)
        status = usage_source_open(checking->request->run_directory, false, &source);
    status = agree(checking->comm, status);
    if (status == STATUS_OK)
        status = agree(checking->comm, find_bounds(checking, &stored, &begin, &end));
    if (status == STATUS_OK)
        status = agree(checking->comm, compare_leaves(checking, &source, &stored, begin, end));
    usage_source_close(&source);
    usage_stored_close(&stored);
    return status;
}

/* What a collective step found wrong with the run, told once.  Only a fault of a test ends the check. */
static enum status tell_failure(const struct checking *checking, enum status status, const char *what)
{
    if (status == FAULT_INJECTED)
        return status;
    if (status != STATUS_OK && checking->rank == 0)
        tell(checking, "%s%s", what, failure_sentence());
    return STATUS_OK;
}

enum status usage_check(MPI_Comm comm, const struct usage_request *request, const struct usage_summary *summary,
                        usage_finder *find, void *context, int64_t *n_made)
{
    struct checking checking = {.comm = comm, .request = request, .find = find, .context = context};
    MPI_Comm_rank(comm, &checking.rank);
    MPI_Comm_size(comm, &checking.n_rank);
    *n_made = -1;
    enum status stored = usage_store_check(comm, request->run_directory, summary->size, &summary->root);
    enum status status = tell_failure(&checking, stored, "");
    if (status != STATUS_OK)
        return status;
    enum status made = usage_tree_make(comm, request, &checking.tree);
    if (made == STATUS_OK)
        *n_made = checking.tree.summary.size;
    status = tell_failure(&checking, made, "the tree of samples cannot be made again: ");
    if (status == STATUS_OK && made == STATUS_OK && checking.rank == 0)
        compare_summaries(&checking, summary);
    bool differs =
        checking.tree.summary.size != summary->size || !hash_equal(&checking.tree.summary.root, &summary->root);
    if (status == STATUS_OK && made == STATUS_OK && differs) {
        if (checking.rank == 0)
            tell(&checking, "the tables give another tree of samples than the one that was sealed");
        status = tell_failure(&checking, name_differences(&checking), "");
    } else if (status == STATUS_OK && made == STATUS_OK && stored == STATUS_OK) {
        status = tell_failure(&checking, usage_store_check_samples(comm, request->run_directory, &checking.tree), "");
    }
    usage_tree_clear(&checking.tree);
    return status;
}
