#!/usr/bin/env bash
# Times training steps as a CPU without AVX-512 would do them, beside this CPU's own: the share of what the machine's multiply-add
# units can do has to be at least 0.9 times as large. One line a network; ends with 1 at the first that fails, with 69 where this
# CPU has no AVX-512 to leave out.
#   ROUNDS=3     measurements of each side, in turn; medians count
#   SHARE=0.9    the least that the share without AVX-512 may be, of the share with it
set -euo pipefail
cd "$(dirname "$0")/.."
fail() { echo "test-avx2: $*" >&2; exit 1; }
. scripts/packages.sh
grep -qw avx512f /proc/cpuinfo || lacking test-avx2 "this CPU has no AVX-512: there is nothing to compare"

swift build -c release --product jml >&2
swift build -c release --product jml --scratch-path .build-avx2 -Xcc -DJML_WITHOUT_AVX512 >&2
with=.build/release/jml
without=.build-avx2/release/jml
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

field() { sed -nE "s/.*\"$1\" ?: ?([0-9.eE+-]+).*/\1/p" "$2" | head -n 1; }
share() {  # file: of the machine's peak
  awk -v rate="$(field gflops "$1")" -v peak="$(field machine_gflops "$1")" 'BEGIN { printf "%.4f\n", rate / peak }'
}
median() { sort -n | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }

while read -r model batch crop recipe; do
  step=(bench step --model "$model" --batch "$batch" --crop "$crop" --recipe "$recipe" --classes 19 --loss jml --json)
  : > "$work/with"
  : > "$work/without"
  for _ in $(seq "${ROUNDS:-3}"); do
    "$with" "${step[@]}" > "$work/json" 2> "$work/err" || { cat "$work/err" >&2; fail "$model"; }
    share "$work/json" >> "$work/with"
    # The libraries pick their code by the same rule.
    DNNL_MAX_CPU_ISA=AVX2 OPENBLAS_CORETYPE=Haswell "$without" "${step[@]}" > "$work/json" 2> "$work/err" ||
      { cat "$work/err" >&2; fail "$model without AVX-512"; }
    share "$work/json" >> "$work/without"
  done
  text=$(awk -v a="$(median < "$work/with")" -v b="$(median < "$work/without")" -v least="${SHARE:-0.9}" \
    'BEGIN { printf "%.2f of the peak with AVX-512, %.2f of its own peak without: %.2f times", a, b, b / a; exit b < least * a }') ||
    fail "$model: $text; at least ${SHARE:-0.9}"
  echo "test-avx2: ok: $model: $text"
done <<'ROWS'
deeplabv3_resnet18d 4 256x512 sgd_cityscapes
deeplabv3_resnet50d 4 256x512 sgd_cityscapes
unet_resnet18d 4 256x256 sgd_cityscapes
segformer_mit_b1 4 256x256 adamw_ade20k
ROWS
