#!/usr/bin/env bash
# Makes the throw-away environment of the peers, unless it is there with the pinned versions, and runs compare.py in it.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
venv=${BENCH_VENV:-$here/.venv}
. "$here/../scripts/packages.sh"
python_environment bench "$venv" "$here/requirements.txt"
exec "$venv/bin/python" "$here/compare.py" "$@"
