#!/usr/bin/env bash
# Writes the site of the results here and looks at it in Chromium: Tests/Browser/site.py. The environment of the test is
# made in .build/browser unless it is there with the pinned versions.
set -euo pipefail
cd "$(dirname "$0")/.."
build=.build/browser
. scripts/packages.sh

missing=()
command -v chromium > /dev/null || missing+=(chromium)
command -v chromedriver > /dev/null || missing+=(chromium-driver)
install_packages test-site ${missing[@]+"${missing[@]}"}
python_environment test-site "$build/venv" Tests/Browser/requirements.txt --no-deps

# A folder of results as it is published, and a history of nights, which shows what a committed one may not have yet.
site=$build/site
.build/release/jml site --output "$site" > /dev/null
rm -rf "$build/results"
mkdir -p "$build/results/regression/history"
cp -r results/mini results/costs results/bench "$build/results/"
cp Tests/Browser/history.jsonl "$build/results/regression/history/2026-01-01.jsonl"
.build/release/jml site --results "$build/results" --output "$build/site-nights" > /dev/null
exec "$build/venv/bin/python" Tests/Browser/site.py "$site" "$build/site-nights" --pictures "$build/pictures"
