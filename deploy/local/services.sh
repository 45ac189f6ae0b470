#!/usr/bin/env bash
# Private PostgreSQL, Redis and Kafka for tests, without Docker.
#   services.sh up|down|status          all three
#   services.sh start|stop|kill NAME    one: postgres, redis or kafka
# `up` installs what is missing (Debian packages as root; Kafka's jars through Maven), waits until each answers, and prints `export`
# lines as its only output: eval "$(deploy/local/services.sh up)". Data, logs and jars are in .mesh/local; delete it to begin anew.
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
dir=${MESH_LOCAL_DIR:-$(dirname "$here")/.mesh/local}
# Below the range that outgoing connections take their ports from: while a server is down, one of them could take its port.
postgres_port=${MESH_LOCAL_POSTGRES_PORT:-15432}
redis_port=${MESH_LOCAL_REDIS_PORT:-16379}
kafka_port=${MESH_LOCAL_KAFKA_PORT:-19092}
controller_port=${MESH_LOCAL_KAFKA_CONTROLLER_PORT:-19093}
jars=${MESH_LOCAL_KAFKA_JARS:-$dir/kafka-jars}

fail() {
  echo "services.sh: $*" >&2
  exit 1
}

# need COMMAND PACKAGE: installs the package when the command is not there.
need() {
  if command -v "$1" >/dev/null; then return; fi
  [ "$(id -u)" = 0 ] || fail "$1 is not installed, and only root can install it: apt-get install $2"
  echo "installing $2" >&2
  apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2" >/dev/null
}

# wait_for SECONDS COMMAND…: until the command succeeds.
wait_for() {
  local until=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $until ] || return 1
    sleep 0.1
  done
}

# The process of a pid file, if it still is the one that wrote it: ids are used again.
process_of() {
  local pid
  pid=$(head -n 1 "$1" 2>/dev/null || true)
  if [ -n "$pid" ] && grep -qs "$2" "/proc/$pid/cmdline"; then echo "$pid"; fi
}

is_gone() { [ ! -e "/proc/$1" ] || grep -qs '^State:.Z' "/proc/$1/status"; }

# end PIDFILE WHAT SIGNAL: signals the process and waits until it is gone.
end() {
  local pid
  pid=$(process_of "$1" "$2")
  if [ -z "$pid" ]; then return; fi
  kill "-$3" "$pid"
  wait_for 60 is_gone "$pid" || fail "process $pid ($1) did not end within 60 s"
}

# --- PostgreSQL

postgres_bin() {
  local initdb
  initdb=$(find /usr/lib/postgresql -name initdb 2>/dev/null | sort -V | tail -n 1 || true)
  if [ -z "$initdb" ]; then initdb=$(command -v initdb || true); fi
  if [ -n "$initdb" ]; then dirname "$initdb"; fi
}

# PostgreSQL refuses to run as root.
as_owner() {
  if [ "$(id -u)" = 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

healthy_postgres() {
  local bin
  bin=$(postgres_bin)
  [ -n "$bin" ] && "$bin/pg_isready" -q -h 127.0.0.1 -p "$postgres_port"
}

start_postgres() {
  if healthy_postgres; then return; fi
  local bin data=$dir/postgres
  [ -n "$(postgres_bin)" ] || need initdb postgresql
  bin=$(postgres_bin)
  mkdir -p "$data"
  if [ "$(id -u)" = 0 ]; then
    chown postgres "$data"
    # The owner must be able to pass through the folders above.
    local above=$data
    while [ "$above" != / ]; do
      above=$(dirname "$above")
      chmod o+x "$above" 2>/dev/null || true
    done
  fi
  if [ ! -e "$data/PG_VERSION" ]; then as_owner "$bin/initdb" -D "$data" -U postgres --auth=trust -E UTF8 >/dev/null; fi
  as_owner "$bin/pg_ctl" -D "$data" -w -t 60 -l "$data/log" \
    -o "-p $postgres_port -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=300" start >/dev/null ||
    fail "PostgreSQL did not start; its log is $data/log"
  healthy_postgres || fail "PostgreSQL on port $postgres_port does not answer; its log is $data/log"
}

stop_postgres() {
  if [ ! -e "$dir/postgres/postmaster.pid" ]; then return; fi
  as_owner "$(postgres_bin)/pg_ctl" -D "$dir/postgres" -w -t 60 -m "${1:-fast}" stop >/dev/null
}

kill_postgres() { stop_postgres immediate; }

# --- Redis

healthy_redis() { [ "$(redis-cli -p "$redis_port" ping 2>/dev/null)" = PONG ]; }

start_redis() {
  if healthy_redis; then return; fi
  need redis-server redis-server
  mkdir -p "$dir/redis"
  redis-server --port "$redis_port" --bind 127.0.0.1 --dir "$dir/redis" --save '' --appendonly no \
    --daemonize yes --pidfile "$dir/redis/pid" --logfile "$dir/redis/log" >/dev/null
  wait_for 20 healthy_redis || fail "Redis on port $redis_port does not answer; its log is $dir/redis/log"
}

stop_redis() { end "$dir/redis/pid" redis-server "${1:-TERM}"; }

kill_redis() { stop_redis KILL; }

# --- Kafka, broker and controller in one process (KRaft)

# The port opens before the broker can answer, so its log is asked, too.
healthy_kafka() {
  [ -n "$(process_of "$dir/kafka/pid" kafka.Kafka)" ] && grep -qs 'Kafka Server started' "$dir/kafka/log" &&
    (exec 3<>"/dev/tcp/127.0.0.1/$kafka_port") 2>/dev/null
}

get_kafka_jars() {
  local wanted
  wanted=$(cksum <"$here/kafka/pom.xml")
  if [ "$(cat "$jars/.pom" 2>/dev/null || true)" = "$wanted" ]; then return; fi
  need mvn maven
  rm -rf "$jars"
  mvn -q -B -f "$here/kafka/pom.xml" dependency:copy-dependencies -DoutputDirectory="$jars" >&2 ||
    fail 'Maven could not get the jars of Kafka'
  echo "$wanted" >"$jars/.pom"
}

start_kafka() {
  if healthy_kafka; then return; fi
  local data=$dir/kafka
  need java default-jdk-headless
  get_kafka_jars
  mkdir -p "$data"
  cat >"$data/server.properties" <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller_port
listeners=PLAINTEXT://127.0.0.1:$kafka_port,CONTROLLER://127.0.0.1:$controller_port
advertised.listeners=PLAINTEXT://127.0.0.1:$kafka_port
controller.listener.names=CONTROLLER
log.dirs=$data/logs
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
auto.create.topics.enable=false
PROPERTIES
  if [ ! -e "$data/logs/meta.properties" ]; then
    # Written with an equals sign: one id in 64 begins with a dash.
    java -cp "$jars/*" kafka.tools.StorageTool format \
      "--cluster-id=$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | tr -d =)" \
      -c "$data/server.properties" >"$data/format.log" 2>&1 || fail "Kafka's storage could not be made; see $data/format.log"
  fi
  rm -f "$data/log"
  # In a session of its own, so that an interrupted shell does not take it along.
  setsid java -Xms256m -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$jars/*" \
    -Dorg.slf4j.simpleLogger.logFile="$data/log" -Dorg.slf4j.simpleLogger.showDateTime=true \
    kafka.Kafka "$data/server.properties" >"$data/out" 2>&1 </dev/null &
  echo $! >"$data/pid"
  wait_for 60 healthy_kafka || fail "Kafka on port $kafka_port does not answer; its log is $data/log"
}

stop_kafka() { end "$dir/kafka/pid" kafka.Kafka "${1:-TERM}"; }

kill_kafka() { stop_kafka KILL; }

# --- Commands

SERVICES='postgres redis kafka'

up() {
  for service in $SERVICES; do "start_$service"; done
  echo "export TEST_DATABASE_URL=postgres://postgres@127.0.0.1:$postgres_port/postgres"
  echo "export TEST_REDIS_URL=redis://127.0.0.1:$redis_port"
  echo "export TEST_KAFKA_BROKERS=127.0.0.1:$kafka_port"
}

down() {
  for service in $SERVICES; do "stop_$service"; done
}

status() {
  local all=0
  for service in $SERVICES; do
    if "healthy_$service"; then echo "$service is up"; else
      echo "$service is down"
      all=3
    fi
  done
  return $all
}

is_service() { case " $SERVICES " in *" $1 "*) true ;; *) false ;; esac }

case "${1:-}" in
  up | down | status) "$1" ;;
  start | stop | kill)
    is_service "${2:-}" || fail "which one? $SERVICES"
    "$1_$2"
    ;;
  *) fail "usage: services.sh up|down|status, or start|stop|kill NAME (one of $SERVICES)" ;;
esac
