/* Ids on their way to the ranks whose tables they belong to, a batch at a time. */
#ifndef ASSAY_RECORDS_ID_EXCHANGE_H
#define ASSAY_RECORDS_ID_EXCHANGE_H

#include "records/id_table.h"
#include "records/ranks.h"

struct id_exchange {
    struct ranks ranks;
    struct id_entry *batch, *dealt; /* owned; ID_BATCH each: as they came, and by owner */
    int64_t n;
    int *counts, *places, *from, *offsets; /* owned; per rank, in entries: sent and received */
};

enum { ID_BATCH = 1 << 15 };

void id_exchange_init(struct id_exchange *exchange, const struct ranks *ranks);
void id_exchange_clear(struct id_exchange *exchange);
static inline bool id_exchange_is_full(const struct id_exchange *exchange)
{
    return exchange->n == ID_BATCH;
}
void id_exchange_add(struct id_exchange *exchange, const struct id_entry *entry);

/* Deals out the batches of all ranks, and puts what comes to this rank into its table.  Whether any rank has `more`.
 * @collective */
bool id_exchange_deal(struct id_exchange *exchange, bool more, struct id_table *table);

#endif
