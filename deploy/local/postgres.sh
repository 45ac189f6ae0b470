#!/usr/bin/env bash
# A private PostgreSQL for tests, without Docker: postgres.sh up | down | status
# `up` prints the DATABASE_URL as its last line. Installs Debian's package when it is missing and this is root.
set -euo pipefail

dir=${MESH_LOCAL_DIR:-$(cd "$(dirname "$0")/../.." && pwd)/.mesh/local}
port=${MESH_LOCAL_POSTGRES_PORT:-54329}
url="postgres://postgres@127.0.0.1:$port/postgres"
data=$dir/postgres

binaries() {
  local initdb
  initdb=$(find /usr/lib/postgresql -name initdb 2>/dev/null | sort -V | tail -n 1 || true)
  if [ -z "$initdb" ]; then initdb=$(command -v initdb || true); fi
  if [ -n "$initdb" ]; then dirname "$initdb"; fi
}

install_package() {
  [ "$(id -u)" = 0 ] || { echo 'PostgreSQL is not installed, and only root can install it.' >&2; exit 1; }
  apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql >/dev/null
}

# PostgreSQL refuses to run as root.
as_owner() {
  if [ "$(id -u)" = 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

healthy() { as_owner "$bin/pg_isready" -q -h 127.0.0.1 -p "$port"; }

up() {
  if [ -z "$(binaries)" ]; then install_package; fi
  bin=$(binaries)
  if ! healthy; then
    mkdir -p "$data"
    if [ "$(id -u)" = 0 ]; then
      chown postgres "$data"
      # The owner must be able to pass through the folders above.
      local above=$data
      while [ "$above" != / ]; do above=$(dirname "$above"); chmod o+x "$above" 2>/dev/null || true; done
    fi
    if [ ! -e "$data/PG_VERSION" ]; then as_owner "$bin/initdb" -D "$data" -U postgres --auth=trust -E UTF8 >/dev/null; fi
    as_owner "$bin/pg_ctl" -D "$data" -w -t 30 -l "$data/log" \
      -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=300" start >/dev/null
  fi
  healthy || { echo "PostgreSQL on port $port does not answer; its log is $data/log" >&2; exit 1; }
  echo "$url"
}

down() {
  bin=$(binaries)
  if [ -n "$bin" ] && [ -e "$data/postmaster.pid" ]; then as_owner "$bin/pg_ctl" -D "$data" -w -m fast stop >/dev/null; fi
}

status() {
  bin=$(binaries)
  if [ -n "$bin" ] && healthy; then echo "up: $url"; else echo down; exit 3; fi
}

case "${1:-}" in
  up | down | status) "$1" ;;
  *) echo 'usage: postgres.sh up | down | status' >&2; exit 2 ;;
esac
