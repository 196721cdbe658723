#!/usr/bin/env bash
# A private PostgreSQL server for tests, from the Debian package `postgresql`; the cluster of the system is never touched.
#
#   tool/pg.sh start DIR    make a cluster in the new folder DIR and start it; prints its address. It ends when the caller does, or by stop
#   tool/pg.sh again DIR    start that of DIR again after it was killed
#   tool/pg.sh stop DIR     end it and remove the folder
#   tool/pg.sh run COMMAND… start one in a temporary folder, run COMMAND with TAMGA_TEST_DB set to its address, stop it
#
# Tables kept by home are cut into two parts by home there (TAMGA_PG_PARTITIONS), so that a key without home cannot be made. The address is that of
# an ordinary role, whom row-level security holds; TAMGA_TEST_SUPER has the address of one it does not hold.
#
# It listens on a socket inside its folder only, which nobody else may enter. Its locale orders text as Chinese dictionaries do and
# no statement of Tamga may lean on that. fsync is on; TAMGA_PG_FSYNC=off for a quick try. Root cannot run a server: then the user
# `postgres` of the package does.
set -euo pipefail

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$bin" ] && [ -x "$bin/initdb" ] || { echo "pg: install the package postgresql (script/setup does)" >&2; exit 1; }
as() { # as the user that owns the cluster
  if [ "$(id -u)" = 0 ]; then
    (cd / && setpriv --reuid=postgres --regid=postgres --clear-groups env HOME=/ LC_ALL=C "$@")
  else
    (cd / && env LC_ALL=C "$@")
  fi
}
address() { echo "postgresql:///postgres?host=$1&user=${2:-clerk}"; }
start() {
  local dir
  mkdir -m 700 "$1"
  dir=$(cd "$1" && pwd)
  [ ${#dir} -le 80 ] || { echo "pg: the path of the folder is too long for a socket" >&2; exit 1; }
  [ "$(id -u)" != 0 ] || chown postgres:postgres "$dir"
  as "$bin/initdb" -D "$dir/data" -U tamga -A trust -E UTF8 --locale=C.UTF-8 --locale-provider=icu --icu-locale=zh >"$dir.log" 2>&1 \
    || { cat "$dir.log" >&2; exit 1; }
  as tee -a "$dir/data/postgresql.conf" >/dev/null <<CONF
listen_addresses = ''
unix_socket_directories = '$dir'
unix_socket_permissions = 0700
fsync = ${TAMGA_PG_FSYNC:-on}
shared_buffers = 64MB
max_connections = 80
max_locks_per_transaction = 1024
log_min_messages = fatal
log_min_error_statement = panic
CONF
  as "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -t 30 start >>"$dir.log" 2>&1 || { cat "$dir.log" >&2; exit 1; }
  as "$bin/psql" -q "$(address "$dir" tamga)" -c 'create role clerk login nosuperuser nobypassrls' -c 'alter database postgres owner to clerk' >>"$dir.log" 2>&1 \
    || { cat "$dir.log" >&2; exit 1; }
  rm -f "$dir.log"
  address "$dir"
}
stop() {
  local dir
  [ -d "$1/data" ] || return 0
  dir=$(cd "$1" && pwd)
  as "$bin/pg_ctl" -D "$dir/data" -m immediate -w -t 30 stop >/dev/null 2>&1 || true
  rm -rf "$dir"
}
case "${1:-}" in
  start)
    dir=${2:?folder}
    start "$dir"
    ( # ends with the caller
      trap '' INT HUP
      while kill -0 "$PPID" 2>/dev/null && [ -d "$dir/data" ]; do sleep 1; done
      stop "$dir"
    ) >/dev/null 2>&1 </dev/null &
    ;;
  again) # a process of the killed one may hold its memory for a moment yet
    for i in $(seq 60); do
      ! as "$bin/pg_ctl" -D "${2:?folder}/data" -l "$2/log" -w -t 60 start >/dev/null 2>&1 || exit 0
      sleep 0.25
    done
    tail -n 5 "$2/log" >&2
    exit 1
    ;;
  stop) stop "${2:?folder}" ;;
  run)
    shift
    folder=$(mktemp -d "${TMPDIR:-/tmp}/tamga-pg-XXXXXX")
    chmod 711 "$folder"
    trap 'stop "$folder/pg"; rm -rf "$folder"' EXIT
    trap 'exit 130' INT TERM
    TAMGA_TEST_DB=$(start "$folder/pg")
    TAMGA_TEST_SUPER=$(address "$(cd "$folder/pg" && pwd)" tamga)
    export TAMGA_TEST_DB TAMGA_TEST_SUPER TAMGA_PG_PARTITIONS=${TAMGA_PG_PARTITIONS-2}
    "$@"
    ;;
  *) sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
