#!/usr/bin/env bash
# Dapr without Docker and without its CLI:
#   dapr.sh build                           daprd and placement from their Go modules, kept by version; needs Go 1.26
#   dapr.sh up | down | status              placement and the mesh's own sidecar; `up` prints DAPR_HTTP_PORT as its last line
#   dapr.sh sidecar APP_ID APP_PORT PORT    in the foreground, the sidecar of an app; takes PORT, PORT+1 and PORT+2
# With DAPR_API_TOKEN set, the sidecars ask for it.
set -euo pipefail

repository=$(cd "$(dirname "$0")/../.." && pwd)
source=$repository/deploy/local/dapr
resources=$repository/deploy/dapr/local
dir=${MESH_LOCAL_DIR:-$repository/.mesh/local}/dapr
port=${MESH_LOCAL_DAPR_PORT:-53500}
placement_port=$((port + 10))
# Binaries of another version, or of other components, are others. Wherever the sidecars run, they are built once.
bin=$repository/.mesh/local/dapr/bin-$(cat "$source"/go.mod "$source"/*/*.go | cksum | cut -d ' ' -f 1)

built() { [ -x "$bin/daprd" ] && [ -x "$bin/placement" ]; }

build() {
  if ! built; then
    command -v go >/dev/null || { echo 'Go is not installed; daprd is built from its Go module.' >&2; exit 1; }
    mkdir -p "$bin"
    (cd "$source" && GOFLAGS=-mod=readonly CGO_ENABLED=0 nice go build -trimpath -ldflags='-s -w' -o "$bin/" ./daprd ./placement >&2)
  fi
  echo "$bin"
}

alive() { [ -e "$dir/$1.pid" ] && kill -0 "$(cat "$dir/$1.pid")" 2>/dev/null; }
answers() { curl -fsS -m 1 -o /dev/null "http://127.0.0.1:$1" 2>/dev/null; }
healthy() { alive placement && alive mesh && answers "$port/v1.0/healthz/outbound"; }

# daprd replaces this shell, so that its pid is the one that the caller knows. mDNS does not suit a closed machine: sidecars find one
# another by a SQLite file, which is also the state store; both are named relative to this folder.
daprd() {
  local app=$1 http=$2
  shift 2
  cd "$dir"
  exec "$bin/daprd" --app-id "$app" --dapr-http-port "$http" --dapr-grpc-port "$((http + 1))" --dapr-internal-grpc-port "$((http + 2))" \
    --dapr-listen-addresses 127.0.0.1 --dapr-internal-grpc-listen-address 127.0.0.1 --enable-metrics=false --log-level warn \
    --placement-host-address "127.0.0.1:$placement_port" --scheduler-host-address '' --disable-builtin-k8s-secret-store \
    --resources-path "$resources/resources" --config "$resources/config.yaml" --dapr-graceful-shutdown-seconds 2 "$@"
}

placement() {
  exec "$bin/placement" --port "$placement_port" --listen-address 127.0.0.1 --healthz-port "$((placement_port + 1))" \
    --healthz-listen-address 127.0.0.1 --initial-cluster "dapr-placement-0=127.0.0.1:$((placement_port + 2))" \
    --enable-metrics=false --log-level warn
}

# start NAME URL COMMAND…: in the background, until it answers
start() {
  local name=$1 url=$2
  shift 2
  if alive "$name" && answers "$url"; then return; fi
  stop "$name"
  ("$@") >"$dir/$name.log" 2>&1 </dev/null &
  echo $! >"$dir/$name.pid"
  for _ in $(seq 300); do
    alive "$name" || break
    if answers "$url"; then return; fi
    sleep 0.1
  done
  echo "$name does not answer; its log is $dir/$name.log" >&2
  exit 1
}

stop() {
  if alive "$1"; then
    local pid
    pid=$(cat "$dir/$1.pid")
    kill "$pid"
    for _ in $(seq 100); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
    kill -9 "$pid" 2>/dev/null || true
  fi
  rm -f "$dir/$1.pid"
}

up() {
  build >/dev/null
  mkdir -p "$dir"
  start placement "$((placement_port + 1))/healthz" placement
  start mesh "$port/v1.0/healthz/outbound" daprd mesh "$port"
  echo "$port"
}

down() {
  stop mesh
  stop placement
}

status() {
  if healthy; then echo "up: DAPR_HTTP_PORT=$port"; elif built; then echo 'down'; exit 3; else echo 'down, not built'; exit 4; fi
}

sidecar() {
  [ $# = 3 ] || { echo 'usage: dapr.sh sidecar APP_ID APP_PORT PORT' >&2; exit 2; }
  build >/dev/null
  mkdir -p "$dir"
  daprd "$1" "$3" --app-port "$2"
}

case "${1:-}" in
  build | up | down | status) "$1" ;;
  sidecar) "$@" ;;
  *) echo 'usage: dapr.sh build | up | down | status | sidecar APP_ID APP_PORT PORT' >&2; exit 2 ;;
esac
