#!/usr/bin/env bash
# Runs tests on the stack of this environment, without those that cannot hold on its emulator: tests/not_on/EMULATOR.txt.
#
#     tests/on_emulator.sh EMULATOR WHAT ...
#
# With RERUN=5, as many tests as that may fail at first. They run once more, one after the other, and each of them must pass then. CI sets it, because its machine
# stands still for seconds now and then, and calls beside others then take longer than a function may. What failed at first is named, to be looked at.
#
# WHAT is a test program (a file or folder of tests/tests), `workspace` for all tests of all crates, or `browser`.
set -euo pipefail
cd "$(dirname "$0")/.."
# A failed test names its place. Backtraces of async code are long and hide what failed.
export RUST_BACKTRACE=0
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
  run=(cargo test --workspace "${programs[@]}")
  if [ -z "${RERUN:-}" ]; then
    "${run[@]}" -- --test-threads="$threads" --exact "${skipped[@]}"
  else
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    if ! "${run[@]}" --no-fail-fast -- --test-threads="$threads" --exact "${skipped[@]}" 2>&1 | tee "$log"; then
      mapfile -t failed < <(sed -n 's/^test \(.*\) \.\.\. FAILED$/\1/p' "$log" | sort -u)
      if [ "${#failed[@]}" = 0 ] || [ "${#failed[@]}" -gt "$RERUN" ]; then
        echo "${#failed[@]} tests failed, too many to try again: ${failed[*]}" >&2
        exit 1
      fi
      echo "FAILED AT FIRST, and tried once more, alone: ${failed[*]}"
      "${run[@]}" --no-fail-fast -- --test-threads=1 --exact "${failed[@]}"
      echo "FAILED AT FIRST, and passed alone: ${failed[*]}"
    fi
  fi
fi
[ -z "$with_browser" ] || (cd tests/browser && node --test --test-reporter=spec)
