#!/usr/bin/env bash
# Regenerates what is generated, and fails when the committed files differ. With --write it rewrites them.
# (The console's files are checked by its own tests, which have Node at hand.)
set -euo pipefail
cd "$(dirname "$0")/.."
tool() { go tool -modfile=tools/go.mod "$@"; }
failed=0

for config in $(git ls-files '*sqlc.yaml'); do
  if [ "${1:-}" = --write ]; then
    tool sqlc generate -f "$config"
  elif ! tool sqlc diff -f "$config"; then
    echo "generated files of $config are not current: run 'make generate'" >&2
    failed=1
  fi
done

notices=$(mktemp)
trap 'rm -f "$notices"' EXIT
go run ./test/notices >"$notices"
# The toolchain's own version is no part of the comparison: it is not ours to pin here.
current() { sed 's/^Go standard library .*/Go standard library/' "$1"; }
if [ "${1:-}" = --write ]; then
  cp "$notices" THIRD_PARTY_NOTICES && chmod 644 THIRD_PARTY_NOTICES
elif ! diff -q <(current THIRD_PARTY_NOTICES) <(current "$notices") >/dev/null; then
  echo "THIRD_PARTY_NOTICES is not current: run 'make generate'" >&2
  failed=1
fi

# -e, because the tests of our dependencies import modules that not every module proxy serves; they are none of ours.
tidy=$(go mod tidy -e -diff 2>/dev/null || true)
if [ -n "$tidy" ]; then
  echo "go.mod is not tidy: run 'go mod tidy -e'" >&2
  echo "$tidy" | head -40 >&2
  failed=1
fi
exit "$failed"
