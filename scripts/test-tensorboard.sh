#!/usr/bin/env bash
# Installs TensorBoard into Tests/TensorBoard/.venv, unless it is there in the pinned version, and passes the tests that read
# event files with it. `make test` passes the same tests, and leaves the reader out where it is not installed.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh
python_environment test-tensorboard Tests/TensorBoard/.venv Tests/TensorBoard/requirements.txt
swift test -c release --no-parallel --disable-testable-imports --filter 'EventFilesTests|EndToEndTests.ExportCommandTests'
