#!/usr/bin/env bash
# Runs a command with the services that the tests need, and stops them whatever happens:
#
#   scripts/services.sh run CMD [ARG...]
#   scripts/services.sh softhsm      only prints the path of SoftHSM's library, which is installed where it is missing
#
# PostgreSQL: TEST_POSTGRES_URL names a throw-away server on a loopback port, unless the caller set it already, and
# TEST_POSTGRES_PROGRAMS the folder of its programs, for tests that start and stop servers of their own.
# Redis: TEST_REDIS_URL does the same, and TEST_REDIS_SERVER names the program, for tests that start and kill
# servers of their own.
# SoftHSM: TEST_PKCS11_MODULE is the path of its PKCS#11 library, and pkcs11js is built for it. Tests make their own
# tokens.
# Chromium: TEST_CHROMIUM is the path of the program. Tests start browsers of their own.
# anvil: TEST_ANVIL is the path of the program, which npm installs. Tests start nodes of their own.
# libsodium: the system's, which the signer finds by itself.
# Where a service is not installed, and Debian's package may not be installed either, its tests are skipped; with
# CI=true that is an error.
set -euo pipefail

scripts="$(cd "$(dirname "$0")" && pwd)"
work_dir=""
postgres_pid=""
redis_pid=""
package_lists_are_fresh=false

say() { printf '%s\n' "services: $*" >&2; }

# Debian's packages, where this user may install them.
install_packages() {
  local sudo=()
  command -v apt-get >/dev/null || return 1
  if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null || return 1
    sudo=(sudo -n)
  fi
  say "installing $*"
  if [ "$package_lists_are_fresh" = false ]; then
    "${sudo[@]}" apt-get update -qq >&2 || return 1
    package_lists_are_fresh=true
  fi
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
}

# What to do without a service: NAME [VARIABLE].
do_without() {
  if [ "${CI:-}" = true ]; then
    say "no $1, and CI=true: its tests must run"
    return 1
  fi
  say "no $1: its tests are skipped (install it${2:+, or set $2})"
}

random_password() { node -p 'require("node:crypto").randomBytes(16).toString("hex")'; }

# A loopback port that is free now.
free_port() {
  node -e 'const s = require("node:net").createServer().listen(0, "127.0.0.1", () => {
    process.stdout.write(String(s.address().port)); s.close(); });'
}

# The folder of PostgreSQL's programs. What is in PATH may be a link to some of them.
find_postgres() {
  local initdb
  initdb="$(command -v initdb || find /usr/lib/postgresql -path '*/bin/initdb' 2>/dev/null | sort -V | tail -n 1)"
  [ -n "$initdb" ] && dirname "$(readlink -f "$initdb")"
}

start_postgres() {
  local bin port password attempt user
  local data="$work_dir/postgres" log="$work_dir/postgres.log" as_user=(env)
  if ! bin="$(find_postgres)"; then
    if ! install_packages postgresql || ! bin="$(find_postgres)"; then
      do_without PostgreSQL TEST_POSTGRES_URL
      return
    fi
  fi

  password="$(random_password)"
  mkdir "$data"
  (umask 077 && printf '%s' "$password" >"$work_dir/password")
  # PostgreSQL refuses to run as root.
  if [ "$(id -u)" -eq 0 ]; then
    user=nobody
    if id postgres >/dev/null 2>&1; then user=postgres; fi
    as_user=(setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups)
    chown "$user" "$data" "$work_dir/password"
  fi
  (cd "$data" && "${as_user[@]}" "$bin/initdb" --pgdata="$data" --username=test \
    --pwfile="$work_dir/password" --auth=scram-sha-256 --encoding=UTF8 --locale=C --no-sync) >"$log" 2>&1 ||
    { cat "$log" >&2; return 1; }

  # Another process may take the free port first: then another port.
  for attempt in 1 2 3; do
    port="$(free_port)"
    "${as_user[@]}" "$bin/postgres" -D "$data" -c listen_addresses=127.0.0.1 -c port="$port" \
      -c unix_socket_directories= -c max_connections=300 >>"$log" 2>&1 &
    postgres_pid=$!
    if wait_for_postgres; then
      export TEST_POSTGRES_URL="postgres://test:$password@127.0.0.1:$port/postgres"
      return 0
    fi
    stop_postgres
    say "PostgreSQL did not start (attempt $attempt)"
  done
  cat "$log" >&2
  return 1
}

# The server writes its state into the last line of its pid file.
wait_for_postgres() {
  local _
  for _ in $(seq 300); do
    kill -0 "$postgres_pid" 2>/dev/null || return 1
    if [ "$(sed -n '8s/ *$//p' "$work_dir/postgres/postmaster.pid" 2>/dev/null)" = ready ]; then return 0; fi
    sleep 0.1
  done
  return 1
}

stop_postgres() {
  [ -n "$postgres_pid" ] || return 0
  # SIGINT is PostgreSQL's fast shutdown.
  kill -INT "$postgres_pid" 2>/dev/null || true
  wait "$postgres_pid" 2>/dev/null || true
  postgres_pid=""
}

start_redis() {
  local server port password attempt
  local log="$work_dir/redis.log"
  server="${TEST_REDIS_SERVER:-}"
  if [ -z "$server" ] && ! server="$(command -v redis-server)"; then
    if ! install_packages redis-server || ! server="$(command -v redis-server)"; then
      do_without Redis "TEST_REDIS_URL and TEST_REDIS_SERVER"
      return
    fi
  fi
  export TEST_REDIS_SERVER="$server"
  if [ -n "${TEST_REDIS_URL:-}" ]; then return 0; fi

  password="$(random_password)"
  # Another process may take the free port first: then another port.
  for attempt in 1 2 3; do
    port="$(free_port)"
    # The configuration is no argument: everybody may read a command line.
    "$server" - >"$log" 2>&1 <<CONFIG &
bind 127.0.0.1
port $port
requirepass $password
dir "$work_dir"
save ""
appendonly no
daemonize no
CONFIG
    redis_pid=$!
    if wait_for_redis "$log"; then
      export TEST_REDIS_URL="redis://:$password@127.0.0.1:$port"
      return 0
    fi
    stop_redis
    say "Redis did not start (attempt $attempt)"
  done
  cat "$log" >&2
  return 1
}

wait_for_redis() {
  local _
  for _ in $(seq 300); do
    kill -0 "$redis_pid" 2>/dev/null || return 1
    if grep -q "Ready to accept connections" "$1"; then return 0; fi
    sleep 0.1
  done
  return 1
}

stop_redis() {
  [ -n "$redis_pid" ] || return 0
  kill -TERM "$redis_pid" 2>/dev/null || true
  wait "$redis_pid" 2>/dev/null || true
  redis_pid=""
}

# SoftHSM's library. Debian has it below the folder of the machine's kind.
find_softhsm() {
  local module
  for module in /usr/lib/softhsm /usr/lib/*/softhsm /usr/lib64 /usr/local/lib/softhsm /opt/homebrew/lib/softhsm; do
    module="$module/libsofthsm2.so"
    if [ -f "$module" ]; then printf '%s\n' "$module" && return; fi
  done
  return 1
}

# Nothing runs: the library works inside of the process that loads it.
provide_softhsm() {
  local module
  if ! module="$(find_softhsm)" || ! command -v softhsm2-util >/dev/null; then
    if ! install_packages softhsm2 || ! module="$(find_softhsm)"; then
      do_without SoftHSM TEST_PKCS11_MODULE
      return
    fi
  fi
  if ! "$scripts/build-addons.sh"; then
    if ! install_packages g++ make python3 || ! "$scripts/build-addons.sh"; then
      do_without pkcs11js TEST_PKCS11_MODULE
      return
    fi
  fi
  export TEST_PKCS11_MODULE="$module"
}

# Chromium's program: Debian's, or Chrome where somebody installed that.
find_chromium() {
  local name
  for name in chromium chromium-browser google-chrome-stable google-chrome \
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" /Applications/Chromium.app/Contents/MacOS/Chromium; do
    if command -v "$name"; then return; fi
  done
  return 1
}

# Nothing runs: tests start it.
provide_chromium() {
  local program
  if ! program="$(find_chromium)"; then
    if ! install_packages chromium || ! program="$(find_chromium)"; then
      do_without Chromium TEST_CHROMIUM
      return
    fi
  fi
  export TEST_CHROMIUM="$program"
}

# Nothing runs: tests start it. npm installs the package of this platform, where there is one.
provide_anvil() {
  local program
  for program in "$(dirname "$scripts")"/node_modules/@foundry-rs/anvil-*/bin/anvil; do
    if [ -x "$program" ]; then
      export TEST_ANVIL="$program"
      return
    fi
  done
  do_without anvil TEST_ANVIL
}

# libsodium's library, where signer-service/src/lock/libsodium-native.ts finds it.
find_libsodium() {
  local library
  for library in /usr/lib/*/libsodium.so.2[36] /usr/lib/libsodium.so.2[36] /usr/lib64/libsodium.so.2[36] \
    /usr/local/lib/libsodium.so.2[36] /opt/homebrew/lib/libsodium.dylib /usr/local/lib/libsodium.dylib; do
    if [ -f "$library" ]; then return; fi
  done
  return 1
}

# Nothing runs: the library works inside of the process that loads it.
provide_libsodium() {
  find_libsodium || install_packages libsodium23 || do_without libsodium
}

stop_all() {
  stop_redis
  stop_postgres
  if [ -n "$work_dir" ]; then rm -rf "$work_dir"; fi
}

if [ "${1:-}" = softhsm ]; then
  provide_softhsm
  printf '%s\n' "${TEST_PKCS11_MODULE:?}"
  exit 0
fi
if [ "${1:-}" != run ] || [ $# -lt 2 ]; then
  sed -n '2,17s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
shift

trap stop_all EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
work_dir="$(mktemp -d "${TMPDIR:-/tmp}/countersign-services.XXXXXX")"
# The service user must be able to enter it.
chmod 711 "$work_dir"

if [ -z "${TEST_POSTGRES_URL:-}" ]; then start_postgres; fi
if TEST_POSTGRES_PROGRAMS="$(find_postgres)"; then export TEST_POSTGRES_PROGRAMS; fi
if [ -z "${TEST_REDIS_URL:-}" ] || [ -z "${TEST_REDIS_SERVER:-}" ]; then start_redis; fi
if [ -z "${TEST_PKCS11_MODULE:-}" ]; then provide_softhsm; fi
if [ -z "${TEST_CHROMIUM:-}" ]; then provide_chromium; fi
if [ -z "${TEST_ANVIL:-}" ]; then provide_anvil; fi
provide_libsodium

status=0
"$@" || status=$?
exit "$status"
