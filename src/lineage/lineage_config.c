#include "lineage/lineage_config.h"

#define AT(member) offsetof(struct lineage_config, member)

static const struct field fields[] = {
    {.path = "records",
     .type = FIELD_STRINGS,
     .offset = AT(records),
     .fallback = "[]",
     .text = "recorder files (SQLite), one per process: names or globs; a -wal file is read where one lies beside"},
    {.path = "order",
     .type = FIELD_STRING,
     .offset = AT(order),
     .fallback = "",
     .text = "npy of integers, steps x batch: the sample indices of each step, -1 fills a short batch; alone it is the "
             "lineage, beside records it is compared with them"},
    {.path = "policies",
     .type = FIELD_STRING,
     .offset = AT(policies),
     .fallback = "",
     .text = "JSON file of policies and depth profiles: every admission is decided again, and must come out the same"},
    {.path = "tolerance.residual",
     .type = FIELD_NUMBER,
     .offset = AT(residual_tolerance),
     .fallback = "10",
     .minimum = 0,
     .maximum = 1e9,
     .text = "|change - sum of contributions| may be so many times the rounding that was recorded with it"},
    {.path = "tolerance.share",
     .type = FIELD_NUMBER,
     .offset = AT(share_tolerance),
     .fallback = "0.001",
     .minimum = 0,
     .maximum = 1e9,
     .text = "|sum of shares - 1| may be so much where no rounding was recorded"},
    {.path = "uses_per_epoch",
     .type = FIELD_INTEGER,
     .offset = AT(uses_per_epoch),
     .fallback = "1",
     .minimum = 0,
     .maximum = 1e12,
     .text = "uses of one sample in one epoch, at most; 0: any number"},
    {.path = "keep.findings",
     .type = FIELD_INTEGER,
     .offset = AT(keep_findings),
     .fallback = "100",
     .minimum = 1,
     .maximum = 100000,
     .text = "findings of each kind that the table lists; all are counted"},
    {.path = "keep.top",
     .type = FIELD_INTEGER,
     .offset = AT(keep_top),
     .fallback = "10",
     .minimum = 1,
     .maximum = 10000,
     .text = "strongest contributors listed per parameter group"},
    {.path = "strict",
     .type = FIELD_BOOLEAN,
     .offset = AT(strict),
     .scope = SCOPE_EXECUTION,
     .fallback = "false",
     .text = "end with exit code 1 when a violation was found, as --strict does; the table is written all the same"},
    {.path = "memory",
     .type = FIELD_BYTES,
     .offset = AT(memory),
     .scope = SCOPE_EXECUTION,
     .fallback = "\"2 GiB\"",
     .minimum = 1 << 20,
     .maximum = 1e15,
     .text = "bytes per rank that this job may use"},
};

static enum status check(const void *values)
{
    const struct lineage_config *config = values;
    return config->records.n > 0 || config->order != NULL
               ? STATUS_OK
               : fail(BAD_CONFIG, "lineage.records: expected recorder files here or an npy file in lineage.order, "
                                  "found neither");
}

const struct section lineage_section = {
    .name = "lineage",
    .text = "what was recorded of training, merged and checked",
    .fields = fields,
    .n_field = sizeof fields / sizeof *fields,
    .size = sizeof(struct lineage_config),
    .check = check,
};
