#include "lineage/observation.h"

#include <stddef.h>

#define PLACE(base) .sample = base "/sample", .process = base "/process", .session = base "/session"

const struct observation_class observation_classes[N_OBSERVED] = {
    [OBSERVED_PREPROCESSING] =
        {.plural = "steps of preprocessing",
         .table = TABLE_PREPROCESSING,
         PLACE("/preprocessing"),
         .step = "/preprocessing/step",
         .superseded = "/preprocessing/superseded",
         .names = {{"name", "/preprocessing/operation", "index into /operations/name", "/operations/name",
                    "what was done to samples"},
                   {"parameters", "/preprocessing/parameters", "index into /operation_parameters/text",
                    "/operation_parameters/text",
                    "how it was done, as recorded; of more than 256 bytes their beginning, and the SHA-256 of all"}}},
    [OBSERVED_MODALITY] = {.plural = "weights of modalities",
                           .table = TABLE_MODALITY,
                           PLACE("/modalities"),
                           .step = "/modalities/step",
                           .superseded = "/modalities/superseded",
                           .names = {{"modality", "/modalities/modality", "index into /modality_names/name",
                                      "/modality_names/name", "modalities of samples: text, image, …"}},
                           .values = {{"weights", COLUMN_F32S, "/modalities/weight", "1",
                                       "weight of the modality in the sample"}}},
    [OBSERVED_PREDICTION] = {.plural = "predictions",
                             .table = TABLE_PREDICTION,
                             PLACE("/recorded_predictions"),
                             .step = "/recorded_predictions/step",
                             .superseded = "/recorded_predictions/superseded",
                             .names = {{"checkpoint", "/recorded_predictions/checkpoint",
                                        "index into /predicting_checkpoints/name; -1: not told",
                                        "/predicting_checkpoints/name", "checkpoints that predicted"}},
                             .values = {{"predicted", COLUMN_I64S, "/recorded_predictions/predicted", "1",
                                         "class that the model predicted"},
                                        {"labels", COLUMN_I64S, "/recorded_predictions/label", "1",
                                         "class it should be; -1: not recorded"},
                                        {"probabilities", COLUMN_F32S, "/recorded_predictions/probability", "1",
                                         "probability of the predicted class; NaN: not recorded"}}},
    [OBSERVED_INFLUENCE] = {.plural = "influence scores",
                            .table = TABLE_INFLUENCE,
                            PLACE("/recorded_influence"),
                            .names = {{"checkpoint", "/recorded_influence/checkpoint",
                                       "index into /influence_checkpoints/name", "/influence_checkpoints/name",
                                       "checkpoints at which the trainer computed influence"},
                                      {"query", "/recorded_influence/query", "index into /influence_queries/name",
                                       "/influence_queries/name", "queries of which it did"},
                                      {"method", "/recorded_influence/method", "index into /influence_methods/name",
                                       "/influence_methods/name", "methods by which it did"}},
                            .values = {{"scores", COLUMN_F64S, "/recorded_influence/score", "1",
                                        "score as the trainer recorded it, positive for proponents"}}},
};

enum table_type observed_type(const struct observed_value *value)
{
    return value->kind == COLUMN_I64S ? TABLE_I64 : TABLE_F64;
}
