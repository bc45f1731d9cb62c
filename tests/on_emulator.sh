#!/usr/bin/env bash
# Runs tests on the stack of this environment, except those that cannot pass on its emulator. The variable NOT_ON of the stack's environment
# names the lists of these tests in tests/not_on. Without NOT_ON, the list is EMULATOR.txt.
#
#     tests/on_emulator.sh EMULATOR WHAT ...
#
# With RERUN=5, up to five tests may fail at first. They run a second time, one after the other, and must all pass then. CI sets RERUN, because its machine
# sometimes stops for seconds, and concurrent calls then exceed the functions' timeout. The output names the tests that failed at first.
# If a test program crashed, there is no second run, because the output does not name the tests that the program did not run.
#
# WHAT is a test program (a file or folder of tests/tests), `workspace` for all tests of all crates, or `browser`.
set -euo pipefail
cd "$(dirname "$0")/.."
# The message of a failed test contains its source location. Backtraces of async code are long and hide this message.
export RUST_BACKTRACE=0
if [ "$#" -lt 2 ]; then
  echo "on_emulator.sh needs an emulator and at least one suite" >&2
  exit 2
fi
emulator=$1
shift

skipped=()
IFS=, read -ra lists <<< "${NOT_ON:-$emulator}"
for list in "${lists[@]}"; do
  while read -r test reason; do
    [[ -z $test || $test == \#* ]] && continue
    skipped+=(--skip "${test#*::}")
    echo "- not on $emulator: $test, because $reason"
  done < "tests/not_on/$list.txt"
done

programs=() with_browser=
for what in "$@"; do
  case $what in
    browser) with_browser=1 ;;
    workspace) ;;
    *) programs+=(--test "$what") ;;
  esac
done

if [ "$*" != browser ]; then
  # Selects all crates, because cargo would build the SDK again for a subset of them.
  # Uses fewer threads on LocalStack, because LocalStack and DynamoDB Local need more processor time for each call.
  threads=12
  [ "$emulator" = ministack ] || threads=8
  run=(cargo test --workspace "${programs[@]}")
  if [ -z "${RERUN:-}" ]; then
    "${run[@]}" --no-fail-fast -- --test-threads="$threads" --exact "${skipped[@]}"
  else
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    if ! "${run[@]}" --no-fail-fast -- --test-threads="$threads" --exact "${skipped[@]}" 2>&1 | tee "$log"; then
      # Cargo prints `Running` or `Doc-tests` for each program. A program prints its result at its end, unless it crashes.
      crashed=$(awk '/^ +(Running .* \(.*\)|Doc-tests .*)$/ { if (program) print program; program = $0 } /^test result: / { program = "" }
        END { if (program) print program }' "$log")
      if [ -n "$crashed" ] || grep -q ' (signal: [0-9]*, ' "$log"; then
        printf 'a test program crashed, so there is no second run\n%s\n' "$crashed" >&2
        exit 1
      fi
      mapfile -t failed < <(sed -n 's/^test \(.*\) \.\.\. FAILED$/\1/p' "$log")
      failures=$(awk '/^test result: FAILED/ { n += $6 } END { print n + 0 }' "$log")
      if [ "${#failed[@]}" != "$failures" ]; then
        echo "$failures tests failed, but the output names ${#failed[@]}, so there is no second run: ${failed[*]}" >&2
        exit 1
      fi
      if [ "${#failed[@]}" = 0 ] || [ "${#failed[@]}" -gt "$RERUN" ]; then
        echo "${#failed[@]} tests failed, which is too many for a second run: ${failed[*]}" >&2
        exit 1
      fi
      echo "FAILED AT FIRST, running again one after the other: ${failed[*]}"
      "${run[@]}" --no-fail-fast -- --test-threads=1 --exact "${failed[@]}" 2>&1 | tee "$log"
      # The second run also succeeds if a name matches no test, so its passed tests are counted.
      passed=$(awk '/^test result: ok/ { n += $4 } END { print n + 0 }' "$log")
      if [ "$passed" -lt "${#failed[@]}" ]; then
        echo "only $passed of ${#failed[@]} tests ran a second time: ${failed[*]}" >&2
        exit 1
      fi
      echo "FAILED AT FIRST, passed in the second run: ${failed[*]}"
    fi
  fi
fi
[ -z "$with_browser" ] || tests/browser/run.sh
