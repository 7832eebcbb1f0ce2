#!/bin/sh
# The walk of this folder's README, start to end; the first argument is the folder of the program.
set -eu
port=8531
scripts=$(CDPATH='' cd "$(dirname "$0")/../pipeline" && pwd)
. "$(dirname "$0")/../local-stores.sh"
PATH=${1:+$1:}$PATH
export PATH ACME_EU_TOKEN=sandbox-acme-eu
export RECONCILER_HOSTS="$RECONCILER_HOSTS,http://127.0.0.1:$((port + 1))"
export FORGE=local FORGE_FOLDER="$work/forge" CI=true RECONCILER_CACHE=off
RECONCILER_KEY=$(python3 -c 'import secrets; print(secrets.token_hex(32))')
RECONCILER_REGISTER_KEY=$(python3 -c 'import secrets; print(secrets.token_hex(32))')
export RECONCILER_KEY
# Only jobs of the protected branch hold the key of trail and register.
protected() { RECONCILER_REGISTER_KEY=$RECONCILER_REGISTER_KEY "$@"; }
says() { grep -qF -- "$2" "$1" || { cat "$1"; echo "$1 does not say: $2" >&2; exit 1; }; }

# A runner: a new clone each time, so that nothing is left but what the forge and the branches keep.
runner() {
  cd "$work"
  rm -rf runner
  git clone --quiet "file://$work/origin.git" "$work/runner"
  cd "$work/runner"
}
jobs() { sh pipeline/groups.sh "$@" | python3 -c 'import json, sys; [print(one["group"], one["stores"]) for one in json.load(sys.stdin)]'; }
# What a script ends with in each group, or in the one that `only` names: the worst of them.
only=
for_each() {
  script=$1
  shift
  worst=0
  jobs "$@" >jobs.txt
  while read -r group names <&4; do
    [ "${only:-$group}" = "$group" ] || continue
    code=0
    # shellcheck disable=SC2086
    sh "pipeline/$script" $group $names || code=$?
    [ "$code" -le "$worst" ] || worst=$code
  done 4<jobs.txt
  return "$worst"
}

# request NUMBER BRANCH: what the forge runs on a request: the merge result, planned against the tip of main.
request() {
  runner
  git merge --quiet --no-edit "origin/$2"
  reconciler validate --quiet
  REQUEST=$1 HEAD=$(git rev-parse "origin/$2") for_each plan.sh refs/remotes/origin/main
}
# merged NUMBER BRANCH HOW: somebody approves it and presses the button.
merged() {
  mkdir -p "$FORGE_FOLDER/requests/$1"
  echo grace >"$FORGE_FOLDER/requests/$1/approvers"
  cd "$work/author"
  head=$(git rev-parse "$2")
  git checkout --quiet main
  case $3 in
    merge) git merge --quiet --no-ff --no-edit "$2" ;;
    squash) git merge --quiet --squash "$2" && git commit --quiet --message "squashed" ;;
    fast-forward) git rebase --quiet main "$2" && git checkout --quiet main && git merge --quiet --ff-only "$2" ;;
  esac
  git push --quiet origin main
  echo "$1 $head $(git rev-parse HEAD)" >>"$FORGE_FOLDER/merged"
}
branch() { cd "$work/author" && git checkout --quiet -b "$1" "${2:-main}"; }
pushed() { git commit --quiet --all --message "$1" && git push --quiet origin HEAD; }
on_main() { runner && protected for_each "$1"; }
# What a store has now: has PORT EMAIL FIELD TEXT.
has() {
  found=$(live "$1" "$2" "$3")
  echo "$2: $3 $found"
  case $found in
    *"$4"*) ;;
    *) echo "not $4" >&2 && exit 1 ;;
  esac
}

git init --quiet --bare --initial-branch main origin.git
git clone --quiet "file://$work/origin.git" author 2>/dev/null
cp -r specs author/specs
cp -r "$scripts" author/pipeline
printf '.reconciler/\n/out/\njobs.txt\n' >author/.gitignore
cd author
git checkout --quiet -b main
git add -A
git commit --quiet --message "the specs as they are"
git push --quiet origin main

step "main is planned and carried out by hand once: a job for the controller, and one for the store that stands alone"
on_main replan.sh
cat jobs.txt
says jobs.txt "acme acme-tw acme-us"
says jobs.txt "acme-eu acme-eu"
protected for_each carry-out.sh

step "first request: Grace buys wholesale; planned, told in one comment, merged with a merge commit, applied"
branch first
sed -i 's/tags: \[vip\]/tags: [vip, wholesale]/' specs/tw.yaml
pushed "Grace buys wholesale"
only=acme
request 1 first
comment=$FORGE_FOLDER/requests/1/comment-acme.md
says "$comment" "<!-- reconciler: acme -->"
says "$comment" "wholesale"
cat "$comment"
merged 1 first merge
on_main apply.sh
has $((port + 2)) grace.hopper@example.com tags wholesale

step "the same job again: the trail has it, and nothing is done twice"
on_main apply.sh >"$work/again.txt" 2>&1 || { cat "$work/again.txt"; exit 1; }
cat "$work/again.txt"
says "$work/again.txt" "is applied."

step "second and third request: one squashed, one moved to the tip, and applied by one job, oldest first"
only=
branch second main
sed -i 's/first_name: Grace/first_name: Amazing Grace/' specs/tw.yaml
pushed "Amazing"
branch third main
printf 'customers:\n  - email: new@example.com\n    first_name: New\n' >specs/new.yaml
sed -i '1i store: acme-eu' specs/new.yaml
git add specs/new.yaml
pushed "somebody new"
only=acme
request 2 second
only=acme-eu
request 3 third
only=
merged 2 second squash
merged 3 third fast-forward
# A job that waited for its approval meanwhile knows the second alone, and leaves the third for its own.
runner
git checkout --quiet HEAD~1
protected for_each apply.sh >"$work/early.txt" 2>&1 || { cat "$work/early.txt"; exit 1; }
says "$work/early.txt" "request 3 was merged after this commit"
on_main apply.sh
has $((port + 2)) grace.hopper@example.com first_name "Amazing Grace"
has $((port + 1)) new@example.com first_name New

only=acme-eu
step "a request that is blocked: its comment and page say why; merged all the same, it is refused once, with its reason"
branch fourth main
python3 - <<'PYTHON'
people = "".join(f"  - email: n{number}@example.com\n" for number in range(60))
open("specs/many.yaml", "w").write(f"store: acme-eu\ncustomers:\n{people}")
PYTHON
git add specs/many.yaml
pushed "sixty at once"
ends 3 request 4 fourth
says "$FORGE_FOLDER/requests/4/comment-acme-eu.md" "ceiling.create"
[ -f out/plan-acme-eu.html ]
merged 4 fourth merge
ends 3 on_main apply.sh
ends 3 on_main apply.sh >"$work/again.txt" 2>&1
says "$work/again.txt" "was refused at"
cd "$work/author"
git revert --quiet --no-edit --mainline 1 HEAD
git push --quiet origin main
on_main apply.sh
protected "$program" audit log >"$work/log.txt"
says "$work/log.txt" "refused: the plan is blocked for acme-eu, "
says "$work/log.txt" "approved by grace"

step "a store that cannot be reached: the comment says so, and nothing is said to be in order"
only=
branch fifth main
sed -i 's/tags: \[vip, wholesale\]/tags: [vip]/' specs/tw.yaml
pushed "Grace buys no more"
tell $((port + 1)) faults '{"kind": "status", "status": 503, "times": 1000}' 
ends 1 request 5 fifth
cat "$FORGE_FOLDER/requests/5/comment-acme-eu.md"
says "$FORGE_FOLDER/requests/5/comment-acme-eu.md" "was not read"
says "$FORGE_FOLDER/requests/5/comment-acme.md" "Tags (1)"
python3 -c "from urllib.request import Request, urlopen; urlopen(Request('http://127.0.0.1:$((port + 1))/_sandbox/faults', method='DELETE'))"
only=acme
merged 5 fifth merge
on_main apply.sh
tags=$(live $((port + 2)) grace.hopper@example.com tags)
case $tags in *wholesale*) exit 1 ;; esac

step "a night later: nobody has edited anything, so there is no issue"
on_main drift.sh
[ ! -e "$FORGE_FOLDER/issues" ] || [ -z "$(ls "$FORGE_FOLDER/issues")" ]

step "somebody edits Grace by hand: one issue, until the store is as the files want it again"
grace=grace.hopper@example.com
happens $((port + 2)) $grace edit '"first_name": "Gracie"'
on_main drift.sh
cat "$FORGE_FOLDER/issues/The store has drifted: acme.md"
happens $((port + 2)) $grace edit '"first_name": "Amazing Grace"'
on_main drift.sh
[ ! -e "$FORGE_FOLDER/issues/The store has drifted: acme.md" ]

step "Grace clicks in one store: no more mails; the next timer takes her out of the other, and no request is waited for"
happens $((port + 2)) $grace person '"channel": "email", "state": "unsubscribed"'
on_main withdraw.sh
has $((port)) grace.hopper@example.com consent unsubscribed
cd "$work/runner"
protected "$program" audit log >"$work/log.txt"
says "$work/log.txt" "withdraw: done (consent.email"
protected "$program" audit verify
echo "the walk-through of examples/06-pipeline holds"
