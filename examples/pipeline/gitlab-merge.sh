#!/bin/sh
# The tip of the protected branch; on a merge request also what comes of merging it, which is what is validated and planned.
set -eu
main=refs/remotes/origin/$CI_DEFAULT_BRANCH
git fetch --quiet --no-tags origin "+refs/heads/$CI_DEFAULT_BRANCH:$main"
if [ -n "${CI_MERGE_REQUEST_IID:-}" ]; then
  git -c user.name=ci -c user.email=ci@localhost merge --quiet --no-edit "$main"
fi
