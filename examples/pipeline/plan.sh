#!/bin/sh
# plan.sh GROUP STORE…: the plan of a request, against the tip of the protected branch; its comment, page and
# annotations, blocked or not. REQUEST is the request's number. Needs the key and tokens that only read.
. "$(dirname "$0")/settings.sh"
named "$@"
base=refs/remotes/origin/$MAIN_BRANCH
# The trail tells what was applied last, and so a plan what is left over and what is drift.
# shellcheck disable=SC2086
sh "$here/state.sh" restore "$group" $stores

name=out/plan-$group
ended=0
kept=0
# shellcheck disable=SC2086  # one word for each store
reconciler plan --base "$base" $only --out "$name.json" --format markdown --output "$name.md" 2>"$name.log" || ended=$?
cat "$name.log" >&2
if [ -f "$name.json" ]; then
  reconciler show "$name.json" --format html --output "$name.html"
  if [ "$FORGE" = gitlab ]; then
    reconciler show "$name.json" --format gitlab --output "$name.quality.json"
  else
    reconciler show "$name.json" --format github
  fi
  forge keep "$group" "$name.json" || kept=$?
else
  # What went wrong holds no personal data; a plan of before is no longer what would happen.
  # shellcheck disable=SC2016  # backticks of Markdown
  { printf '**There is no plan for `%s`.** The job ended with %s:\n\n```text\n' "$group" "$ended"
    tail -n 40 "$name.log" | cut -c 1-500 | tr -d '`'
    printf '```\n'; } >"$name.md"
fi
summary "$name.md"
forge comment "$group" "$name.md"
if [ "$kept" != 0 ]; then exit "$kept"; fi    # what is not kept is not applied
exit "$ended"                # 3: blocked, or an opt-out is asked for and not carried out
