#!/usr/bin/env bash
# Runs test programs on the stack of this environment, without the tests that cannot hold on its emulator: not_on/EMULATOR.txt.
#
#     tests/on_emulator.sh EMULATOR PROGRAM ...     a program is a file or folder of tests/tests, or `browser`
set -euo pipefail
cd "$(dirname "$0")/.."
emulator=$1
shift

list=tests/not_on/$emulator.txt
skipped=()
if [ -f "$list" ]; then
  while read -r test reason; do
    [[ -z $test || $test == \#* ]] && continue
    skipped+=(--skip "${test#*::}")
    echo "- not on $emulator: $test, because $reason"
  done < "$list"
fi

programs=() with_browser=
for program in "$@"; do
  if [ "$program" = browser ]; then with_browser=1; else programs+=(--test "$program"); fi
done

# All crates are named, because cargo would build the SDK again for a smaller choice.
[ ${#programs[@]} = 0 ] || cargo test --workspace "${programs[@]}" -- --test-threads=8 --exact "${skipped[@]}"
[ -z "$with_browser" ] || (cd tests/browser && node --test --test-reporter=spec)
