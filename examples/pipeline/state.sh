#!/bin/sh
# state.sh restore|save GROUP STORE…: the state folder (trail, journals, register of opt-outs) on a branch of its own, one for
# each group. STATE_REMOTE is the repository that has it, by default this one; it must not be public. Keys stay out.
. "$(dirname "$0")/settings.sh"
. "$here/git.sh"
what=$1
branch=reconciler-state/$2
shift 2
remote=${STATE_REMOTE:-$(own_remote)}
kept=out/state
packed=out/state.tar

# The register tells by pseudonyms who opted out: it is personal data all the same.
if [ -z "${STATE_REMOTE:-}" ] && [ "$(python3 "$here/public.py")" != private ]; then
  say "this repository is public, or cannot be shown to be private: give STATE_REMOTE, a private one, for the state folder"
  exit 1
fi

# A store that joined a controller or left one brings its trail and register along from the branch that it was on. Others
# keep what they had of it: the longest trail is the last one.
bring() {
  longest=0 from=
  if [ -f "$kept/audit/$1.jsonl" ]; then longest=$(wc -c <"$kept/audit/$1.jsonl"); fi
  for ref in $(git -C "$kept" for-each-ref --format='%(refname)' refs/remotes/state); do
    size=$(git -C "$kept" cat-file -s "$ref:audit/$1.jsonl" 2>/dev/null) || continue
    if [ "$size" -gt "$longest" ]; then longest=$size from=$ref; fi
  done
  if [ -z "$from" ]; then return; fi
  say "the state of $1 comes from ${from#refs/remotes/state/}"
  for file in "audit/$1.jsonl" "opt-outs/$1.jsonl"; do
    rm -f "$kept/$file"
    if git -C "$kept" cat-file -e "$from:$file" 2>/dev/null; then
      mkdir -p "$kept/${file%/*}"
      git -C "$kept" cat-file blob "$from:$file" >"$kept/$file"
    fi
  done
}

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
    branches=$(asked ls-remote --quiet "$remote" "refs/heads/reconciler-state/*")
    if [ -n "$branches" ]; then
      asked -C "$kept" fetch --quiet --depth 1 "$remote" "+refs/heads/reconciler-state/*:refs/remotes/state/*"
    fi
    for store in "$@"; do bring "$store"; done
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
