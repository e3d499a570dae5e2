/* The grid of ranks: teams share out the blocks, the members of a team share out the checkpoints of a block. */
#ifndef ASSAY_INFLUENCE_TEAM_H
#define ASSAY_INFLUENCE_TEAM_H

#include <mpi.h>
#include <stdbool.h>
#include <stdint.h>

struct team {
    MPI_Comm comm;        /* of the members; owned */
    int index, n_team;    /* index = n_team: a rank left over, which joins rounds with empty work */
    int member, n_member; /* member 0 leads: it has the team's scores, kept entries and group totals */
    int k_first, n_k;     /* this member's used checkpoints */
};

/* How many members a team gets: more than one only where there are more ranks than blocks, never more than checkpoints.
 * @local */
int team_members(int64_t n_rank, int64_t n_block, int n_used);
/* First used checkpoint of a member; that of member n_member is n_used.  @local */
int team_first_checkpoint(int member, int n_member, int n_used);

/* @collective comm */
void team_make(MPI_Comm comm, int64_t n_block, int n_used, struct team *team);
void team_clear(struct team *team); /* @collective comm */

static inline bool team_works(const struct team *team)
{
    return team->index < team->n_team;
}

static inline bool team_leads(const struct team *team)
{
    return team_works(team) && team->member == 0;
}

#endif
