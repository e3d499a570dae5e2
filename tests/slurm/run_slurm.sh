#!/usr/bin/env bash
# What must hold: slurm/run.sbatch, run by a real Slurm, ends well and with the result root that mpirun gives on another
# number of ranks; what the program refuses is the job's exit code; a job that is told to stop leaves no rank behind.
# Usage: run_slurm.sh, with ASSAY_SOURCE (the tree) and ASSAY_PROGRAM (the program) set.
set -uo pipefail
source=${ASSAY_SOURCE:?} ASSAY=${ASSAY_PROGRAM:?}
export ASSAY
# shellcheck source=tests/slurm/scene.sh
. "$source/tests/slurm/scene.sh"

# A tree of its own for each run, because runs write beside their inputs.
tree() # NAME
{
    mkdir -p "$work/$1"
    cp -r "$source/configs" "$source/data" "$work/$1/"
}

# Submits slurm/run.sbatch in a tree and waits for the end; the exit code is the job's.
submit() # TREE CONFIG SBATCH-OPTIONS…
{
    (cd "$work/$1" && timeout 90 sbatch --quiet --wait --output=job.log "${@:3}" "$source/slurm/run.sbatch" "$2")
}

root_of() # TREE
{
    sed -n 3p "$work/$1/runs/digits/seal/checkpoint"
}

same_root() { [ "$(root_of "$1")" = "$(root_of "$2")" ]; }
is_root() { [[ "$(root_of "$1")" =~ ^[A-Za-z0-9+/]{43}=$ ]]; }

cluster_start "$work/cluster" 4 || exit 1

tree slurm && tree mpirun
check "the job ends well" ends_with 0 submit slurm configs/digits.json
check "the job has a root" is_root slurm
cat "$work/slurm/job.log"
(cd "$work/mpirun" && mpirun --oversubscribe -n 3 "$ASSAY" run configs/digits.json) >"$work/mpirun.log" 2>&1
check "mpirun on 3 ranks gives the same root" same_root slurm mpirun
check "the job may be submitted again" ends_with 0 submit slurm configs/digits.json --ntasks=3
check "and the root stays" same_root slurm mpirun

"$ASSAY" run "$work/missing.json" >/dev/null 2>&1
refusal=$?
check "a missing config is refused" test "$refusal" -ne 0
check "with the same code by the job" ends_with "$refusal" submit slurm missing.json

# A job that is cancelled asks its ranks to stop, here two that would sleep for a minute, and is not queued again.
cat >"$work/sleeper" <<'END'
#!/bin/bash
echo $$ >"rank.$OMPI_COMM_WORLD_RANK.pid"
exec sleep 60
END
chmod +x "$work/sleeper"
tree stopped
both_ranks_sleep() { [ -s "$work/stopped/rank.0.pid" ] && [ -s "$work/stopped/rank.1.pid" ]; }
is_gone() { ! grep -q '^State:[[:space:]]*[^Z[:space:]]' "/proc/$(cat "$work/stopped/rank.$1.pid")/status"; }
no_rank_is_left() { is_gone 0 && is_gone 1; }
ASSAY=$work/sleeper submit stopped configs/digits.json &
submitted=$!
check "the ranks start" cluster_wait "sleeping ranks" both_ranks_sleep
check "the job can be signalled" scancel --signal=TERM --batch --user="$(id -un)"
wait "$submitted"
check "a job that was told to stop did not end well" test $? -ne 0
check "and leaves no rank behind" cluster_wait "end of the ranks" no_rank_is_left

conclude
