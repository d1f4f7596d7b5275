#!/usr/bin/env bash
# The experiment of docs/scaling.md: what becomes of the metrics when each rank takes the Jaccard loss of its own images alone.
# With one image a rank that is the per-image form of the loss, a setting, so that one process shows it. Prints the table in
# Markdown: DeepLabV3-R18, hard labels, three seeds, two data sets, profile mini.
# usage: scripts/rank-loss.sh [option of jml run and jml table, such as --results FOLDER ...]
#   JML=path/to/jml   the program, by default the one that make build makes
#   JOBS=2            runs at a time
set -euo pipefail
cd "$(dirname "$0")/.."
jml=${JML:-$PWD/.build/release/jml}
[ -x "$jml" ] || { echo "rank-loss: there is no $jml; make build makes it" >&2; exit 1; }

experiments=$(mktemp -d)
trap 'rm -rf "$experiments"' EXIT
trap 'exit 130' INT TERM
cp -r experiments/. "$experiments"
rm -rf "$experiments/tables" "$experiments/figures"
mkdir "$experiments/tables"
{
  cat << 'YAML'
number: 96
title: The Jaccard loss of a batch and of each image alone, DL3-R18
unit: "%"
row_headers: [Data, Metric]
defaults: {model: deeplabv3_resnet18d, loss: ce_jml, label: hard, seeds: [0, 1, 2]}
columns:
  - {title: sums over the batch, kind: run}
  - {title: each image alone, kind: run, set: {loss.dataset_weight: 0, loss.image_weight: 1}}
rows:
YAML
  for data in "Cityscapes cityscapes sgd_cityscapes" "VOC pascal_voc sgd_voc"; do
    read -r title dataset recipe <<< "$data"
    for metric in "mIoU^D miou" "mIoU^I miou_i"; do
      echo "  - {labels: [$title, ${metric% *}], dataset: $dataset, recipe: $recipe, metric: ${metric#* }, paper: {}}"
    done
  done
  printf '%s: []\n' differences exceptions notes
} > "$experiments/tables/table96.yaml"
"$jml" run --experiments "$experiments" --table 96 --jobs "${JOBS:-2}" "$@"
"$jml" table --experiments "$experiments" --table 96 "$@"
