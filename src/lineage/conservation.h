/* Whether every change of a parameter group is accounted for. */
#ifndef ASSAY_LINEAGE_CONSERVATION_H
#define ASSAY_LINEAGE_CONSERVATION_H

#include "lineage/chunk.h"
#include "lineage/lineage_config.h"

/* Looks at every step of a window that counts: residuals against their rounding, shares against 1, and groups that are
 * covered but not spoken of.  @local   @source METHODS 4 */
void conservation_check(const struct ledger *ledger, const struct lineage_config *config, const struct chunk *chunk,
                        struct finding_list *findings);

#endif
