#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The batch file of the documentation on a Slurm of one machine, started here: an array does one job, and a task that is told to leave goes on later.

for program in munged slurmctld slurmd sbatch scontrol squeue; do
  if ! PATH=$PATH:/usr/sbin command -v "$program" >/dev/null; then
    echo "1..0 # SKIP $program is missing (Debian: munge slurmctld slurmd slurm-client)"
    exit 0
  fi
done
if [ "$(id -u)" -ne 0 ]; then
  echo "1..0 # SKIP slurmd wants to be started by root"
  exit 0
fi
. "$ASSAY_SRCDIR/tests/tap.sh"
cd "$scratch" || exit 1
PATH=$PATH:/usr/sbin

# --- the machine -----------------------------------------------------------------------------------------------------------
here=$(pwd) host=$(hostname -s) user=$(id -un)
chmod 755 .
mkdir -m 700 munge control node || exit 1
head -c 1024 /dev/urandom >munge/key && chmod 600 munge/key
# Ports of one's own, as far as a number can say. A task that is started again waits for its old credential to expire: two minutes unless told otherwise.
port=$((20000 + $$ % 20000))
cat >slurm.conf <<CONF
ClusterName=one
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
AuthType=auth/munge
AuthInfo=socket=$here/munge/socket,cred_expire=5
CredType=cred/munge
SlurmUser=$user
SlurmdUser=$user
StateSaveLocation=$here/control
SlurmdSpoolDir=$here/node
SlurmctldPidFile=$here/control.pid
SlurmdPidFile=$here/node.pid
SlurmctldLogFile=$here/control.log
SlurmdLogFile=$here/node.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SchedulerType=sched/builtin
SchedulerParameters=sched_interval=1,batch_sched_delay=0
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
SlurmdParameters=config_overrides
NodeName=$host NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
SLURM_CONF=$here/slurm.conf
export SLURM_CONF
leave ()
{
  for pid in node.pid control.pid munge/pid; do
    [ -s "$here/$pid" ] && kill "$(cat "$here/$pid")" 2>/dev/null
  done
  sleep 1
  chmod -R u+w "$here"
  rm -rf "$here"
}
trap leave EXIT
munged --force --key-file="$here/munge/key" --socket="$here/munge/socket" --pid-file="$here/munge/pid" --log-file="$here/munge/log" \
  --seed-file="$here/munge/seed" && slurmctld -c && slurmd -c
tries=0
until sinfo -h -o %t 2>/dev/null | grep -q idle; do
  tries=$((tries + 1))
  if [ $tries -gt 100 ]; then
    echo "1..0 # SKIP Slurm does not start on this machine: $(tail -n 1 control.log node.log 2>/dev/null | tr '\n' ' ')"
    exit 0
  fi
  sleep 0.2
done

# --- the jobs --------------------------------------------------------------------------------------------------------------
unset SLURM_ARRAY_TASK_ID SLURM_ARRAY_TASK_COUNT SLURM_ARRAY_TASK_MIN SLURM_ARRAY_TASK_STEP
"${AWK-awk}" -v rows=61 -f "$ASSAY_SRCDIR/tests/cli/people.awk" >people.csv
{
  "$ASSAY" new p.assay -q && "$ASSAY" import p.assay data people.csv --id id -q &&
    "$ASSAY" train p.assay --name net --target "score in ('Medium', 'High')" --terms age,group,priors --model mlp --steps 1500 -q
} >/dev/null || exit 1
cp -r p.assay whole.assay
case $ASSAY in /*) ;; *) ASSAY=$OLDPWD/$ASSAY ;; esac
export ASSAY

# ended JOB: waits until nothing of it is queued
ended ()
{
  tries=0
  while [ -n "$(squeue -h -j "$1" 2>/dev/null)" ] && [ $tries -lt 600 ]; do
    tries=$((tries + 1))
    sleep 0.2
  done
  [ $tries -lt 600 ]
}

# values FILE: the numbers of an answer
values ()
{
  grep -E '"(score|change|loss|mean_change)":|^ *-?[0-9.e+-]+,?$' "$1" | sed 's/,$//'
}

same ()
{
  values "$1" >one.values
  values "$2" >two.values
  [ "$(wc -l <one.values)" -gt 10 ] && cmp one.values two.values
}

batch=$ASSAY_SRCDIR/doc/assay.sbatch
question="--model-name net --query train:0-2 --method dot --top 0 --json"
"$ASSAY" influence whole.assay $question -q >whole.json
job=$(sbatch --parsable --array=1-3 --output="$here/task-%a.out" "$batch" influence "$here/p.assay" $question)
check "an array of three tasks ends" ended "$job"
check "and one of them completes the job with the numbers of one process" grep -lq '"scores_object"' task-1.out task-2.out task-3.out
"$ASSAY" influence p.assay $question -q >array.json
check "which the case has from then on" grep -q '"from_store": true' array.json
check "to the bit" same whole.json array.json

# Ranks that srun starts talk where it has PMIx and the program its module.
ranks="--model-name net --query train:3-5 --method diagonal --top 0 --json -q --threads 1"
if srun --mpi=list 2>&1 | grep -qw pmix && [ -e "$(dirname "$ASSAY")/mpi/assay-mpi.so" ]; then
  "$ASSAY" influence whole.assay $ranks >whole.json
  OMPI_MCA_btl_vader_single_copy_mechanism=none srun -n 3 --mpi=pmix "$ASSAY" influence p.assay $ranks >ranks.json 2>ranks.said
  check "three ranks of srun have one answer" test "$(grep -c '"scores_object"' ranks.json)" = 1
  check "to the bit, too" same whole.json ranks.json
else
  skip "three ranks of srun have one answer" "srun without PMIx, or built without MPI"
fi

retrain="--model-name net --without train:0-59 --each --controls 300 --query train:0-4 --method none --json"
"$ASSAY" retrain whole.assay $retrain -q >whole.json
job=$(sbatch --parsable --array=1-2 --output="$here/retrain-%a.out" "$batch" retrain "$here/p.assay" $retrain)
tries=0
until "$ASSAY" info p.assay 2>/dev/null | grep -q '^retraining' || [ $tries -gt 300 ]; do
  tries=$((tries + 1))
  sleep 0.1
done
scancel --signal=USR1 --batch "$job" 2>/dev/null
check "tasks that are told to leave go on and end" ended "$job"
check "some of them were started again" prints "Restarts=[1-9]" scontrol show job "$job"
check "all ended well" refuses prints "JobState=(FAILED|CANCELLED)" scontrol show job "$job"
"$ASSAY" retrain p.assay $retrain -q >array.json
check "the job is complete" grep -q '"from_store": true' array.json
check "with the numbers of a process that nobody disturbed" same whole.json array.json
finish
