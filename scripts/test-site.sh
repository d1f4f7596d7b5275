#!/usr/bin/env bash
# Writes the site of the results here and looks at it in Chromium: Tests/Browser/site.py. The environment of the test is
# made in .build/browser unless it is there with the pinned versions.
set -euo pipefail
cd "$(dirname "$0")/.."
build=.build/browser
python=${PYTHON:-python3}
fail() { echo "test-site: $*" >&2; exit 1; }

missing=()
command -v chromium > /dev/null || missing+=(chromium)
command -v chromedriver > /dev/null || missing+=(chromium-driver)
if [ ${#missing[@]} -gt 0 ]; then
  command -v apt-get > /dev/null || fail "missing: ${missing[*]} (Debian's names)"
  [ "$(id -u)" -eq 0 ] || fail "missing: ${missing[*]}; run: sudo apt-get install -y --no-install-recommends ${missing[*]}"
  echo "test-site: installing ${missing[*]}" >&2
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q >&2 || fail "apt-get update failed"
  apt-get install -q -y --no-install-recommends "${missing[@]}" >&2 || fail "apt-get could not install ${missing[*]}"
fi
command -v "$python" > /dev/null || fail "there is no $python here; name one with PYTHON="
if ! cmp -s Tests/Browser/requirements.txt "$build/venv/requirements.txt"; then
  rm -rf "$build/venv"
  "$python" -m venv "$build/venv" || fail "'$python -m venv' failed; on Debian install python3-venv"
  "$build/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps -r Tests/Browser/requirements.txt >&2
  cp Tests/Browser/requirements.txt "$build/venv/requirements.txt"
fi

# A folder of results as it is published, and a history of nights, which shows what a committed one may not have yet.
site=$build/site
.build/release/jml site --output "$site" > /dev/null
rm -rf "$build/results"
mkdir -p "$build/results/regression/history"
cp -r results/mini results/costs results/bench "$build/results/"
cp Tests/Browser/history.jsonl "$build/results/regression/history/2026-01-01.jsonl"
.build/release/jml site --results "$build/results" --output "$build/site-nights" > /dev/null
exec "$build/venv/bin/python" Tests/Browser/site.py "$site" "$build/site-nights" --pictures "$build/pictures"
