# Read by the other scripts: what they share. They run at the top of the repository of the specs.
set -eu
# What is written here is for its owner only.
umask 077
here=$(CDPATH='' cd "$(dirname "$0")" && pwd)
: "${FORGE:=${GITLAB_CI:+gitlab}}"
: "${FORGE:=github}"
: "${MAIN_BRANCH:=${CI_DEFAULT_BRANCH:-main}}"
# How far back merged requests are looked for. Plans live seven days; one that is older is refused, and that is noted.
: "${LOOK_BACK_DAYS:=30}"
export FORGE MAIN_BRANCH

forge() { python3 "$here/forge.py" "$@"; }
say() { printf '%s\n' "$*" >&2; }

# What a job makes, for its forge to keep, and its state: a file of the repository there would be told, kept and saved
# as ours, and a link would lead what is written elsewhere.
tracked=$(git ls-files -- out .reconciler)
if [ -n "$tracked" ]; then
  say "out and .reconciler belong to the jobs: take them out of the repository"
  exit 1
fi
mkdir -p out

# The arguments of a job are its group, then its stores.
named() {
  group=$1
  shift
  stores=$*
  only=
  for store in "$@"; do only="$only --store $store"; done
}

# The page that a forge shows beside the job.
summary() { if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then cat "$1" >>"$GITHUB_STEP_SUMMARY"; fi; }

# The more serious of two exit codes, as the program orders them.
worse() {
  for code in 130 70 64 1 5 4 3 2; do
    if [ "$1" = "$code" ] || [ "$2" = "$code" ]; then
      echo "$code"
      return
    fi
  done
  if [ "$1" = 0 ]; then echo "$2"; else echo "$1"; fi
}
