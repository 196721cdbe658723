#!/usr/bin/env bash
# Run the cmocka programs of a build folder and add up their cases: each program prints one TAP line a case. Those of db and store run a
# second time on a private PostgreSQL server (tool/pg.sh; without fsync, as no test here cuts the power). With a word after the folder: only programs whose path holds it.
# ON=sqlite or ON=postgresql: that run only.
# As most of their time is spent waiting for disk and deadlines, JOBS programs (twice the cores) run at a time.
set -uo pipefail
cd "$(dirname "$0")/.."
build=${1:?build folder}
only=${2:-}
jobs=${JOBS:-$((2 * $(nproc)))}
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

one() { # one PROGRAM [WHERE]: a line "ok-count bad-count" into a file of its own, and what it printed when something failed
  local out status ok bad sql place=${2:+.elsewhere}
  # what is prepared, for tool/sql_rules.mjs; those of db prepare what they please
  case $1 in */unit/db/*) sql= ;; *) sql=$PWD/$build/sql.log ;; esac
  out=$(TAMGA_SQL_LOG=$sql CMOCKA_MESSAGE_OUTPUT=TAP TAMGA_ROOT=$PWD timeout "${LONGEST:-300}" "$1" 2>&1)
  status=$?
  ok=$(printf '%s\n' "$out" | grep -c '^ok ')
  bad=$(printf '%s\n' "$out" | grep '^not ok ' | grep -vc '# SKIP')
  if [ $status != 0 ] && [ "$bad" = 0 ]; then bad=1; fi
  [ "$bad" = 0 ] || printf '%s%s (exit status %s)\n%s\n' "$1" "${2:-}" "$status" "$out" >"$logs/${1##*/}$place.wrong"
  echo "$ok $bad" >"$logs/${1##*/}$place.count"
}
export -f one
export logs build
list() { find "$@" -type f -executable -name '*_test' 2>/dev/null | grep -F -- "$only" | sort; }
sum() { # what failed, then the counts of all
  local passed failed
  cat "$logs"/*.wrong 2>/dev/null
  read -r passed failed < <(cat "$logs"/*.count 2>/dev/null | awk '{p += $1; f += $2} END {print p + 0, f + 0}')
  [ $((passed + failed)) -gt 0 ] || failed=1
  echo "$passed passed, $failed failed"
  [ "$failed" = 0 ]
}
many() { # many WHERE ALONE: the programs on standard input; those that match ALONE first, one at a time
  local programs
  mapfile -t programs
  printf '%s\n' "${programs[@]}" | grep -E "$2" | xargs -r -I{} bash -c "one {} '$1'"
  printf '%s\n' "${programs[@]}" | grep -vE "$2" | xargs -r -P "$jobs" -I{} bash -c "one {} '$1'"
}
[ -n "$only${TAMGA_TEST_DB:-}" ] || [ "${ON:-sqlite}" != sqlite ] || rm -f "$build/sql.log" # the run begins anew with SQLite; who comes later adds
if [ -n "${TAMGA_TEST_DB:-}" ]; then
  # alone: they change settings of the whole server or end all its connections
  list "$build/test/unit/db" "$build/test/unit/store" | grep -v '/db_fault_test$' | many ' on PostgreSQL' '/(db_pg|db_queue|store_server|store_shared)_test$'
  sum
  exit
fi
if [ "${ON:-sqlite}" = sqlite ]; then
  list "$build/test/unit" | many '' '/job_press_test$' # its workers have seconds for a document
fi
# On Citus too where there is one (never run by this project's own machines, which have none).
if [ -n "${TAMGA_TEST_CITUS_DSN:-}" ]; then
  list "$build/test/unit/db" "$build/test/unit/store" | grep -v '/db_fault_test$' |
    TAMGA_TEST_DB=$TAMGA_TEST_CITUS_DSN TAMGA_PG_CITUS=1 xargs -r -I{} bash -c 'one {} " on Citus"'
fi
if [ "${ON:-postgresql}" = postgresql ] && [ -n "$(list "$build/test/unit/db" "$build/test/unit/store")" ]; then
  # whole tables: making each in parts for every test costs minutes; the flow suite runs on parts, and TAMGA_PG_PARTITIONS=2 makes this one do so
  TAMGA_PG_FSYNC=${TAMGA_PG_FSYNC:-off} TAMGA_PG_PARTITIONS=${TAMGA_PG_PARTITIONS-} tool/pg.sh run "$0" "$build" "$only" >"$logs/pg" 2>&1
  counts=$(grep -aE '^[0-9]+ passed, [0-9]+ failed$' "$logs/pg" | tail -n 1)
  grep -avE '^[0-9]+ passed, [0-9]+ failed$' "$logs/pg" >"$logs/pg.wrong"
  echo "${counts:-0 passed, 1 failed}" | awk '{print $1, $3}' >"$logs/pg.count"
fi
sum
