#!/bin/sh
# adopt.sh: on a timer, who opted out in a store and is still wanted in by the files? One request takes that into the
# files, and is kept as long as that is so. Needs the key and tokens that only read, and a token that pushes (GIT_TOKEN).
. "$(dirname "$0")/settings.sh"
branch=reconciler/adopt
code=0
reconciler adopt --base none --write --quiet --message-file out/adopt-message.txt || code=$?
if [ "$code" != 0 ] && [ "$code" != 1 ]; then exit "$code"; fi
if ! git diff --quiet -- specs; then
  git switch --quiet --force-create "$branch"
  git -c user.name=reconciler -c user.email=reconciler@localhost commit --quiet --file out/adopt-message.txt -- specs
  . "$here/git.sh"
  remote=${ADOPT_REMOTE:-$(own_remote)}
  # What stands there already is not pushed again, so that nobody reviews it twice.
  asked fetch --quiet --depth 1 "$remote" "$branch" || true
  git diff --quiet FETCH_HEAD 2>/dev/null || asked push --quiet --force "$remote" "$branch"
  tail -n +3 out/adopt-message.txt >out/adopt-body.txt
  forge request "$branch" "$(head -n 1 out/adopt-message.txt)" out/adopt-body.txt
elif [ "$code" = 0 ]; then
  forge withdraw "$branch"
fi
exit "$code"                      # 1: a store was not read, or something has to be done by hand
