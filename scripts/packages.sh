# To be sourced, by scripts that have a function `fail`: Debian's packages.

# install_packages SCRIPT [PACKAGE ...]: installs the packages, or fails and says what is missing. As root on Debian or Ubuntu
# alone; elsewhere it names the command to run.
install_packages() {
  local script=$1
  shift
  [ $# -gt 0 ] || return 0
  command -v apt-get > /dev/null ||
    fail "missing: $* (Debian's names); there is no apt-get here, install them by hand"
  [ "$(id -u)" -eq 0 ] ||
    fail "missing: $*; run: sudo apt-get update && sudo apt-get install -y --no-install-recommends $*"
  echo "$script: installing $*" >&2
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q >&2 || fail "apt-get update failed"
  apt-get install -q -y --no-install-recommends "$@" >&2 || fail "apt-get could not install $*"
}
