#!/usr/bin/env bash
# What must hold: slurm/influence.sbatch, run by a real Slurm, stops in good order when its time is nearly up, queues
# itself again by `scontrol requeue`, and ends with the bytes and the result root of a run that nothing disturbed; its
# log says how many blocks came from the earlier start; what the program refuses is the job's exit code.
# Usage: run_requeue.sh, with ASSAY_SOURCE (the tree) and ASSAY_PROGRAM (the program) set.
set -uo pipefail
source=${ASSAY_SOURCE:?} program=${ASSAY_PROGRAM:?}
# shellcheck source=tests/slurm/scene.sh
. "$source/tests/slurm/scene.sh"

# So many small blocks that a journal after every round makes the job last for minutes.
PYTHONPATH=$source/tests/end_to_end /usr/bin/python3 -B - "$work/study" <<'END' || exit 1
import sys
import study as studies
study = studies.make(sys.argv[1], n_train=300000, n_query=20, n_checkpoint=2, shard_rows=75000,
                     layers={"fc1": (16, 8)})
study.config["seal"] = {"key": "audit.key"}
studies.write_config(study, block_rows=16, keep={"top": 9, "scores": False})
END

# The program, but the first start of the job is slow: it has to be stopped.
cat >"$work/assay" <<END
#!/bin/bash
[ "\${SLURM_RESTART_COUNT:-0}" -ge 1 ] || export ASSAY_JOURNAL_SECONDS=0
exec "$program" "\$@"
END
chmod +x "$work/assay"

log=$work/job.log run=$work/study/run

submit() # CONFIG SBATCH-OPTIONS…: prints the job's number
{
    ASSAY=$work/assay sbatch --parsable --output="$log" "${@:2}" "$source/slurm/influence.sbatch" "$1"
}

# Waits until a job has ended well, and tells in `restarts` how often it was started again: once, or more often where
# the machine is busy.  Slurm holds a job back for two minutes after it was put back.
await() # JOB SECONDS
{
    local tries state
    restarts=0
    for ((tries = 0; tries < 10 * $2; tries++)); do
        state=$(scontrol show job "$1" 2>/dev/null)
        [[ $state =~ Restarts=([0-9]+) ]] && restarts=${BASH_REMATCH[1]}
        [[ $state == *"JobState=COMPLETED "* ]] && return
        # Not at once: what is left of the former start must be gone.
        [[ $state == *Reason=BeginTime* ]] && sleep 5 && scontrol update "JobId=$1" StartTime=now 2>/dev/null
        sleep 0.1
    done
    echo "$state" >&2
    return 1
}

n_in_log() { grep -c "$1" "$log"; }
resumed() { sed -n 's/,//g; s/^influence .* blocks \([0-9]*\) of them from an earlier run.*/\1/p' "$log"; }
root_of() { sed -n 3p "$1/seal/checkpoint"; }
same_root() { [[ "$(root_of "$1")" =~ ^[A-Za-z0-9+/]{43}=$ ]] && [ "$(root_of "$1")" = "$(root_of "$2")" ]; }

# What follows `job=` in a script: the same in both, so that what is seen of one holds for the other.
body() { sed '1,/^job=/d' "$source/slurm/$1.sbatch"; }
same_body() { [ -n "$(body run)" ] && [ "$(body run)" = "$(body influence)" ]; }
check "run.sbatch and influence.sbatch differ in their headers alone" same_body

cluster_start "$work/cluster" 4 || exit 1

# A time limit of one minute, and the signal as soon as Slurm looks at the time: at most 30 s after the start.
job=$(submit "$work/study/config.json" --time=1 --signal=B:USR1@30) || exit 1
check "the job stops before its time is up, is started again, and ends well" await "$job" 240
check "it was started again" test "$restarts" -ge 1
check "the program said each time that it stopped" \
    test "$(n_in_log '^assay: stopped: influence: stopped on request')" = "$restarts"
check "and the script that it goes on" test "$(n_in_log 'goes on when job')" = "$restarts"
cat "$log"
check "the log says how many blocks came from the earlier start" test "$(resumed)" -ge 1
check "the journal is gone" test ! -e "$run/journal"

export OMPI_MCA_rmaps_base_oversubscribe=1
mpirun -n 3 "$program" run "$work/study/config.json" --directory "$work/undisturbed" >"$work/mpirun.log" 2>&1
mpirun -n 1 "$program" seal "$work/study/config.json" >>"$work/mpirun.log" 2>&1
unset OMPI_MCA_rmaps_base_oversubscribe
check "the table has the bytes of an undisturbed run" cmp "$run/influence.h5" "$work/undisturbed/influence.h5"
check "and the root" same_root "$run" "$work/undisturbed"

"$program" influence "$work/missing.json" >/dev/null 2>&1
refusal=$?
check "a missing config is refused" test "$refusal" -ne 0
check "with the same code by the job, which is not queued again" \
    ends_with "$refusal" submit "$work/missing.json" --wait >/dev/null

conclude
