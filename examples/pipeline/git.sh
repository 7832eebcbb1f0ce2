# Read by scripts that talk to a remote: with GIT_TOKEN, which stands in no address and no configuration.
asked() {
  # shellcheck disable=SC2016  # git's own shell reads it
  git -c credential.helper= \
    -c credential.helper='!f() { echo username=reconciler; printf "password=%s\n" "$GIT_TOKEN"; }; f' \
    "$@"
}

own_remote() {
  if [ -n "${GITHUB_REPOSITORY:-}" ]; then
    echo "${GITHUB_SERVER_URL:-https://github.com}/$GITHUB_REPOSITORY.git"
  elif [ -n "${CI_PROJECT_URL:-}" ]; then
    echo "$CI_PROJECT_URL.git"
  else
    git remote get-url origin
  fi
}
