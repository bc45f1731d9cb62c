#!/usr/bin/env bash
# Makes a running stack available over https, and runs the journeys in the given engines on this stack.
#
#     tests/browser/engines/run.sh INSTANCE [firefox] [webkit]
set -euo pipefail
cd "$(dirname "$0")/../../.."
instance=$1
shift
if [ $# = 0 ]; then
  echo "- ENGINES=chromium: the journeys in Firefox and WebKit are not run"
  exit
fi
python3 infra/local/stack.py --instance "$instance" up --tls
set -a
# shellcheck source=/dev/null
. ".local/$instance/env"
set +a
ENGINES="$*" tests/browser/run.sh engines/journeys.mjs
