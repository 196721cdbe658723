#!/usr/bin/env bash
# Run the cmocka programs of a build folder and add up their cases: each program prints one TAP line a case.
set -uo pipefail
cd "$(dirname "$0")/.."
build=${1:?build folder}
passed=0
failed=0
while read -r program; do
  out=$(CMOCKA_MESSAGE_OUTPUT=TAP TAMGA_ROOT=$PWD timeout 300 "$program" 2>&1)
  status=$?
  ok=$(printf '%s\n' "$out" | grep -c '^ok ')
  bad=$(printf '%s\n' "$out" | grep -c '^not ok ')
  if [ $status != 0 ] && [ "$bad" = 0 ]; then bad=1; fi
  [ "$bad" = 0 ] || printf '%s (exit status %s)\n%s\n' "$program" "$status" "$out"
  passed=$((passed + ok))
  failed=$((failed + bad))
done < <(find "$build/test/unit" -type f -executable -name '*_test' | sort)
[ $((passed + failed)) -gt 0 ] || failed=1
echo "$passed passed, $failed failed"
[ $failed = 0 ]
