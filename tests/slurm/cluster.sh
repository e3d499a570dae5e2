# A real Slurm of one node on this machine, private to the caller: own key, own ports, own folder, no systemd.
# Source it, then: cluster_start FOLDER N_CPUS; sbatch …; cluster_stop.
# shellcheck shell=bash
PATH=$PATH:/usr/sbin:/sbin # where Debian keeps the daemons; not on the path of everyone

cluster_folder=
cluster_pids=()

# Two free TCP ports on this machine.
free_ports()
{
    /usr/bin/python3 -c '
import socket
sockets = [socket.socket() for _ in range(2)]
for s in sockets: s.bind(("127.0.0.1", 0))
print(*(s.getsockname()[1] for s in sockets))'
}

cluster_need()
{
    local program missing=
    for program in munged slurmctld slurmd sbatch scontrol sinfo mpirun setpriv; do
        command -v "$program" >/dev/null || missing="$missing $program"
    done
    [ -z "$missing" ] && return
    echo "programs are missing:$missing; ./setup.sh deps test installs them" >&2
    return 1
}

cluster_configure() # N_CPUS
{
    local ports node user
    ports=$(free_ports)
    node=$(hostname -s)
    user=$(id -un)
    # No control groups are used; without this slurmd would look for them, and fail where a container has none.
    echo CgroupPlugin=cgroup/v1 >"$cluster_folder/cgroup.conf"
    cat >"$cluster_folder/slurm.conf" <<CONF
ClusterName=assay
SlurmctldHost=$node(127.0.0.1)
SlurmctldPort=${ports% *}
SlurmdPort=${ports#* }
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$cluster_folder/munge.socket
StateSaveLocation=$cluster_folder/state
SlurmdSpoolDir=$cluster_folder/spool
SlurmctldPidFile=$cluster_folder/slurmctld.pid
SlurmdPidFile=$cluster_folder/slurmd.pid
SlurmctldLogFile=$cluster_folder/slurmctld.log
SlurmdLogFile=$cluster_folder/slurmd.log
MailProg=/bin/true
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
MpiDefault=none
EnforcePartLimits=ANY
ReturnToService=2
NodeName=$node NodeAddr=127.0.0.1 CPUs=$1 RealMemory=4096
PartitionName=all Nodes=$node Default=YES MaxTime=INFINITE State=UP
CONF
}

# Starts a daemon in the foreground mode of its own, as our child: its process id is then ours to stop, and it is told
# to stop should we be killed.
cluster_daemon() # LOG PROGRAM ARGUMENTS…
{
    setpriv --pdeathsig TERM "${@:2}" >>"$cluster_folder/$1" 2>&1 &
    cluster_pids+=($!)
}

# Waits until the command given succeeds, 30 s at most.
cluster_wait() # WHAT COMMAND…
{
    local tries
    for ((tries = 0; tries < 300; tries++)); do
        "${@:2}" >/dev/null 2>&1 && return
        sleep 0.1
    done
    echo "after 30 s: no $1" >&2
    tail -n 20 "$cluster_folder"/*.log >&2
    return 1
}

cluster_is_idle()
{
    [ "$(sinfo --noheader --format=%T)" = idle ]
}

cluster_start() # FOLDER N_CPUS
{
    cluster_folder=$1
    mkdir -p "$cluster_folder/state" "$cluster_folder/spool"
    chmod 700 "$cluster_folder"
    cluster_need || return
    cluster_configure "$2"
    export SLURM_CONF=$cluster_folder/slurm.conf
    (umask 077 && head -c 128 /dev/urandom >"$cluster_folder/munge.key")
    cluster_daemon munged.log munged --foreground --force --num-threads=2 --socket="$cluster_folder/munge.socket" \
        --key-file="$cluster_folder/munge.key" --pid-file="$cluster_folder/munged.pid" \
        --seed-file="$cluster_folder/munged.seed"
    cluster_wait "munged" test -S "$cluster_folder/munge.socket" || return
    cluster_daemon slurmctld.out slurmctld -D -c
    cluster_daemon slurmd.out slurmd -D
    cluster_wait "idle node" cluster_is_idle
}

# Stops exactly what cluster_start started, the last first.
cluster_stop()
{
    local i
    for ((i = ${#cluster_pids[@]} - 1; i >= 0; i--)); do
        kill "${cluster_pids[i]}" 2>/dev/null
        wait "${cluster_pids[i]}" 2>/dev/null
    done
    cluster_pids=()
}
