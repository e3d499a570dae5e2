#include "lineage/conservation.h"

#include <math.h>

#include "base/memory.h"

#define SHARE_ROUNDING 1e-9 /* of sums of shares in double */

/* What the processes say of one group in one step. */
struct account {
    double sum; /* of the shares of examples, and of one process's optimizer */
    double delta, rounding;
    int64_t n_process;    /* that have shares */
    int32_t optimizer_of; /* the process whose optimizer was taken: all have the same */
};

struct check {
    const struct ledger *ledger;
    const struct lineage_config *config;
    const struct chunk *chunk;
    struct finding_list *findings;
    struct account *accounts; /* per group */
};

static const char *group_name(const struct ledger *ledger, int64_t group)
{
    return ledger_text(ledger, ledger->groups.names[group]);
}

static struct finding found(const struct check *check, enum finding_kind kind, int64_t row, int64_t group)
{
    const struct step_note *note = &check->ledger->steps[row];
    struct finding finding = finding_of(kind);
    finding.step = note->step;
    finding.group = group;
    finding.process = note->process;
    return finding;
}

static void check_residual(const struct check *check, int64_t row, int64_t c)
{
    const struct chunk *chunk = check->chunk;
    double residual = chunk->residual[c], delta = chunk->delta_norm[c];
    double limit = isnan(chunk->rounding[c]) ? check->config->share_tolerance * delta
                                             : check->config->residual_tolerance * chunk->rounding[c];
    if (isnan(residual) || residual <= limit)
        return;
    struct finding finding = found(check, FOUND_RESIDUAL, row, chunk->group[c]);
    finding.size = residual;
    finding.limit = limit;
    finding_say(&finding,
                "step %lld, %.80s: contributions leave %.3g of a change of %.3g unexplained, rounding up to %.3g",
                (long long)finding.step, group_name(check->ledger, chunk->group[c]), residual, delta, limit);
    finding_list_add(check->findings, &finding);
}

/* Groups that the recorder covers and of which this step says nothing, or nothing of its examples. */
static void check_coverage(const struct check *check, int64_t row)
{
    const struct ledger *ledger = check->ledger;
    const struct step_note *note = &ledger->steps[row];
    if (note->recorder < 0 || !ledger->recorders[note->recorder].has_contributions)
        return;
    const struct recorder_entry *entry = &ledger->recorders[note->recorder];
    int64_t first = ledger->contribution_start[row] - ledger->contribution_start[check->chunk->first];
    for (int64_t k = 0; k < entry->n_group; k++) {
        int64_t at = -1;
        for (int64_t c = first; c < first + note->n_contribution; c++)
            if (check->chunk->group[c] == entry->group_of[k])
                at = c;
        bool empty = at >= 0 && isnan(check->chunk->share_sum[at]) && check->chunk->delta_norm[at] > 0;
        if (!entry->covers[k] || (at >= 0 && !empty))
            continue;
        struct finding finding = found(check, FOUND_MISSING_CONTRIBUTION, row, entry->group_of[k]);
        if (empty)
            finding.size = check->chunk->delta_norm[at];
        finding_say(&finding, "step %lld, %.80s: %s", (long long)note->step, group_name(ledger, entry->group_of[k]),
                    empty ? "it changed, and no example's part in it is recorded"
                          : "the group is covered, and the step has no contribution to it");
        finding_list_add(check->findings, &finding);
    }
}

/* Takes one process's part of a step into the accounts. */
static void take_row(const struct check *check, int64_t row)
{
    const struct ledger *ledger = check->ledger;
    const struct chunk *chunk = check->chunk;
    const struct step_note *note = &ledger->steps[row];
    int64_t c = ledger->contribution_start[row] - ledger->contribution_start[chunk->first];
    int64_t o = ledger->optimizer_start[row] - ledger->optimizer_start[chunk->first];
    for (int64_t end = c + note->n_contribution; c < end; c++) {
        struct account *account = &check->accounts[chunk->group[c]];
        int64_t first = chunk->detail_start[c] - ledger->detail_start[chunk->first];
        int64_t past = chunk->detail_start[c + 1] - ledger->detail_start[chunk->first];
        check_residual(check, row, c);
        if (first == past || isnan(chunk->shares[first]))
            continue;
        account->n_process++;
        account->delta = chunk->delta_norm[c];
        account->rounding = chunk->rounding[c];
        for (int64_t i = first; i < past; i++)
            account->sum += chunk->shares[i];
        if (account->optimizer_of < 0)
            account->optimizer_of = note->process;
    }
    for (int64_t end = o + note->n_optimizer; o < end; o++) {
        struct account *account = &check->accounts[chunk->optimizer_group[o]];
        if (account->optimizer_of == note->process)
            account->sum += chunk->optimizer_share[o];
    }
    check_coverage(check, row);
}

static void check_sums(const struct check *check, int64_t row)
{
    const struct step_note *note = &check->ledger->steps[row];
    int64_t world = note->recorder < 0 ? 1 : check->ledger->recorders[note->recorder].world_size;
    for (int64_t g = 0; g < check->ledger->groups.n; g++) {
        const struct account *account = &check->accounts[g];
        if (account->n_process != world || !(account->delta > 0))
            continue; /* a part is missing, which is told elsewhere, or nothing moved */
        double limit = check->config->share_tolerance, off = fabs(account->sum - 1);
        if (world == 1 && !isnan(account->rounding))
            limit = check->config->residual_tolerance * account->rounding / account->delta;
        limit = limit > SHARE_ROUNDING ? limit : SHARE_ROUNDING;
        if (off <= limit)
            continue;
        struct finding finding = found(check, FOUND_SHARE_SUM, row, g);
        finding.process = world == 1 ? note->process : -1;
        finding.size = off;
        finding.limit = limit;
        finding_say(&finding, "step %lld, %.80s: shares in the change add up to %.9g instead of 1",
                    (long long)note->step, group_name(check->ledger, g), account->sum);
        finding_list_add(check->findings, &finding);
    }
}

void conservation_check(const struct ledger *ledger, const struct lineage_config *config, const struct chunk *chunk,
                        struct finding_list *findings)
{
    if (!ledger->has_contributions)
        return;
    struct check check = {.ledger = ledger, .config = config, .chunk = chunk, .findings = findings};
    check.accounts = memory_allocate(ledger->groups.n, sizeof *check.accounts);
    for (int64_t i = chunk->first, next; i < chunk->end; i = next) {
        for (int64_t g = 0; g < ledger->groups.n; g++)
            check.accounts[g] = (struct account){.optimizer_of = -1};
        for (next = i; next < chunk->end && ledger->steps[next].step == ledger->steps[i].step; next++)
            if (!ledger->steps[next].superseded)
                take_row(&check, next);
        if (!ledger->steps[i].superseded)
            check_sums(&check, i);
    }
    memory_free(check.accounts);
}
