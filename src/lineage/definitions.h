/* Texts of policies and profiles that admissions name: what was recorded, or else what lineage.policies has. */
#ifndef ASSAY_LINEAGE_DEFINITIONS_H
#define ASSAY_LINEAGE_DEFINITIONS_H

#include "admission/admission.h"
#include "lineage/ledger.h"

/* The one of this name among the policies, or the profiles; -1 if there is none.  @local */
int64_t definitions_find(const struct policies *policies, bool is_profile, const char *name);
const struct definition *definitions_get(const struct policies *policies, bool is_profile, int64_t i);

/* Names without a text get the one that another recorder has, or else that of `policies` (NULL: none).  The same on
 * every rank; comes after the last recorder and before ledger_conclude.  @local */
void definitions_settle(struct ledger *ledger, const struct policies *policies);

#endif
