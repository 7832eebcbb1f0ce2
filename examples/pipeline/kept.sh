# Read by scripts that write to stores: the state folder comes from its branch, and goes back whatever happens.
# shellcheck disable=SC2086
sh "$here/state.sh" restore "$group" $stores
back() {
  ended=$?
  trap - EXIT
  trap '' INT TERM                # whoever cancels a job waits until this is done
  # shellcheck disable=SC2086
  sh "$here/state.sh" save "$group" $stores || { if [ "$ended" = 0 ]; then ended=1; fi; }
  exit "$ended"
}
trap back EXIT
trap 'exit 130' INT TERM
