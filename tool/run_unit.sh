#!/usr/bin/env bash
# Run the cmocka programs of a build folder and add up their cases: each program prints one TAP line a case. Those of db and store run a
# second time on a private PostgreSQL server (tool/pg.sh; without fsync, as no test here cuts the power). With a word after the folder: only programs whose path holds it.
set -uo pipefail
cd "$(dirname "$0")/.."
build=${1:?build folder}
only=${2:-}
passed=0
failed=0
run() { # run PROGRAM [WHERE]
  local out status ok bad
  out=$(CMOCKA_MESSAGE_OUTPUT=TAP TAMGA_ROOT=$PWD timeout 300 "$1" 2>&1)
  status=$?
  ok=$(printf '%s\n' "$out" | grep -c '^ok ')
  bad=$(printf '%s\n' "$out" | grep '^not ok ' | grep -vc '# SKIP')
  if [ $status != 0 ] && [ "$bad" = 0 ]; then bad=1; fi
  [ "$bad" = 0 ] || printf '%s%s (exit status %s)\n%s\n' "$1" "${2:-}" "$status" "$out"
  passed=$((passed + ok))
  failed=$((failed + bad))
}
list() { find "$@" -type f -executable -name '*_test' 2>/dev/null | grep -F -- "$only" | sort; }
sum() {
  echo "$passed passed, $failed failed"
  [ $failed = 0 ]
}
if [ -n "${TAMGA_TEST_DB:-}" ]; then
  while read -r program; do run "$program" " on PostgreSQL"; done < <(list "$build/test/unit/db" "$build/test/unit/store" | grep -v '/db_fault_test$')
  sum
  exit
fi
while read -r program; do run "$program"; done < <(list "$build/test/unit")
if [ -n "$(list "$build/test/unit/db" "$build/test/unit/store")" ]; then
  log=$(mktemp)
  TAMGA_PG_FSYNC=${TAMGA_PG_FSYNC:-off} tool/pg.sh run "$0" "$build" "$only" >"$log" 2>&1
  counts=$(grep -aE '^[0-9]+ passed, [0-9]+ failed$' "$log" | tail -n 1)
  grep -avE '^[0-9]+ passed, [0-9]+ failed$' "$log"
  read -r p _ n _ <<<"${counts:-0 passed, 1 failed}"
  passed=$((passed + p))
  failed=$((failed + n))
  rm -f "$log"
fi
[ $((passed + failed)) -gt 0 ] || failed=1
sum
