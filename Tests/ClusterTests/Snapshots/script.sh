#!/bin/bash
# jml-smoke-01234567-1, written by jml submit: each task of the array trains its runs, one after another.
set -u
cd -- '/data/it'\''s $HOME "here" `id`' || exit 1
jml='/opt/my programs/jml'
specs='/data/it'\''s $HOME "here" `id`/results/smoke/specs'
arguments=(--profile smoke --results 're sults' --threads 2)
anew=b-0123456789abcdef
case "${SLURM_ARRAY_TASK_ID:-}" in
1) runs=(a-0123456789abcdef b-0123456789abcdef) ;;
2) runs=(c-0123456789abcdef) ;;
*) echo "no task '${SLURM_ARRAY_TASK_ID:-}' in this script" >&2; exit 64 ;;
esac
task="${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}"
restarts="${SLURM_RESTART_COUNT:-0}"
say() { printf 'task %s: %s\n' "$task" "$*"; }

# Slurm warns this shell alone with USR1 before the time is over. TERM comes to all processes: when the job is
# cancelled or requeued, and when it is preempted, and then it is still running.
stopping=
trap 'stopping=time' USR1
trap 'stopping=end' TERM

# SLURM_JOB_ID of an array's last task is that of the whole array.
again() {
  say "goes back to the queue: $1"
  scontrol requeue "$task" || say 'Slurm did not take it'
  exit 130
}

stopped() {
  case "$stopping" in
  time) again 'its time is over' ;;
  end)
    state=$(squeue --noheader --array --jobs="$task" --format=%T)
    case "$state" in RUNNING | PREEMPTED) again 'it was asked to end' ;; esac ;;
  *) say 'Slurm has let go of it' ;;
  esac
  exit 130
}

# Trains the run $1 and leaves the exit code in code. The program is told to stop by USR1, as often as one likes; TERM,
# which it may get from Slurm as well, would end it at once the second time.
train() {
  local more=() since=$SECONDS parent
  case " $anew " in *" $1 "*) [ "$restarts" -gt 0 ] || more=(--restart) ;; esac
  while :; do
    (trap '' USR1; exec "$jml" train --spec "$specs/$1.json" "${arguments[@]}" ${more[@]+"${more[@]}"}) < /dev/null &
    local child=$!
    while kill -0 "$child" 2> /dev/null; do
      # Another parent: Slurm's own process died, and Slurm starts this task elsewhere.
      read -r _ _ _ parent _ < "/proc/$$/stat" || parent=$PPID
      [ "$parent" = "$PPID" ] || stopping=orphan
      [ -z "$stopping" ] || kill -USR1 "$child" 2> /dev/null
      sleep 1 &
      wait $!
    done
    wait "$child"
    code=$?
    [ "$code" -eq 75 ] && [ -z "$stopping" ] && [ $((SECONDS - since)) -lt 600 ] || return 0
    sleep 20 &
    wait $!
  done
}

left=${#runs[@]} failure=0
for run in "${runs[@]}"; do
  left=$((left - 1))
  say "trains $run, attempt $((restarts + 1))"
  train "$run"
  if [ -n "$stopping" ] && { [ "$code" -ne 0 ] || [ "$left" -gt 0 ]; }; then stopped; fi
  [ "$code" -ne 0 ] || continue
  if [ "$code" -ge 128 ] && [ "$restarts" -lt 3 ]; then again "$run ended with code $code"; fi
  say "failed: $run ended with code $code"
  [ "$failure" -ne 0 ] || failure=$code
done
exit "$failure"
