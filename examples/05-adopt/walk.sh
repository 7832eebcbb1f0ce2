#!/bin/sh
# The walk of this folder's README, start to end; the first argument is the folder of the program.
set -eu
port=8521
. "$(dirname "$0")/../local-stores.sh"
plan() { "$program" plan --base none --format text --output plan.txt --quiet "$@"; }
adopt() { "$program" adopt --base none "$@"; }

git init --quiet --initial-branch main
printf '.reconciler\nplan*\nmessage.txt\nserve.log\n' >.gitignore
git add -A
git commit --quiet --message "the specs as they are"

step "the files are applied, and nothing is out of date"
ends 0 plan --out plan.json
ends 0 "$program" apply --base none plan.json
ends 0 adopt

step "Grace clicks: no more mails"
happens 8523 grace.hopper@example.com person '"channel": "email", "state": "unsubscribed"'

step "the plan says that the files are out of date, and takes her out of the other store as well"
ends 0 plan --out plan.json
grep -F "the file is out of date" plan.txt
grep -F "opted out in acme-tw" plan.txt
ends 0 "$program" apply --base none --only withdraw plan.json
ends 0 "$program" audit silence

step "adopt names the place, and with --write it changes that alone"
ends 2 adopt
ends 0 adopt --write --message-file message.txt

step "which is the commit of a pull request"
git checkout --quiet -b reconciler/adopt
git commit --quiet --all --file message.txt
git show --format=%B --unified=1
git show --format=%B | grep -qF "Adopt 2 opt-outs from acme-tw and acme-us"
grep -qF "state: unsubscribed" specs/tw.yaml
grep -qF "state: unsubscribed" specs/us.yaml
grep -qF "# scanned" specs/tw.yaml
if git log --format=%B | grep -q "grace.hopper@"; then exit 1; fi

step "from which the next plan has nothing to tell"
ends 0 plan --detailed-exitcode
ends 0 adopt
