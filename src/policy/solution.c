#include "policy/solution.h"

#include "base/memory.h"

void solution_init(struct solution *solution, int64_t n_behaviour, int64_t n_feature)
{
    *solution = (struct solution){.n_behaviour = n_behaviour,
                                  .n_feature = n_feature,
                                  .coefficient = memory_allocate(n_behaviour * n_feature, sizeof(double)),
                                  .intercept = memory_allocate(n_behaviour, sizeof(double))};
}

void solution_clear(struct solution *solution)
{
    memory_free(solution->coefficient);
    memory_free(solution->intercept);
    *solution = (struct solution){0};
}
