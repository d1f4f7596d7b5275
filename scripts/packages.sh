# To be sourced: what a script needs from elsewhere, Debian's packages and Python's.

# lacking SCRIPT MESSAGE: ends the script with 69 (EX_UNAVAILABLE): not what it tests has failed, but it could not be tried here.
lacking() {
  echo "$1: ${*:2}" >&2
  exit 69
}

# install_packages SCRIPT [PACKAGE ...]: installs the packages, or says what is missing and ends with 69. As root on Debian or
# Ubuntu alone; elsewhere it names the command to run.
install_packages() {
  local script=$1
  shift
  [ $# -gt 0 ] || return 0
  command -v apt-get > /dev/null ||
    lacking "$script" "missing: $* (Debian's names); there is no apt-get here, install them by hand"
  [ "$(id -u)" -eq 0 ] ||
    lacking "$script" "missing: $*; run: sudo apt-get update && sudo apt-get install -y --no-install-recommends $*"
  echo "$script: installing $*" >&2
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q >&2 || lacking "$script" "apt-get update failed"
  apt-get install -q -y --no-install-recommends "$@" >&2 || lacking "$script" "apt-get could not install $*"
}

# python_environment SCRIPT FOLDER REQUIREMENTS [OPTION ...]: an environment of Python in FOLDER with the pinned packages,
# made anew unless it has them; the options are pip's. PYTHON names the interpreter.
python_environment() {
  local script=$1 folder=$2 requirements=$3 python=${PYTHON:-python3}
  ! cmp -s "$requirements" "$folder/requirements.txt" || return 0
  command -v "$python" > /dev/null || lacking "$script" "there is no $python here; name one with PYTHON="
  echo "$script: installing what $requirements lists into $folder" >&2
  rm -rf "$folder"
  "$python" -m venv "$folder" || lacking "$script" "'$python -m venv' failed; on Debian install python3-venv"
  "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "${@:4}" -r "$requirements" >&2 ||
    lacking "$script" "pip could not install what $requirements lists"
  cp "$requirements" "$folder/requirements.txt"
}
