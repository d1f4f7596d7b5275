#!/usr/bin/env bash
# Runs what works on several threads under the thread sanitizer. Fails on a data race.
#
# A debug build of its own, in .build-tsan. Libraries of the system are not instrumented: what they do to memory is not
# looked at (ignore_noninstrumented_modules), and where they make threads wait for one another the edges are told to the
# sanitizer, for libgomp in CKernels/include/Parallel.h and for Swift's Mutex in Tests/ThreadSanitizer/Mutex.c.
set -euo pipefail
cd "$(dirname "$0")/.."
build=.build-tsan
filter=${1:-'KernelsTests.ThreadTests|LossesTests.RegionTermTests|DatasetsTests.(BatchTests|DataCheckTests)|ResultsTests.(StoreTests|StoredTeacherOutputsTests)|RunnerTests.(SchedulerTests|SharedTeacherTests|BackboneTests)'}

swift build --build-tests --sanitize=thread --scratch-path "$build"
clang=$(dirname "$(readlink -f "$(command -v swift)")")/clang
"$clang" -Wall -Wextra -O1 -shared -fPIC -o "$build/mutex.so" Tests/ThreadSanitizer/Mutex.c -ldl
program=$(swift build --build-tests --sanitize=thread --scratch-path "$build" --show-bin-path)/jmlPackageTests.xctest
LD_PRELOAD=$PWD/$build/mutex.so TSAN_OPTIONS=ignore_noninstrumented_modules=1:exitcode=66 \
  "$program" --testing-library swift-testing --no-parallel --filter "$filter"
