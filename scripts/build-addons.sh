#!/usr/bin/env bash
# Builds the native addon that the signer needs for HSMs (pkcs11js); npm does not, since no package's install script
# runs here (.npmrc):
#
#   npm run build:addons
#
# Does nothing where the addon loads already, and needs no network. Two runs at once do not disturb each other.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH"

package=node_modules/pkcs11js
addon=build/Release/pkcs11.node

say() { printf '%s\n' "build-addons: $*" >&2; }

addon_loads() { node -e 'require("pkcs11js")' 2>/dev/null; }

if [ ! -f "$package/package.json" ]; then
  say "pkcs11js is not installed: run npm ci (it is an optional dependency of the signer)"
  exit 1
fi
if addon_loads; then exit 0; fi
for tool in python3 make "${CXX:-c++}"; do
  if ! command -v "$tool" >/dev/null; then
    say "no $tool: pkcs11js needs a C++ compiler, make and python3 (Debian: g++ make python3)"
    exit 1
  fi
done

# Built in a copy, and only the finished file moves, at once, to where others may be loading it.
copy="$(mktemp -d "$PWD/node_modules/.pkcs11js-build.XXXXXX")"
trap 'rm -rf "$copy"' EXIT
cp -R "$package/." "$copy"
rm -rf "$copy/build"

# Node's headers lie beside its program; without this node-gyp would download them.
headers="$(node -p 'path.resolve(process.execPath, "../..")')"
say "building pkcs11js"
# npm puts the node-gyp that it brings along into the script's PATH.
if ! (cd "$copy" && npm run build -- --nodedir="$headers") >"$copy/build.log" 2>&1; then
  cat "$copy/build.log" >&2
  say "pkcs11js could not be built"
  exit 1
fi
mkdir -p "$package/$(dirname "$addon")"
mv "$copy/$addon" "$package/$addon"
if ! addon_loads; then
  say "pkcs11js was built and does not load:"
  node -e 'require("pkcs11js")'
fi
