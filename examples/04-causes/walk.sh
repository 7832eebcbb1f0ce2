#!/bin/sh
# The walk of this folder's README, start to end; the first argument is the folder of the program.
set -eu
port=8511
. "$(dirname "$0")/../local-stores.sh"
says() { grep -qF -- "$1" plan.txt || { echo "the plan does not say: $1" >&2; exit 1; }; }
plan() { "$program" plan --format text --output plan.txt --quiet "$@"; }
commit() { git add -A && git commit --quiet --message "$1"; }

git init --quiet --initial-branch main
printf '.reconciler\nplan*\nserve.log\n' >.gitignore
commit "the specs as they are"

step "the main branch is applied once: from now on the trail names its commit"
ends 0 plan --base none --out plan.json
ends 0 "$program" apply --base none plan.json

step "first pull request: Nia gets a tag; merged, and not applied yet"
git checkout --quiet -b first
printf '    tags: {add: [wholesale]}\n' >>specs/nia.yaml
commit "Nia buys wholesale"
ends 0 plan --base main --out plan-first.json
says "[this change]"
git checkout --quiet main
git merge --quiet --no-ff --no-edit first

step "somebody edits Grace in the store by hand"
happens 8513 grace.hopper@example.com edit '"first_name": "Gracie"'

step "second pull request: Grace loses a tag; its plan tells three causes apart"
git checkout --quiet -b second
sed 's/tags: \[vip\]/tags: []/' specs/grace.yaml >plan.new
cp plan.new specs/grace.yaml
commit "Grace is no vip"
ends 0 plan --base main --out plan-second.json
says "[this change]"
says "[left over]"
says "[drift]"
cat plan.txt
ends 3 plan --base main --fail-on drift
ends 3 plan --base main --fail-on left-over
ends 0 plan --base main --changed --fail-on left-over

step "a third branch changes nothing that is planned, so nothing of what is found is its doing"
git checkout --quiet -b third main
printf '# nothing new\n' >>specs/nia.yaml
commit "a comment"
ends 0 plan --base main
if grep -qF "[this change]" plan.txt; then exit 1; fi

step "the second is merged too, as one commit; both plans apply, each its own changes"
git checkout --quiet main
git merge --quiet --squash second
commit "Grace is no vip (squashed)"
ends 0 "$program" apply --base none plan-first.json
ends 0 "$program" apply --base none plan-second.json

step "the branch is applied as it stands, and the nightly check has nothing to tell"
ends 0 plan --base none --out plan.json
ends 0 "$program" apply --base none plan.json
ends 0 plan --base applied --fail-on drift --fail-on left-over --detailed-exitcode
"$program" audit log --plan "$(python3 -c 'import json; print(json.load(open("plan.json"))["seal"][:16])')"
echo "the walk-through of examples/04-causes holds"
