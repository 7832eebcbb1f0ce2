#!/bin/sh
# withdraw.sh GROUP STORE…: on a timer, the opt-outs alone, so that none waits for a request: what the files ask for, and
# what one store of the controller shows and another does not have yet. Needs the keys and tokens that write.
. "$(dirname "$0")/settings.sh"
named "$@"
. "$here/kept.sh"
code=0
# shellcheck disable=SC2086
reconciler plan --base none $only --read full --out out/withdraw.json --format markdown --output out/withdraw.md || code=$?
if [ -f out/withdraw.md ]; then summary out/withdraw.md; fi
# What blocks a plan blocks no opt-out, and no store waits for another that was not read.
if [ ! -f out/withdraw.json ]; then exit "$code"; fi
if [ "$code" = 3 ]; then code=0; fi
reconciler apply out/withdraw.json --base none --only withdraw || code=$(worse "$code" $?)
exit "$code"
