/* The steps from a config to scenarios. */
#ifndef ASSAY_COUNTERFACTUAL_SCENARIO_PARTS_H
#define ASSAY_COUNTERFACTUAL_SCENARIO_PARTS_H

#include "counterfactual/scenario.h"

/* An empty scenario of this name; refuses a name that is there already.  The caller fills it in.
 * @local   @fails BAD_CONFIG */
enum status scenario_add(struct scenarios *scenarios, const char *name, enum scenario_kind kind,
                         struct scenario **scenario);
bool scenario_is_named(const struct scenarios *scenarios, const char *name);
/* Adds all examples with a value; `where` begins the sentence.  @local   @fails BAD_CONFIG */
enum status scenario_add_condition(struct scenario *scenario, const struct inquiry *inquiry, const char *where,
                                   const char *column, const char *value);
void scenario_add_id(struct scenario *scenario, const char *id);
void scenario_add_member(struct scenario *scenario, int64_t row);

/* counterfactual.without and counterfactual.scenarios.  @local   @fails BAD_CONFIG, BAD_INPUT */
enum status scenarios_parse(const struct inquiry *inquiry, struct scenarios *scenarios);
/* Finds the rows of ids and counts; comm may be MPI_COMM_NULL: this process alone.  @collective comm   @fails BAD_INPUT
 */
enum status scenarios_resolve(MPI_Comm comm, struct inquiry *inquiry, struct scenarios *scenarios);

#endif
