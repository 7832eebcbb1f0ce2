#!/bin/sh
# The walk of this folder's README, start to end; the first argument is the folder of the program.
set -eu
. "$(dirname "$0")/../store-events.sh"
program=${1:+$1/}reconciler
work=$(mktemp -d)
cd "$work"
stores=
trap '[ -z "$stores" ] || kill $stores 2>/dev/null || true; rm -rf "$work"' EXIT
# A person at a terminal, who is asked nothing: there is no input.
unset CI
exec </dev/null
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@localhost GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@localhost

began=$(date +%s)
commands=0
seconds() { echo $(($(date +%s) - began)); }
typed() { commands=$((commands + 1)) && printf '\n$ reconciler %s\n' "$*"; }
run() { typed "$@" && "$program" "$@"; }
# The command has to end with the code that stands first.
ends() {
  wanted=$1 code=0
  shift
  run "$@" || code=$?
  [ "$code" = "$wanted" ] || { echo "ended with $code, not $wanted: $*" >&2; exit 1; }
}

run init --sandbox --quiet
typed sandbox serve "# in another terminal"
"$program" sandbox serve >"$work.serve" 2>&1 &
stores=$!
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  if grep -q "shopline shop" "$work.serve"; then break; fi
  sleep 0.5
done
kill -0 $stores 2>/dev/null || { cat "$work.serve"; echo "the local stores did not begin" >&2; exit 1; }
rm "$work.serve"
run plan
echo
echo "a first plan: $commands commands, $(seconds) seconds, no question"

run doctor --for plan
run export --store acme-us --out specs/acme-us/everybody.yaml --quiet
run validate --quiet
ends 0 plan --detailed-exitcode --quiet
git init --quiet --initial-branch main
git add -A
git commit --quiet --message "whom the store has"

echo
echo "--- a branch: Ada buys no more"
git checkout --quiet -b ada
python3 - <<'PYTHON'
from pathlib import Path

path = Path("specs/acme-us/everybody.yaml")
text = path.read_text()
assert text.index("first_name: Ada") < text.index("- wholesale") < text.index("first_name: 伟")
path.write_text(text.replace("      add:\n      - wholesale\n", "      remove:\n      - wholesale\n", 1))
PYTHON
git commit --quiet --all --message "Ada buys no more"
run plan --base main --quiet --out plan.json --format markdown --output plan.md
cat plan.md
grep -qF "this change" plan.md

echo
echo "--- reviewed, and merged"
git checkout --quiet main
git merge --quiet --no-ff --no-edit ada
run apply plan.json
ends 0 plan --detailed-exitcode --quiet

echo
echo "--- a night later, somebody has edited Ada in the store"
happens 8401 ada.lovelace@example.com edit '"first_name": "Augusta"'
ends 3 plan --base applied --fail-on drift --format markdown --output drift.md
grep -F "drift" drift.md
run audit log
echo
echo "from an empty folder to an approved apply and an alert: $commands commands, $(seconds) seconds, no question"
echo "the walk-through of examples/00-first-hour holds"
