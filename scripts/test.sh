#!/usr/bin/env bash
# Runs the tests of the whole repository, with the services that they need. Arguments go to vitest:
#
#   npm test -- tests/ledger
#
# The last line counts the tests. Exits with 1 if one failed.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH"

reports="$(mktemp -d "${TMPDIR:-/tmp}/countersign-tests.XXXXXX")"
trap 'rm -rf "$reports"' EXIT

# Hundreds of processes load the same modules, each in half the time when one has compiled them before.
export NODE_COMPILE_CACHE="$reports/compile-cache"

status=0
scripts/services.sh run \
  vitest run --reporter=default --reporter=json --outputFile.json="$reports/vitest.json" "$@" || status=$?

node tests/support/vitest-counts.ts "$status" "$reports/vitest.json" || status=1
exit "$status"
