#!/usr/bin/env bash
# Runs browser tests with Node.js's test runner.
#
#     tests/browser/run.sh [FILE ...]      without files, all tests of this folder
#
# With RERUN=5, up to five tests may fail at first. They run a second time and must all pass then, as in tests/on_emulator.sh. A file that
# crashed counts as one test.
set -euo pipefail
cd "$(dirname "$0")"
run=(node --test --test-reporter=spec)
if [ -z "${RERUN:-}" ]; then
  exec "${run[@]}" "$@"
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! "${run[@]}" "$@" 2>&1 | tee "$log"; then
  mapfile -t failed < <(sed -n '/failing tests:$/,$ s/^ *✖ \(.*\) ([0-9.]*ms)$/\1/p' "$log" | sort -u)
  if [ "${#failed[@]}" = 0 ] || [ "${#failed[@]}" -gt "$RERUN" ]; then
    echo "${#failed[@]} browser tests failed, which is too many for a second run" >&2
    exit 1
  fi
  files=() names=() patterns=()
  for name in "${failed[@]}"; do
    echo "FAILED AT FIRST, running again: $name"
    # If a file crashed, Node.js reports its path as the failed test. Some of its tests may not have run, so the whole file runs again.
    if [ -f "$name" ]; then
      files+=("$name")
    else
      names+=("$name")
      patterns+=("--test-name-pattern=^$(sed 's/[][\.*^$(){}?+|/]/\\&/g' <<< "$name")\$")
    fi
  done
  [ "${#files[@]}" = 0 ] || "${run[@]}" "${files[@]}"
  if [ "${#names[@]}" != 0 ]; then
    "${run[@]}" "${patterns[@]}" "$@" 2>&1 | tee "$log"
    for name in "${names[@]}"; do
      # The second run also succeeds if a pattern matches no test, so the name must be among the passed tests.
      sed -n 's/^ *✔ \(.*\) ([0-9.]*ms)$/\1/p' "$log" | grep -xF -e "$name" > /dev/null || {
        echo "did not run a second time: $name" >&2
        exit 1
      }
    done
  fi
  echo "FAILED AT FIRST, passed in the second run: ${#failed[@]} browser tests"
fi
