#!/usr/bin/env bash
# Runs test suites several times in a row on the stack of this environment, and shows which tests do not always pass.
#
#     tests/repeat.sh EMULATOR TIMES LOAD SUITE ...
#
# LOAD is the number of processes that only compute during the runs, so that the machine is busy. A SUITE is an argument of tests/on_emulator.sh.
# Failed tests do not get a second try. The output of each run is in FOLDER (default: target/repeat).
set -euo pipefail
cd "$(dirname "$0")/.."
unset RERUN
emulator=$1 times=$2 load=$3
shift 3
if [ "$#" = 0 ] || [ "$times" -lt 1 ]; then
  echo "repeat.sh needs at least one suite and one run" >&2
  exit 2
fi
folder=${FOLDER:-target/repeat}/$emulator
rm -rf "$folder"
mkdir -p "$folder"

busy=()
trap 'for process in "${busy[@]}"; do kill "$process" 2> /dev/null || true; done' EXIT
for ((i = 0; i < load; i++)); do
  yes > /dev/null &
  busy+=("$!")
done

failures=0
for suite in "$@"; do
  for ((run = 1; run <= times; run++)); do
    log=$folder/$suite-$run.log
    begin=$SECONDS
    if tests/on_emulator.sh "$emulator" "$suite" > "$log" 2>&1; then
      result="all tests passed"
    else
      failures=$((failures + 1))
      # The first expression is for Rust's tests, the second one for those of Node.js, which prints each failure twice.
      failed=$(sed -n -e 's/^test \(.*\) \.\.\. FAILED$/\1/p' -e 's/^ *✖ \(.*\) ([0-9.]*ms)$/\1/p' "$log" | sort -u | paste -sd ";")
      result="FAILED: ${failed:-no failed test is named, see $log}"
    fi
    passed=$(sed -n -e 's/^test result: [a-zA-Z]*\. \([0-9]*\) passed.*/\1/p' -e 's/^ℹ pass \([0-9]*\)$/\1/p' "$log" | awk '{ n += $1 } END { print n + 0 }')
    printf '%-10s %-9s run %2d of %d  %4d s  %4d passed  %s\n' "$emulator" "$suite" "$run" "$times" $((SECONDS - begin)) "$passed" "$result"
  done
done
if [ "$failures" != 0 ]; then
  echo "$failures runs failed; their output is in $folder" >&2
  exit 1
fi
