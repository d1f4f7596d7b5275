#!/usr/bin/env bash
# Kills a smoke run of Table 4 with SIGKILL at random moments, lets it finish, and compares the table with that of an
# undisturbed run, byte for byte.
# usage: scripts/kill-test.sh [KILLS] [SEED]
set -euo pipefail
cd "$(dirname "$0")/.."
kills=${1:-20}
RANDOM=${2:-1}
jml=.build/release/jml
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
grid=(--table 4 --profile smoke)
how=(--jobs 2 --threads 1)

"$jml" run "${grid[@]}" "${how[@]}" --results "$scratch/undisturbed" 2> "$scratch/undisturbed.log"
"$jml" table "${grid[@]}" --results "$scratch/undisturbed" > "$scratch/undisturbed.md"

done_by_kill=0
for ((kill = 1; kill <= kills; kill++)); do
  # A process group of its own, so that the runs die with the runner.
  setsid "$jml" run "${grid[@]}" "${how[@]}" --results "$scratch/killed" 2>> "$scratch/killed.log" &
  group=$!
  sleep "$((RANDOM % 12 + 1)).$((RANDOM % 10))"
  if kill -9 -- "-$group" 2> /dev/null; then done_by_kill=$((done_by_kill + 1)); fi
  wait "$group" 2> /dev/null || true
done
"$jml" run "${grid[@]}" "${how[@]}" --results "$scratch/killed" 2>> "$scratch/killed.log"
"$jml" table "${grid[@]}" --results "$scratch/killed" > "$scratch/killed.md"

cmp "$scratch/undisturbed.md" "$scratch/killed.md"
cmp "$scratch/undisturbed/smoke/table04.json" "$scratch/killed/smoke/table04.json"
echo "killed $done_by_kill times in $kills tries; the tables are identical"
