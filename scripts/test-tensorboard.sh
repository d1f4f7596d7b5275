#!/usr/bin/env bash
# Installs TensorBoard into Tests/TensorBoard/.venv, unless it is there in the pinned version, and passes the tests that read
# event files with it. `make test` passes the same tests, and leaves the reader out where it is not installed.
set -euo pipefail
cd "$(dirname "$0")/.."
here=Tests/TensorBoard
python=${PYTHON:-python3}

if ! cmp -s "$here/requirements.txt" "$here/.venv/requirements.txt"; then
  command -v "$python" > /dev/null || { echo "test-tensorboard: there is no $python here; name one with PYTHON=" >&2; exit 1; }
  rm -rf "$here/.venv"
  "$python" -m venv "$here/.venv" || { echo "test-tensorboard: '$python -m venv' failed; on Debian install python3-venv" >&2; exit 1; }
  "$here/.venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt" >&2
  cp "$here/requirements.txt" "$here/.venv/requirements.txt"
fi
swift test -c release --no-parallel --disable-testable-imports --filter 'EventFilesTests|EndToEndTests.ExportCommandTests'
