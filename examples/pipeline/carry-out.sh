#!/bin/sh
# carry-out.sh GROUP STORE…: the plan that `replan.sh` made and somebody has read. Needs the keys and tokens that write.
. "$(dirname "$0")/settings.sh"
named "$@"
. "$here/kept.sh"
reconciler apply "out/plan-$group.json" --base none --once
