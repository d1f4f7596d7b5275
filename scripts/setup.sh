#!/usr/bin/env bash
# Finds what the build needs and says what it found. As root on Debian or Ubuntu it installs what is missing;
# otherwise it prints the command to run and ends with 69. Nothing that is there already is touched.
set -euo pipefail

# package, and a header that proves it on systems without dpkg
needs=(
  "libopenblas-dev cblas.h"      # matrix products
  "libdnnl-dev dnnl.h"           # convolution
  "libpng-dev png.h"             # images and label maps
  "libjpeg-dev jpeglib.h"        # photographs; libjpeg-turbo in Debian and Ubuntu
  "libhdf5-dev hdf5.h"           # weights and counts of a run, written
  "zlib1g-dev zlib.h"            # the same, read
  "libssl-dev openssl/evp.h"     # SHA-256 of run ids
  "pkg-config -"                 # finds the above
)

fail() { echo "setup: $*" >&2; exit 1; }
. "$(dirname "$0")/packages.sh"

installed() {
  local package=$1 header=$2
  if command -v dpkg-query > /dev/null; then
    dpkg-query --show --showformat='${db:Status-Abbrev}' "$package" 2> /dev/null | grep -q '^ii'
  elif [ "$header" = - ]; then
    command -v "$package" > /dev/null
  else
    [ -n "$(find /usr/include /usr/local/include -path "*/$header" -print -quit 2> /dev/null)" ]
  fi
}

missing=()
for need in "${needs[@]}"; do
  read -r package header <<< "$need"
  installed "$package" "$header" || missing+=("$package")
done

install_packages setup ${missing[@]+"${missing[@]}"}

command -v swift > /dev/null ||
  fail "there is no swift here; install a Swift 6 toolchain (https://www.swift.org/install/linux) and put it on PATH"
version=$(swift --version 2>&1 | sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' | head -n 1)
[ -n "$version" ] || fail "'swift --version' does not say its version"
minor=${version#*.}
[ "${version%%.*}" -gt 6 ] || { [ "${version%%.*}" -eq 6 ] && [ "${minor%%.*}" -ge 1 ]; } ||
  fail "Swift $version is too old; 6.1 or newer is needed"

if command -v dpkg-query > /dev/null; then
  found=$(for need in "${needs[@]}"; do
    dpkg-query --show --showformat='${Package} ${Version}, ' "${need%% *}" 2> /dev/null || true
  done)
else
  found="$(printf '%s, ' "${needs[@]%% *}")"
fi
echo "setup: found ${found}swift $version" >&2
