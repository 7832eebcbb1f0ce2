#!/bin/sh
# apply.sh GROUP STORE…: on the protected branch, the plan of each merged request that the trail lacks, in the order of
# the merges. Needs the keys and tokens that write. Run it again at any time: nothing is done twice.
. "$(dirname "$0")/settings.sh"
named "$@"
. "$here/kept.sh"

worst=0
forge merged "$group" "$LOOK_BACK_DAYS" out >out/merged.txt
while read -r number made plan approvers <&3; do
  # A job that waited for its approval has the files of then, and would skip all that came later as not asked for.
  if ! git merge-base --is-ancestor "$made" HEAD 2>/dev/null; then
    say "request $number was merged after this commit: the job of a later one applies it"
    continue
  fi
  if [ "$plan" = - ]; then
    say "request $number: no plan for $group was kept"
    continue
  fi
  say "request $number:"
  code=0
  RECONCILER_APPROVERS=${approvers#-} reconciler apply "$plan" --base none --once >out/told.txt 2>&1 || code=$?
  cat out/told.txt
  # shellcheck disable=SC2016  # backticks of Markdown
  { printf '**Request %s**\n\n```text\n' "$number"
    tail -n 40 out/told.txt | tr -d '`'
    printf '```\n\n'; } >out/told.md
  summary out/told.md
  if [ "$code" = 130 ]; then exit 130; fi
  worst=$(worse "$worst" "$code")
done 3<out/merged.txt

# Where nothing is left to do now, the trail is told that this commit is applied.
code=0
# shellcheck disable=SC2086
reconciler plan --base none $only --out out/rest.json --detailed-exitcode --format markdown --output out/rest.md || code=$?
case $code in
  0) reconciler apply out/rest.json --base none || worst=$(worse "$worst" $?) ;;
  2) say "something is left for the next request: see the summary" ;;
  *) worst=$(worse "$worst" "$code") ;;
esac
if [ -f out/rest.md ]; then summary out/rest.md; fi
exit "$worst"
