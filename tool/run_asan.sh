#!/usr/bin/env bash
# The unit tests again under AddressSanitizer and UndefinedBehaviorSanitizer.
set -euo pipefail
cd "$(dirname "$0")/.."
script/build build-asan -Db_sanitize=address,undefined -Db_lundef=false
LONGEST=900 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 ON=${ON:-sqlite} tool/run_unit.sh build-asan
