#!/usr/bin/env bash
# Hands small grids to a Slurm of its own, two virtual nodes on this machine, disturbs them, and compares their tables with
# those of the same grids trained here: they have to be equal byte for byte. One line a scenario; ends with 1 at the first that
# fails. Everything lies in one temporary folder, and is gone at the end, processes included.
#   JML=path/to/jml   the program, by default the one that make build makes
#   KEEP=1            leaves the folder behind
set -euo pipefail
cd "$(dirname "$0")/.."
package=$PWD
jml=${JML:-$package/.build/release/jml}
fail() { echo "test-cluster: $*" >&2; exit 1; }
. scripts/packages.sh

# --- What is needed ---
[ -x "$jml" ] || fail "there is no $jml; make build makes it"
[ "$(id -u)" -eq 0 ] || lacking test-cluster "root is needed: slurmd starts its jobs as their owner"
missing=()
for need in slurmctld:slurmctld slurmd:slurmd munged:munge sbatch:slurm-client; do
  command -v "${need%%:*}" > /dev/null || [ -x "/usr/sbin/${need%%:*}" ] || missing+=("${need##*:}")
done
install_packages test-cluster ${missing[@]+"${missing[@]}"}
export PATH=$PATH:/usr/sbin:/sbin

# --- A cluster of two nodes ---
work=$(mktemp -d)
chmod 755 "$work"
cluster=$work/slurm
mkdir -p "$cluster/state" "$cluster/spool"
export SLURM_CONF=$cluster/slurm.conf
host=$(hostname -s)
port=$((20000 + RANDOM % 10000))

# A process that has ended may stay a zombie where nobody looks after it.
alive() { [ -d "/proc/$1" ] && ! grep -q '^State:.Z' "/proc/$1/status" 2> /dev/null; }

end_daemon() {  # its file of a pid
  [ -s "$1" ] || return 0
  local pid
  pid=$(cat "$1")
  kill "$pid" 2> /dev/null || return 0
  for _ in $(seq 50); do alive "$pid" || return 0; sleep 0.1; done
  kill -KILL "$pid" 2> /dev/null || true
}

cleanup() {
  code=$?
  trap '' INT TERM
  set +e
  timeout 10 scancel --user=root 2> /dev/null
  for _ in $(seq 30); do [ -n "$(timeout 5 squeue --noheader 2> /dev/null)" ] || break; sleep 0.5; done
  for file in "$cluster"/slurmd.*.pid "$cluster/slurmctld.pid" "$cluster/munged.pid"; do end_daemon "$file"; done
  # Whoever names this run's own folder is this run's.
  for pid in $(pgrep -f -- "$work"); do [ "$pid" = $$ ] || kill -KILL "$pid" 2> /dev/null; done
  if [ -n "${KEEP:-}" ]; then echo "test-cluster: kept $work" >&2; else rm -rf "$work"; fi
  exit "$code"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

cat > "$SLURM_CONF" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$cluster/munge.socket,cred_expire=5
CredType=cred/munge
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
StateSaveLocation=$cluster/state
SlurmdSpoolDir=$cluster/spool/%n
SlurmctldPidFile=$cluster/slurmctld.pid
SlurmdPidFile=$cluster/slurmd.%n.pid
SlurmctldLogFile=$cluster/slurmctld.log
SlurmdLogFile=$cluster/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MailProg=/bin/true
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=2,bf_interval=2,requeue_setup_env_fail
MaxArraySize=1001
MinJobAge=600
KillWait=15
SlurmctldTimeout=10
SlurmdTimeout=5
ReturnToService=2
JobRequeue=1
SlurmdParameters=config_overrides
NodeName=n[1-2] NodeHostname=$host NodeAddr=127.0.0.1 Port=[$((port + 1))-$((port + 2))] CPUs=2 RealMemory=8192 State=UNKNOWN
PartitionName=main Nodes=n[1-2] Default=YES MaxTime=2-0 DefaultTime=5 State=UP
PartitionName=short Nodes=n[1-2] MaxTime=10 DefaultTime=5 State=UP
CONF
head -c 128 /dev/urandom > "$cluster/munge.key"
chmod 600 "$cluster/munge.key"
munged --force --socket="$cluster/munge.socket" --key-file="$cluster/munge.key" --pid-file="$cluster/munged.pid" \
  --seed-file="$cluster/munge.seed" --log-file="$cluster/munged.log" > "$cluster/munged.out" 2>&1 ||
  fail "munged did not start: $(tail -n 1 "$cluster/munged.out")"
slurmctld -c -f "$SLURM_CONF" || fail "slurmctld did not start"
for node in n1 n2; do
  mkdir -p "$cluster/spool/$node"
  slurmd -N "$node" -f "$SLURM_CONF" || fail "slurmd did not start"
done

wait_for() {  # what, seconds, command
  local what=$1 end=$((SECONDS + $2))
  shift 2
  until "$@" > /dev/null 2>&1; do
    [ $SECONDS -lt $end ] || { explain; fail "$what: not within the time"; }
    sleep 0.3
  done
}
explain() {
  squeue --array --states=all --format='%i %j %T %r %N' >&2 || true
  sinfo --Node --format='%N %P %T %E' >&2 || true
  tail -n 15 "$cluster"/{slurmctld,slurmd.n1,slurmd.n2}.log "$work"/*/*/*/cluster/logs/*.log >&2 2> /dev/null || true
}
# A node has a line for each of its partitions.
idle() { [ "$(timeout 5 sinfo --noheader --Node --states=idle --partition=main --format=%N | sort -u | wc -l)" -eq 2 ]; }
wait_for "nodes" 30 idle
passed() { echo "test-cluster: ok: $*, ${SECONDS} s"; }
passed "slurmctld $(slurmctld -V | sed 's/.* //') with two nodes"

# --- A table: a teacher, two networks without one, a student ---
place="$work/it's \$HOME, 100% \"here\""
mkdir -p "$place"
cp -r experiments "$place/experiments"
rm -rf "$place/experiments/tables" "$place/experiments/figures"
mkdir "$place/experiments/tables"
cat > "$place/experiments/tables/table99.yaml" <<'YAML'
number: 99
title: Four runs
unit: mIoU %
row_headers: [Model]
defaults:
  metric: miou
  label: hard
  seeds: [0]
  inputs:
    teacher: {model: deeplabv3_mobilenetv2_100, loss: ce_jml, label: boundary_smoothing, seed: 0}
columns:
  - {title: CE, kind: run, loss: ce}
  - {title: JML, kind: run, loss: ce_jml}
  - {title: JML-KD, kind: run, loss: ce_jml, distillation: jml_kd}
rows:
  - labels: [DL3-MB2]
    dataset: cityscapes
    recipe: sgd_cityscapes
    model: deeplabv3_mobilenetv2_100
    paper: {CE: {mean: 1.0}, JML: {mean: 1.5}, JML-KD: {mean: 2.0}}
differences: []
exceptions: []
notes: []
YAML
cat > "$place/experiments/profiles/tiny.yaml" <<'YAML'
comparable_with_paper: false
maximum_seeds: 1
execution: {checkpoint_every: 1000, threads: 1}
datasets:
  cityscapes:
    crop_height: 32
    crop_width: 32
    batch: 2
    iterations: 12
    working_short_side: 32
    maximum_validation_images: 2
    evaluate_every: null
    embedded: {train_images: 4, validation_images: 2, height: 32, width: 64, seed: 1}
YAML
cd "$place"

call() {  # verb, results, further words; what it said is in $work/err
  local code=0
  "$jml" "$1" --profile tiny --results "$2" "${@:3}" > "$work/out" 2> "$work/err" || code=$?
  [ "$code" -eq 0 ] || { cat "$work/err" >&2; explain; fail "jml $1 ended with code $code"; }
}
here() { call run "$1" --jobs 2 --threads 1 "${@:2}"; }  # without Slurm
submit() { call submit "$1" --cpus 1 --memory 1G --pack 0 "${@:2}"; }
said() { grep -qE -- "$1" "$work/err" || { cat "$work/err" >&2; fail "jml did not say: $1"; }; }
status() { "$jml" status --profile tiny --results "$1" "${@:2}" 2>&1; }
count() { status "$1" "${@:3}" | grep -c "^$2 " || true; }  # results, state
all_done() { [ "$(count "$1" done "${@:2}")" -eq 4 ]; }
equal() {  # results here, results of the cluster, further words
  local folder
  for folder in "$1" "$2"; do
    call table "$folder" "${@:3}"
    cp "$work/out" "$folder.md"
  done
  cmp "$1.md" "$2.md" || fail "the tables differ"
  cmp "$1/tiny/table99.json" "$2/tiny/table99.json" || fail "the tables' JSON differs"
}

# --- Arrays, dependencies, the same again ---
here local
submit "on Slurm"
said '4 runs submitted in 4 tasks'
said '0 finished, 0 in the queue'
# Slurm says why a task waits when it has looked at it.
for _ in $(seq 40); do
  waits=$(squeue --noheader --array --states=PENDING --format=%r)
  [[ $waits != *Dependency* ]] || break
  sleep 0.25
done
[[ $waits == *Dependency* ]] || fail "the student waits for nothing: $(squeue --noheader --array --format='%i %T %r' | tr '\n' ';')"
submit "on Slurm"
said '0 runs submitted'
passed "a second submit adds nothing to what is queued"
wait_for "the grid" 120 all_done "on Slurm"
equal local "on Slurm"
passed "an array and its dependent: the table is the local one"
submit "on Slurm"
said '0 runs submitted.*4 finished, 0 in the queue'
passed "a third submit adds nothing to what is finished"

# --- A partition whose longest time is less than a day ---
code=0
"$jml" submit --profile tiny --results short --cpus 1 --memory 1G --partition short --time 1:00:00 2> "$work/err" || code=$?
[ "$code" -eq 64 ] || fail "a time that the partition does not allow gave code $code"
said '--time 01:00:00: partition short lets no job have more than 00:10:00'
submit short --partition short
wait_for "the grid in the short partition" 120 all_done short
equal local short
passed "a partition of ten minutes: refused by its limit, and taken with it"

# --- Cancelled, and submitted again ---
submit cancelled --sbatch=--begin=now+600
[ "$(count cancelled queued)" -eq 4 ] || { status cancelled >&2; fail "four runs are not queued"; }
call cancel cancelled --tables 99
said 'cancelled 4 tasks'
nothing() { [ -z "$(squeue --noheader)" ]; }
wait_for "an empty queue" 30 nothing
[ "$(count cancelled pending)" -eq 4 ] || { status cancelled >&2; fail "four runs are not pending"; }
submit cancelled --sbatch=--begin=now+600
said '4 runs submitted'
call cancel cancelled
said 'cancelled 4 tasks'
passed "cancelled, submitted again, cancelled"

# --- Disturbed: runs of about twenty seconds ---
begin=$(date +%s%N)
here probe --set profile.iterations=100
spent=$((($(date +%s%N) - begin) / 1000000))
# Four runs, two at a time: one takes half of that.
iterations=$((100 * 20000 / (spent / 2 + 1)))
[ "$iterations" -ge 300 ] || iterations=300
[ "$iterations" -le 8000 ] || iterations=8000
long=(--set "profile.iterations=$iterations")
here "long local" "${long[@]}"
passed "the same grid here with $iterations iterations a run"

logs="$place/disturbed/tiny/cluster/logs"
running() { [ "$(squeue --noheader --array --states=RUNNING | wc -l)" -ge "$1" ]; }
training() { grep -q "trains .* attempt $2\$" "$logs/$1.log" && sleep 2 && [ -n "$(trainer "$1")" ]; }
# The process of a task: the one that names the run that the log speaks of last.
trainer() {
  local run
  run=$(grep -o 'trains [^,]*' "$logs/$1.log" | tail -n 1)
  pgrep -f -- "train --spec .*/disturbed/tiny/specs/${run#trains }.json" | head -n 1
}
submit disturbed "${long[@]}"
job=$(sed -n 's/^jml: job \([0-9]*\): level 0.*/\1/p' "$work/err" | head -n 1)
[ -n "$job" ] || fail "no array of level 0"
wait_for "three tasks" 60 running 3

wait_for "task 3" 60 training "${job}_3" 1
scontrol requeue "${job}_3"
wait_for "task 2" 60 training "${job}_2" 1
kill -KILL "$(trainer "${job}_2")"
# The teacher's: its student has to go on waiting.
wait_for "task 1" 60 training "${job}_1" 1
number=$(squeue --noheader --array --format='%i %A' | sed -n "s/^${job}_1 //p")
kill -KILL "$(pgrep -f "slurmstepd: \[$number.batch\]" | head -n 1)"
attempt() { grep -q "attempt [2-9]" "$logs/$1.log"; }
wait_for "the second attempt of what scontrol requeued" 60 attempt "${job}_3"
passed "scontrol requeue of a running task"
wait_for "the second attempt of a run that was killed" 60 attempt "${job}_2"
grep -q 'goes back to the queue: .* ended with code 137' "$logs/${job}_2.log" || fail "the script did not requeue itself"
passed "kill -9 of a run"
wait_for "the second attempt after Slurm's own process was killed" 90 attempt "${job}_1"
passed "kill -9 of slurmstepd, and the student still waits"
submit disturbed "${long[@]}"
said '0 runs submitted'
wait_for "the disturbed grid" 240 all_done disturbed "${long[@]}"
equal "long local" disturbed "${long[@]}"
passed "the disturbed grid: the table is the local one"

# --- Warned five seconds after each start. A grid of its own: a warning must not come before another disturbance ---
submit warned "${long[@]}" --time 1 --warning 55
wait_for "the warned grid" 240 all_done warned "${long[@]}"
warnings=$(cat "$place"/warned/tiny/cluster/logs/*.log | grep -c 'its time is over' || true)
[ "$warnings" -gt 0 ] || fail "no task was warned before the end of its time"
equal "long local" warned "${long[@]}"
passed "the limit of time, $warnings warnings: the table is the local one"
