#!/usr/bin/env bash
# Runs the tests of the whole repository, with the services that they need. Arguments go to vitest:
#
#   npm test -- tests/ledger
#
# Names what failed again at the end, and the slowest files; the last line counts the tests. Exits with 1 if one failed.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH"

# Tests make hundreds of databases, and each commit of theirs waits for the disk; in memory it does not, and a process that
# is killed leaves as much behind there.
if [ -z "${TMPDIR:-}" ] && [ -w /dev/shm ] && [ "$(df -Pk /dev/shm | awk 'NR == 2 { print $4 }')" -gt 4000000 ]; then
  export TMPDIR=/dev/shm
fi

reports="$(mktemp -d "${TMPDIR:-/tmp}/countersign-tests.XXXXXX")"
trap 'rm -rf "$reports"' EXIT

# Hundreds of processes load the same modules, each in half the time when one has compiled them before.
export NODE_COMPILE_CACHE="$reports/compile-cache"

# Programs that tests bundle and start, some as other users.
export TEST_PROGRAMS="$reports/programs"
mkdir -m 755 "$TEST_PROGRAMS"
chmod 711 "$reports"

status=0
scripts/services.sh run \
  vitest run --reporter=default --reporter=json --outputFile.json="$reports/vitest.json" "$@" || status=$?

node tests/support/test-summary.ts "$status" "$reports/vitest.json" || status=1
exit "$status"
