#!/usr/bin/env bash
# Checks whether the programs that the given engines need are installed. If the user is root and apt-get exists, installs the Debian
# packages of missing programs. If programs are still missing, lists them and fails.
#
#     tests/browser/engines/install.sh firefox webkit
set -euo pipefail
cd "$(dirname "$0")"
node installed.mjs "$@" > /dev/null && exit
if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
  packages=$(node installed.mjs --debian "$@") || true
  # apt-get fails if the distribution lacks one of these packages. In this case, the message at the end names the missing programs.
  # shellcheck disable=SC2086
  { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends $packages > /dev/null; } || true
fi
node installed.mjs "$@" > /dev/null && exit
{
  echo "The journeys in other browsers than Chromium need programs that are missing:"
  node installed.mjs "$@" | sed 's/^/- /'
  echo "Install them, or run the tests with ENGINES=chromium to test in Chromium alone."
} >&2
exit 1
