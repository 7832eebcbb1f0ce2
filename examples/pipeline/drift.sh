#!/bin/sh
# drift.sh GROUP STORE…: on a timer, has somebody edited a store, or does an opt-out wait too long? One issue is kept as
# long as that is so. Needs the key and tokens that only read.
. "$(dirname "$0")/settings.sh"
named "$@"
# shellcheck disable=SC2086
sh "$here/state.sh" restore "$group" $stores
code=0
# shellcheck disable=SC2086
reconciler plan --base applied $only --fail-on drift --fail-on overdue --detailed-exitcode \
  --format markdown --output out/drift.md || code=$?
case $code in
  0 | 2) forge close "The store has drifted: $group" ;;
  3) forge issue "The store has drifted: $group" out/drift.md ;;
  *) exit "$code" ;;
esac
