#!/bin/sh
# state.sh restore|save GROUP: the state folder (trail, journals, register of opt-outs) on a branch of its own, one for
# each group. STATE_REMOTE is the repository that has it, by default this one; it must not be public. Keys stay out.
. "$(dirname "$0")/settings.sh"
. "$here/git.sh"
what=$1
branch=reconciler-state/$2
remote=${STATE_REMOTE:-$(own_remote)}
kept=out/state
packed=out/state.tar

# The register tells by pseudonyms who opted out: it is personal data all the same.
if [ -z "${STATE_REMOTE:-}" ] && [ "$(python3 "$here/public.py")" != private ]; then
  say "this repository is public, or cannot be shown to be private: give STATE_REMOTE, a private one, for the state folder"
  exit 1
fi

case $what in
  restore)
    rm -rf "$kept"
    there=0
    asked ls-remote --quiet --exit-code "$remote" "refs/heads/$branch" >/dev/null || there=$?
    case $there in
      0) asked clone --quiet --depth 1 --single-branch --branch "$branch" "$remote" "$kept" ;;
      2) say "there is no $branch yet: the state begins anew" && git init --quiet --initial-branch "$branch" "$kept" ;;
      *) say "the state cannot be fetched" && exit 1 ;;
    esac
    mkdir -p .reconciler
    # By a file: of what stands before a pipe, nobody hears that it failed.
    tar -C "$kept" --exclude ./.git -cf "$packed" .
    tar -C .reconciler -xf "$packed"
    ;;
  save)
    tar -C .reconciler --exclude './key*' --exclude '*.lock' --exclude ./.gitignore -cf "$packed" .
    # All of it anew: what the program removed is gone from the branch as well, its history apart.
    find "$kept" -mindepth 1 -maxdepth 1 ! -name .git -exec rm -rf {} +
    tar -C "$kept" -xf "$packed"
    cd "$kept"
    git add --all --force .
    if git diff --cached --quiet; then exit 0; fi
    git -c user.name=reconciler -c user.email=reconciler@localhost commit --quiet --message "$branch"
    for pause in 2 10 0; do
      if asked push --quiet "$remote" "HEAD:refs/heads/$branch"; then exit 0; fi
      sleep "$pause"
    done
    say "the state could not be saved: run this job again, it goes on where the stores are"
    exit 1
    ;;
esac
