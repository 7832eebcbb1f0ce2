#!/bin/sh
# replan.sh GROUP STORE…: the protected branch as it stands is planned, for stores that are new and plans that were
# refused. Somebody reads it before `carry-out.sh` gets it.
. "$(dirname "$0")/settings.sh"
named "$@"
# shellcheck disable=SC2086
sh "$here/state.sh" restore "$group" $stores
code=0
# shellcheck disable=SC2086
reconciler plan --base none $only --out "out/plan-$group.json" --format markdown --output "out/plan-$group.md" || code=$?
if [ -f "out/plan-$group.md" ]; then summary "out/plan-$group.md"; fi
exit "$code"
