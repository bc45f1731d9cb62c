#!/usr/bin/env bash
# Runs tests on the stack of this environment, without those that cannot hold on its emulator: tests/not_on/EMULATOR.txt.
#
#     tests/on_emulator.sh EMULATOR WHAT ...
#
# WHAT is a test program (a file or folder of tests/tests), `workspace` for all tests of all crates, or `browser`.
set -euo pipefail
cd "$(dirname "$0")/.."
emulator=$1
shift

skipped=()
while read -r test reason; do
  [[ -z $test || $test == \#* ]] && continue
  skipped+=(--skip "${test#*::}")
  echo "- not on $emulator: $test, because $reason"
done < "tests/not_on/$emulator.txt"

programs=() with_browser=
for what in "$@"; do
  case $what in
    browser) with_browser=1 ;;
    workspace) ;;
    *) programs+=(--test "$what") ;;
  esac
done

if [ "$*" != browser ]; then
  # All crates are named, because cargo would build the SDK again for a smaller choice.
  # LocalStack and DynamoDB Local need more of the processor for each call.
  threads=12
  [ "$emulator" = ministack ] || threads=8
  cargo test --workspace "${programs[@]}" -- --test-threads="$threads" --exact "${skipped[@]}"
fi
[ -z "$with_browser" ] || (cd tests/browser && node --test --test-reporter=spec)
