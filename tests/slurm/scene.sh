# shellcheck shell=bash
# What the tests under a real Slurm have in common: a clean environment, a folder `work`, checks that are counted.
# To be sourced with `source` set to the tree.
# shellcheck source=tests/slurm/cluster.sh
. "${source:?}/tests/slurm/cluster.sh"

# Nothing of a Slurm around this one, and none of the leniency that other tests give mpirun, may reach the script.
while read -r variable; do unset "$variable"; done < <(compgen -v | grep -E '^(SLURM|SBATCH|SRUN)_')
unset OMPI_MCA_rmaps_base_oversubscribe
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_btl_vader_single_copy_mechanism=none # containers often forbid it

work=$(mktemp -d)
trap 'cluster_stop; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
made=0 failed=0

check() # WHAT COMMAND…
{
    made=$((made + 1))
    "${@:2}" && return
    failed=$((failed + 1))
    echo "not true: $1" >&2
}

ends_with() { local code=0; "${@:2}" || code=$?; [ "$code" -eq "$1" ]; }

# The last command of a test.
conclude()
{
    echo "$((made - failed)) passed, $failed failed"
    [ "$made" -gt 0 ] && [ "$failed" -eq 0 ]
}
