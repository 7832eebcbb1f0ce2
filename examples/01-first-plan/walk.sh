#!/bin/sh
# The walk of this folder's README, start to end; the first argument is the folder of the program.
set -eu
port=8501
. "$(dirname "$0")/../local-stores.sh"
"$program" validate
"$program" plan --base none --out .reconciler/plan.json
"$program" apply --base none .reconciler/plan.json
"$program" plan --base none --detailed-exitcode
"$program" audit log
"$program" audit verify
echo "the walk-through of examples/01-first-plan holds"
