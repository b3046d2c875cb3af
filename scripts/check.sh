#!/usr/bin/env bash
# Everything that is static. Runs all checks, then says which ones failed.
set -uo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH"

failed=()
check() {
  local name=$1
  shift
  local started=$SECONDS
  if "$@" >"$log" 2>&1; then
    printf 'ok    %-22s %ss\n' "$name" "$((SECONDS - started))"
  else
    printf 'FAIL  %s\n' "$name"
    cat "$log"
    failed+=("$name")
  fi
}

generated_is_current() {
  local fresh
  fresh=$(mktemp -d)
  buf generate --template buf.gen.yaml --output "$fresh" && diff -r gen/es "$fresh/gen/es"
  local status=$?
  rm -rf "$fresh"
  return "$status"
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
check "format and lint" biome ci --colors=off .
check "types" tsc -p .
check "types: web client" tsc -p clients/web
check "types: test page" tsc -p tests/browser/page
check "types: examples' checks" tsc -p tests/examples/page
check "types: example wallet" tsc -p examples/wallet
check "types: example app" tsc -p examples/app
check "types: bench page" tsc -p bench/src/ecdsa/page
check "dead code" knip
check "import rules" node scripts/import-rules.ts
check "signer's closure" node scripts/signer-closure.ts
check "contracts: format" buf format --diff --exit-code
check "contracts: lint" buf lint
check "contracts: breaking" buf breaking proto --against proto/released.binpb
check "generated code" generated_is_current

if [ ${#failed[@]} -gt 0 ]; then
  printf '\n%s failed\n' "${#failed[@]}"
  exit 1
fi
