#include "influence/team.h"

#include "base/memory.h"

int team_members(int64_t n_rank, int64_t n_block, int n_used)
{
    if (n_block < 1 || n_rank <= n_block)
        return 1;
    int64_t per_block = n_rank / n_block;
    return per_block < n_used ? to_int(per_block) : n_used;
}

int team_first_checkpoint(int member, int n_member, int n_used)
{
    return to_int((int64_t)n_used * member / n_member);
}

void team_make(MPI_Comm comm, int64_t n_block, int n_used, struct team *team)
{
    int rank, size;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    *team = (struct team){.n_member = team_members(size, n_block, n_used)};
    team->n_team = size / team->n_member;
    team->index = rank / team->n_member;
    team->member = rank % team->n_member;
    if (team_works(team)) {
        team->k_first = team_first_checkpoint(team->member, team->n_member, n_used);
        team->n_k = team_first_checkpoint(team->member + 1, team->n_member, n_used) - team->k_first;
    }
    MPI_Comm_split(comm, team->index, rank, &team->comm);
}

void team_clear(struct team *team)
{
    if (team->n_member > 0)
        MPI_Comm_free(&team->comm);
    *team = (struct team){0};
}
