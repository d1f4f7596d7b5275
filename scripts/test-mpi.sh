#!/usr/bin/env bash
# Trains small runs by several processes with MPI, kills and damages them, and compares with what one process makes of the same
# runs. One line a scenario; ends with 1 at the first that fails. Everything lies in one temporary folder and is gone at the
# end, processes included.
#   JML=path/to/jml   a program that was built with --traits MPI; by default it is built into .build-mpi
#   MPI=mpich         or openmpi: what is installed where there is no mpirun
#   KEEP=1            leaves the folder behind
#   LIMIT=1.1         the most that a step of 2 ranks with 1 thread each may cost, of one of 1 process with 2 threads
set -euo pipefail
cd "$(dirname "$0")/.."
package=$PWD
fail() { echo "test-mpi: $*" >&2; exit 1; }
. scripts/packages.sh

# --- What is needed ---
if ! command -v mpirun > /dev/null || ! ls /usr/include/*/mpi/mpi.h /usr/include/mpi.h > /dev/null 2>&1; then
  case ${MPI:-mpich} in
    mpich) install_packages test-mpi libmpich-dev mpich ;;
    openmpi) install_packages test-mpi libopenmpi-dev openmpi-bin ;;
    *) fail "MPI=$MPI: mpich or openmpi" ;;
  esac
fi
if [ -z "${JML:-}" ]; then
  swift build -c release --traits MPI --scratch-path .build-mpi --product jml >&2
  JML=$package/.build-mpi/release/jml
fi
[ -x "$JML" ] || fail "there is no $JML"
launch=(mpirun)
library=MPICH
if mpirun --version 2>&1 | grep -q 'Open MPI'; then
  library="Open MPI"
  launch+=(--oversubscribe --bind-to none --mca mpi_yield_when_idle 1)
  [ "$(id -u)" -ne 0 ] || launch+=(--allow-run-as-root)
fi

work=$(mktemp -d)
cleanup() {
  code=$?
  trap '' INT TERM
  set +e
  # Whoever names this run's own folder is this run's.
  for pid in $(pgrep -f -- "$work"); do [ "$pid" = $$ ] || kill -KILL "$pid" 2> /dev/null; done
  if [ -n "${KEEP:-}" ]; then echo "test-mpi: kept $work" >&2; else rm -rf "$work"; fi
  exit "$code"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
passed() { echo "test-mpi: ok: $*, ${SECONDS} s"; }

# --- Three tables of small runs: labels alone, a student and its teacher, a semi-supervised one ---
cp -r experiments "$work/experiments"
rm -rf "$work/experiments/tables" "$work/experiments/figures"
mkdir "$work/experiments/tables"
cd "$work"
table() {  # number, cells
  cat > "experiments/tables/table$1.yaml" <<YAML
number: $1
title: One run
unit: mIoU %
row_headers: [Model]
defaults:
  metric: miou
  label: boundary_smoothing
  loss: ce_jml
  seeds: [0]
  inputs:
    teacher: {model: deeplabv3_resnet18d, loss: ce_jml, label: hard, seed: 0}
columns:
  - {title: A, kind: run$2}
rows:
  - labels: [DL3-R18]
    dataset: cityscapes
    recipe: sgd_cityscapes
    model: deeplabv3_resnet18d
    paper: {A: {mean: 1.0}}
differences: []
exceptions: []
notes: []
YAML
}
table 97 ", semi_supervised: self_training, labelled: half"
table 98 ", distillation: jml_kd"
table 99 ""
printf 'images: 1\nof: 2\nseed: 3\n' > experiments/labelled/half.yaml
cat > experiments/profiles/tiny.yaml <<'YAML'
comparable_with_paper: false
maximum_seeds: 1
execution: {checkpoint_every: 5, threads: 1}
datasets:
  cityscapes:
    crop_height: 32
    crop_width: 64
    batch: 3
    iterations: 24
    working_short_side: 32
    maximum_validation_images: 5
    evaluate_every: 8
    embedded: {train_images: 32, validation_images: 5, height: 32, width: 64, seed: 1}
YAML
"$JML" data make --profile tiny > "$work/out" 2> "$work/err" || { cat "$work/err" >&2; fail "jml data make"; }
frozen() {  # table, folder, further words: freezes its runs
  "$JML" plan --table "$1" --profile tiny --freeze "$2" "${@:3}" > "$work/out" 2> "$work/err" ||
    { cat "$work/err" >&2; fail "jml plan --freeze"; }
}
frozen 99 labels
frozen 98 student
spec=$(echo labels/*.json)
[ -f "$spec" ] || fail "not one run in $(ls labels)"
run=$(basename "$spec" .json)

train() {  # processes (0: without MPI), results, spec, further words; its code is the function's
  local code=0 words=(train --spec "$3" --profile tiny --results "$2" --threads 1 --json "${@:4}")
  if [ "$1" -eq 0 ]; then
    "$JML" "${words[@]}" > "$work/out" 2> "$work/err" || code=$?
  else
    "${launch[@]}" -n "$1" "$JML" "${words[@]}" --mpi > "$work/out" 2> "$work/err" || code=$?
  fi
  return "$code"
}
trained() { train "$@" || { cat "$work/err" "$work/out" >&2; fail "$1 processes ended with code $?"; }; }
of() { echo "$1/tiny/runs/$2"; }  # results, run
miou() { sed -nE 's/.*"miou" ?: ?([-0-9.eE]+).*/\1/p' "$(of "$1" "$2")/run.json" | head -n 1; }
near() {  # a, b, the most they may differ by
  awk -v a="$1" -v b="$2" -v most="$3" 'BEGIN { d = a - b; if (d < 0) d = -d; exit !(a != "" && b != "" && d <= most) }'
}
same_miou() {  # results, run, tolerance
  near "$(miou one "$2")" "$(miou "$1" "$2")" "$3" ||
    fail "mIoU of $2 in $1 is $(miou "$1" "$2"), of one process $(miou one "$2")"
}

# --- One process, two, two again, three ---
trained 0 one "$spec"
trained 2 two "$spec"
trained 2 "two again" "$spec"
cmp "$(of two "$run")/tensors.h5" "$(of "two again" "$run")/tensors.h5" || fail "two ranks twice: other bytes"
passed "$library, two ranks twice: the same bytes"
trained 3 three "$spec"
for results in two three; do same_miou "$results" "$run" 0.1; done
grep -q '"ranks" : 2' "$(of two "$run")/run.json" || fail "the record names no ranks"
! grep -q '"ranks"' "$(of one "$run")/run.json" || fail "the record of one process names ranks"
passed "labels: mIoU $(miou one "$run") of one process, $(miou two "$run") of two, $(miou three "$run") of three"
for file in student/*.json; do
  ! grep -qE '"distillation" ?: ?null' "$file" || teacher=$file
done
for results in one two; do
  trained $([ "$results" = one ] && echo 0 || echo 2) "$results" "${teacher:?no teacher}"
done
for file in student/*.json; do
  [ "$file" != "$teacher" ] || continue
  student=$(basename "$file" .json)
  # The same teacher for both.
  rm -rf "$(of two "$(basename "$teacher" .json)")"
  cp -r "$(of one "$(basename "$teacher" .json)")" "$(of two "$(basename "$teacher" .json)")"
  trained 0 one "$file"
  trained 2 two "$file"
  same_miou two "$student" 0.1
  passed "student: mIoU $(miou one "$student") of one process, $(miou two "$student") of two"
done

# --- What is refused ---
refused() {  # code, words that it has to say, command
  local code=0 wanted=$1 words=$2
  shift 2
  "$@" > "$work/out" 2> "$work/err" || code=$?
  [ "$code" -eq "$wanted" ] || { cat "$work/err" >&2; fail "code $code in place of $wanted: $words"; }
  [ "$(grep -c '^jml: error: ' "$work/err")" -eq 1 ] || { cat "$work/err" >&2; fail "not one line: $words"; }
  grep -q -- "$words" "$work/err" || { cat "$work/err" >&2; fail "not said: $words"; }
}
semi=$("$JML" plan --table 97 --profile tiny --json 2> /dev/null | sed -nE 's/^ *"id" ?: ?"([^"]*)".*/\1/p' | head -n 1)
refused 64 "'self_training' is not split over ranks" \
  "${launch[@]}" -n 2 "$JML" train "$semi" --table 97 --profile tiny --results refused --threads 1 --mpi
refused 64 "4 ranks cannot share a batch of 3" \
  "${launch[@]}" -n 4 "$JML" train --spec "$spec" --profile tiny --results refused --threads 1 --mpi
[ ! -e "$(of refused "$run")/run.json" ] || fail "what was refused left a record"
passed "a semi-supervised run and too many ranks are refused"

# --- A rank is killed ---
frozen 99 long --set profile.iterations=100 --set profile.evaluate_every=null
long=$(echo long/*.json)
id=$(basename "$long" .json)
trained 0 one "$long"
rank_process() {  # rank
  local pid
  for pid in $(pgrep -f -- "train --spec $long .*--results killed"); do
    if tr '\0' '\n' < "/proc/$pid/environ" 2> /dev/null | grep -qE "^(PMI_RANK|OMPI_COMM_WORLD_RANK)=$1\$"; then
      [ "$(readlink "/proc/$pid/exe")" != "$(readlink -f "$JML")" ] || { echo "$pid"; return; }
    fi
  done
}
for rank in 1 0; do
  rm -rf killed
  "${launch[@]}" -n 2 "$JML" train --spec "$long" --profile tiny --results killed --threads 1 --json --mpi > "$work/out" 2> "$work/err" &
  launcher=$!
  for _ in $(seq 600); do [ -f "$(of killed "$id")/checkpoint.previous.h5" ] && break; sleep 0.05; done
  pid=$(rank_process "$rank")
  [ -n "$pid" ] || { cat "$work/err" >&2; fail "rank $rank is not to be found"; }
  kill -KILL "$pid"
  begin=$SECONDS
  code=0
  wait "$launcher" || code=$?
  [ "$code" -ne 0 ] || fail "rank $rank was killed, and the code is 0"
  [ $((SECONDS - begin)) -le 10 ] || fail "rank $rank was killed, and the others ended after $((SECONDS - begin)) s"
  sleep 0.2
  [ -z "$(rank_process 0)$(rank_process 1)" ] || fail "a rank is left over"
  grep -qiE "killed|signal 9|exit code: 9|rank $rank is lost" "$work/err" "$work/out" || { cat "$work/err" >&2; fail "nobody says why"; }
  passed "kill -9 of rank $rank: code $code"
  for processes in 0 1 3; do
    rm -rf "resumed $processes"
    cp -r killed "resumed $processes"
    trained "$processes" "resumed $processes" "$long"
    begun=$(sed -nE 's/.*"started":\{"iteration":([0-9]+).*/\1/p' "$work/out" | head -n 1)
    [ "${begun:-0}" -gt 0 ] || fail "the run began anew"
    passed "goes on from iteration $begun by $processes processes: mIoU $(miou "resumed $processes" "$id"), of one undisturbed $(miou one "$id")"
  done
done

# --- Asked to stop: one rank is told, all stop after the same step ---
rm -rf killed
"${launch[@]}" -n 2 "$JML" train --spec "$long" --profile tiny --results killed --threads 1 --json --mpi > "$work/out" 2> "$work/err" &
launcher=$!
for _ in $(seq 600); do [ -f "$(of killed "$id")/checkpoint.h5" ] && break; sleep 0.05; done
kill -USR1 "$(rank_process 1)"
code=0
wait "$launcher" || code=$?
[ "$code" -ne 0 ] || fail "stopped, and the code is 0"
grep -q '"interrupted"' "$work/out" || { cat "$work/err" "$work/out" >&2; fail "rank 0 was not stopped"; }
trained 2 killed "$long"
passed "a stop that rank 1 was asked for"

# --- What a step costs ---
field() { sed -nE "s/.*\"$1\" ?: ?([0-9.eE+-]+).*/\1/p" "$2" | head -n 1; }
step=(bench step --model deeplabv3_resnet18d --batch 4 --crop 256x512 --classes 19 --loss jml --json)
"$JML" "${step[@]}" --threads 2 > one.json 2> "$work/err" || { cat "$work/err" >&2; fail "jml bench step"; }
"${launch[@]}" -n 2 "$JML" "${step[@]}" --threads 1 --mpi > two.json 2> "$work/err" ||
  { cat "$work/err" >&2; fail "jml bench step --mpi"; }
alone=$(field seconds_per_step one.json)
shared=$(field seconds_per_step two.json)
text=$(awk -v a="$alone" -v b="$shared" -v m="$(field peak_memory_bytes one.json)" -v n="$(field peak_memory_bytes two.json)" \
  'BEGIN { printf "%.3f s by 1 process with 2 threads, %.3f s by 2 ranks with 1: %.2f times; memory of a rank %.0f of %.0f MiB", a, b, b / a, n / 1048576, m / 1048576 }')
near "$shared" 0 "$(awk -v a="$alone" -v l="${LIMIT:-1.1}" 'BEGIN { print a * l }')" || fail "a step: $text; at most ${LIMIT:-1.1}"
passed "a step: $text"
