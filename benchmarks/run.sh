#!/usr/bin/env bash
# Makes the throw-away environment of the peers, unless it is there with the pinned versions, and runs compare.py in it.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
venv=${BENCH_VENV:-$here/.venv}
python=${PYTHON:-python3}

if ! cmp -s "$here/requirements.txt" "$venv/requirements.txt"; then
  command -v "$python" > /dev/null || { echo "bench: there is no $python here; name one with PYTHON=" >&2; exit 1; }
  echo "bench: installing the peers into $venv" >&2
  rm -rf "$venv"
  "$python" -m venv "$venv" || { echo "bench: '$python -m venv' failed; on Debian install python3-venv" >&2; exit 1; }
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt" >&2
  cp "$here/requirements.txt" "$venv/requirements.txt"
fi
exec "$venv/bin/python" "$here/compare.py" "$@"
