#!/usr/bin/env bash
# Feeds hostile input to everything that reads files, under the address and undefined-behaviour sanitizers, and prints what
# came of it. Exits with 1 on a finding, which is kept and named, and where the fuzzer cannot be had.
# usage: scripts/fuzz.sh [--seconds N] [--runs N] [--jobs N] [--instrument] [TARGET ...]
#   --seconds     for each target, at most (60; with --runs: as long as they take)
#   --runs        executions of each target, at most
#   --jobs        targets at a time (2)
#   --instrument  libpng and libjpeg-turbo from Debian's source packages, so that mutation is not blind in them
# What a run has learned stays in .build-fuzz/corpus, and the next one begins with it; executions add up beside it, those of
# runs that were interrupted left out.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$PWD/.build-fuzz
seconds='' runs='' jobs=2 instrument=
targets=()
fail() { echo "fuzz: $*" >&2; exit 1; }
while [ $# -gt 0 ]; do
  case $1 in
    --seconds) seconds=$2; shift ;;
    --runs) runs=$2; shift ;;
    --jobs) jobs=$2; shift ;;
    --instrument) instrument=1 ;;
    -*) fail "no option $1" ;;
    *) targets+=("$1") ;;
  esac
  shift
done
[[ -z $runs || ( $runs =~ ^[0-9]+$ && $runs -gt 0 ) ]] || fail "--runs '$runs' is no number of executions"
[ -n "$seconds$runs" ] || seconds=60
[[ -z $seconds || ( $seconds =~ ^[0-9]+$ && $seconds -gt 0 ) ]] || fail "--seconds '$seconds' is no number of seconds"
[[ $jobs =~ ^[0-9]+$ && $jobs -gt 0 ]] || fail "--jobs '$jobs' is no number of targets"

tools=$(dirname "$(readlink -f "$(command -v swift)")")
runtime=$(find "$tools/.." -path "*/linux/libclang_rt.fuzzer_no_main-$(uname -m).a" -print -quit)
[ -n "$runtime" ] || fail "the toolchain in $tools has no libFuzzer (libclang_rt.fuzzer_no_main); another Swift toolchain is needed"

libraries=()
if [ -n "$instrument" ]; then
  scripts/fuzz-libraries.sh "$build/libraries"
  libraries=(-Xlinker "-L$build/libraries" -Xlinker -lz)
fi
mkdir -p "$build"
if ! swift build --package-path Tests/Fuzz --scratch-path "$build/build" -c release --product Fuzz --sanitize address \
  -Xswiftc -Xfrontend -Xswiftc -sanitize=fuzzer -Xswiftc -use-ld=lld \
  -Xswiftc -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION \
  -Xcc -fsanitize=fuzzer-no-link,undefined -Xcc -fno-sanitize-recover=all \
  "${libraries[@]}" -Xlinker "$runtime" -Xlinker -lstdc++ > "$build/build.log" 2>&1; then
  tail -n 40 "$build/build.log" >&2
  fail "the build has failed: $build/build.log"
fi
program=$build/build/release/Fuzz

# Leaks of the process' end are no finding, and Swift's own report of a trap takes seconds. Freed memory is held back until
# 32 MB more have been freed, which is more than most inputs take: by default it is 256 MB, and most memory is then new, page
# by page. Where memory was allocated is told by one call, and by thirty when a finding is tried again.
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1:handle_abort=1:symbolize=1:quarantine_size_mb=32
ASAN_OPTIONS+=:malloc_context_size=1
export UBSAN_OPTIONS=print_stacktrace=1
export ASAN_SYMBOLIZER_PATH=$tools/llvm-symbolizer SWIFT_BACKTRACE=enable=no
memory=/dev/shm
[ -w "$memory" ] || memory=${TMPDIR:-/tmp}
TMPDIR=$(mktemp -d "$memory/jml-fuzz.XXXXXX")
export TMPDIR
stop() {
  local left
  left=$(jobs -rp)
  # shellcheck disable=SC2086
  [ -z "$left" ] || kill $left 2> /dev/null || true
  rm -rf "$TMPDIR"
}
trap stop EXIT
trap 'exit 130' INT TERM

declare -A longest
while read -r name bytes; do longest[$name]=$bytes; known+=("$name"); done < <("$program" --list)
[ ${#targets[@]} -gt 0 ] || targets=("${known[@]}")
for target in "${targets[@]}"; do
  [ -n "${longest[$target]:-}" ] || fail "no target '$target'; there are ${known[*]}"
done

findings=$build/findings
mkdir -p "$build/logs" "$build/executions" "$findings"
# Executes a target until it has done its part.
run() {
  local log=$build/logs/$1.log
  execute "$1" > "$log" 2>&1 || true
  number "$log" 'stat::number_of_executed_units:' > "$build/logs/$1.done"
}
execute() {
  local target=$1 dictionary=() folder
  # Of another version there may be others.
  rm -rf "$build/seeds/$target"
  for folder in corpus seeds; do mkdir -p "$build/$folder/$target"; done
  "$program" --seeds "$target" "$PWD" "$build/seeds/$target"
  [ -f "Tests/Fuzz/Dictionaries/$target.dict" ] && dictionary=("-dict=Tests/Fuzz/Dictionaries/$target.dict")
  local inputs=("$build/corpus/$target" "$build/seeds/$target")
  for folder in "Tests/Fuzz/Seeds/$target" "Tests/Fuzz/Regressions/$target"; do
    [ -d "$folder" ] && inputs+=("$folder")
  done
  # -detect_leaks=0: where an input leaves memory behind, such as a cache, it would be executed once more.
  "$program" "$target" "-max_total_time=${seconds:-0}" "-runs=${runs:--1}" "-max_len=${longest[$target]}" \
    -timeout=60 -report_slow_units=60 -detect_leaks=0 \
    -rss_limit_mb=2048 -malloc_limit_mb=1024 -print_final_stats=1 "-artifact_prefix=$findings/$target-" \
    "${dictionary[@]}" "${inputs[@]}"
}

# What a run's log says behind a word.
number() { sed -n "s/.*$2 *\([0-9][0-9]*\).*/\1/p" "$1" | tail -n 1; }

limits="${runs:+$runs executions}${runs:+${seconds:+ or }}${seconds:+$seconds s}"
for target in "${targets[@]}"; do
  # The next begins when one has ended, since they take their executions in different times.
  while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n || true; done
  echo "fuzz: $target, $limits" >&2
  # A corpus that somebody has removed begins anew, and so does its count.
  [ -d "$build/corpus/$target" ] || rm -f "$build/executions/$target"
  run "$target" &
done
wait

status=0
echo "| target | executions | in all | a second | edges | inputs kept | findings | peak of an input, MB | slowest input, ms |"
echo "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
for target in "${targets[@]}"; do
  log=$build/logs/$target.log
  found=$(sed -n 's/.*Test unit written to //p' "$log" | while read -r file; do [ ! -e "$file" ] || echo "$file"; done)
  count=$(printf '%s' "$found" | grep -c . || true)
  # A run that says neither has not come to its end.
  if [ "$count" -eq 0 ] && ! grep -q '^stat::number_of_executed_units' "$log"; then
    echo "fuzz: $target ended before its time: $log" >&2
    tail -n 20 "$log" >&2
    status=1
  fi
  executed=$(cat "$build/logs/$target.done")
  before=$(cat "$build/executions/$target" 2> /dev/null || echo 0)
  echo $((before + ${executed:-0})) > "$build/executions/$target"
  memory=$(number "$log" 'COST: .* memory')
  slowest=$(sed -n 's/^COST: .* time \([0-9.]*\) ms.*/\1/p' "$log" | tail -n 1)
  echo "| $target | ${executed:-0} | $(cat "$build/executions/$target") | $(number "$log" 'stat::average_exec_per_sec:') |" \
    "$(number "$log" ' cov:') | $(number "$log" ' corp:') | $count |" \
    "$([ -n "$memory" ] && echo $((memory / 1000000)) || echo -) | ${slowest:--} |"
  if [ "$count" -gt 0 ]; then
    status=1
    grep -m 3 -E 'BROKEN:|ERROR: |runtime error:|Fatal error' "$log" | sed "s/^/fuzz: $target: /" >&2 || true
    while read -r file; do
      echo "fuzz: $target: $file" >&2
      echo "fuzz:   again: $program $target $file" >&2
      [ "$(wc -c < "$file")" -gt 4096 ] || echo "fuzz:   its bytes: $(base64 -w 0 "$file")" >&2
    done <<< "$found"
  fi
done
exit $status
