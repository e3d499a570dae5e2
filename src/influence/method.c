#include "influence/method.h"

#include <stddef.h>

const struct influence_method influence_methods[N_INFLUENCE_METHODS] = {
    {.name = "tracin",
     .formula = "sum over checkpoints k of learning_rate_k * <grad loss_k(example), grad loss_k(query)>",
     .all_checkpoints = true,
     .learning_rate = true,
     .source = "TracInCP: Pruthi, Liu, Sundararajan, Kale, NeurIPS 2020"},
    {.name = "gradient-dot",
     .formula = "<grad loss(example), grad loss(query)> at one checkpoint",
     .source = "Charpiat, Girard, Felardos, Tarabalka, NeurIPS 2019"},
    {.name = "gradient-cosine",
     .formula = "<grad loss(example), grad loss(query)> / (|grad loss(example)| |grad loss(query)|) at one checkpoint",
     .normalised = true,
     .source = "Charpiat, Girard, Felardos, Tarabalka, NeurIPS 2019"},
};

const char *const influence_method_names[] = {"tracin", "gradient-dot", "gradient-cosine", NULL};
