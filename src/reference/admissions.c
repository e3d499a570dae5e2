#include "reference/admissions.h"

#include <string.h>

#include "base/memory.h"
#include "comm/agree.h"
#include "reference/network.h"
#include "reference/samples.h"

/* Of the list of files, so that another file, or another content, is another digest; rank 0's. */
static void digest_inputs(MPI_Comm comm, struct segment_list *segments, uint8_t sha256[DIGEST_BYTES])
{
    struct digest *digest = digest_create();
    digest_begin(digest);
    for (int64_t i = 0; i < segments->n; i++) {
        digest_add(digest, segments->items[i].path, strlen(segments->items[i].path) + 1);
        digest_add(digest, segments->items[i].sha256, DIGEST_BYTES);
    }
    digest_end(digest, sha256);
    digest_destroy(digest);
    MPI_Bcast(sha256, DIGEST_BYTES, MPI_BYTE, 0, comm);
}

static enum status check_layers(const struct policies *policies, int64_t n_layer)
{
    char(*names)[LAYER_NAME_BYTES] = memory_allocate(n_layer, sizeof *names);
    const char **layers = memory_allocate(n_layer, sizeof *layers);
    for (int64_t k = 0; k < n_layer; k++)
        layers[k] = layer_name(k, names[k]);
    enum status status = profiles_check_layers(policies, layers, to_int(n_layer));
    memory_free(layers);
    memory_free(names);
    return status;
}

static void decide_all(const struct images *images, struct admissions *admissions)
{
    admissions->n = images->n;
    admissions->verdicts = memory_allocate(images->n, sizeof *admissions->verdicts);
    admissions->rejected = memory_allocate(images->n, 1);
    for (int64_t i = 0; i < images->n; i++) {
        const struct governance governance = sample_governance(images, i);
        const char *const facts[N_FACT] = {
            [FACT_POLICY] = governance.policy,       [FACT_SOURCE] = governance.source,
            [FACT_LICENSE] = governance.license,     [FACT_CLASSIFICATION] = governance.classification,
            [FACT_COLLECTED] = governance.collected, [FACT_OWNER] = governance.owner,
        };
        policies_decide(admissions->policies, facts, &admissions->verdicts[i]);
        admissions->rejected[i] = admissions->verdicts[i].decision == REJECT;
    }
}

enum status admissions_init(MPI_Comm comm, const struct train_config *config, const char *directory,
                            const struct images *images, struct admissions *admissions)
{
    *admissions = (struct admissions){0};
    if (config->admission.policies == NULL)
        return STATUS_OK;
    struct segment_list segments;
    segments_init(&segments);
    enum status status = policies_open(comm, directory, config->admission.policies, &segments, &admissions->policies);
    if (status == STATUS_OK) {
        digest_inputs(comm, &segments, admissions->sha256);
        status = agree(comm, check_layers(admissions->policies, config->hidden.n + 1));
    }
    if (status == STATUS_OK)
        decide_all(images, admissions);
    segments_clear(&segments);
    return status;
}

void admissions_check(const struct train_config *config, const char *directory, struct text *problems)
{
    if (config->admission.policies == NULL)
        return;
    struct policies *policies = NULL;
    enum status status = policies_open(MPI_COMM_NULL, directory, config->admission.policies, NULL, &policies);
    if (status == STATUS_OK)
        status = check_layers(policies, config->hidden.n + 1);
    if (status != STATUS_OK)
        text_add(problems, "%s\n", failure_sentence());
    policies_close(policies);
}

void admissions_clear(struct admissions *admissions)
{
    policies_close(admissions->policies);
    memory_free(admissions->verdicts);
    memory_free(admissions->rejected);
    *admissions = (struct admissions){0};
}

const struct verdict *admissions_of(const struct admissions *admissions, int64_t i)
{
    static const struct verdict free_admission = {.decision = ADMIT, .policy = -1, .profile = -1};
    ASSERT(admissions->policies == NULL || (i >= 0 && i < admissions->n));
    return admissions->policies != NULL ? &admissions->verdicts[i] : &free_admission;
}

float admissions_weight(const struct admissions *admissions, int64_t i, int64_t k)
{
    char name[LAYER_NAME_BYTES];
    if (admissions->policies == NULL)
        return 1;
    return (float)profile_weight(admissions->policies, admissions_of(admissions, i)->profile, layer_name(k, name));
}
