# Read by the walks: a copy of the walk's specs in a folder of its own, beside local stores from port `$port` on; `$1` is
# the folder of the program. Everything is gone when the walk ends.
. "$(dirname "$0")/../store-events.sh"
program=${1:+$1/}reconciler
work=$(mktemp -d)
cp -r "$(dirname "$0")/specs" "$work/specs"
cd "$work"
: >serve.log
"$program" sandbox serve --port "$port" >serve.log 2>&1 &
stores=$!
trap 'kill $stores 2>/dev/null || true; rm -rf "$work"' EXIT
for _ in 1 2 3 4 5 6 7 8 9 10; do
  grep -q shopline serve.log && grep -q "at http" serve.log && break
  sleep 0.5
done
# Another's stores on these ports would answer, too.
kill -0 $stores 2>/dev/null || { cat serve.log; echo "the local stores did not begin" >&2; exit 1; }
export ACME_US_TOKEN=sandbox-acme-us ACME_TW_TOKEN=sandbox-acme-tw
# Where CI is set, loopback gets a token only if it is listed.
export RECONCILER_HOSTS="http://127.0.0.1:$port,http://127.0.0.1:$((port + 2))"
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@localhost GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@localhost

step() { printf '\n=== %s\n' "$*"; }
# The command has to end with the code that stands first.
ends() {
  wanted=$1
  shift
  code=0
  "$@" || code=$?
  [ "$code" = "$wanted" ] || { echo "ended with $code, not $wanted: $*" >&2; exit 1; }
}
