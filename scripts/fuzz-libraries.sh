#!/usr/bin/env bash
# Builds libpng and libjpeg-turbo with the fuzzer's instrumentation and the sanitizers, from Debian's source packages of the
# newest version that can be had, as static libraries: scripts/fuzz.sh --instrument links them in the place of the system's.
# Nothing of the system is changed.
# usage: scripts/fuzz-libraries.sh FOLDER
set -euo pipefail
folder=$1
clang=$(dirname "$(readlink -f "$(command -v swift)")")/clang
fail() { echo "fuzz-libraries: $*" >&2; exit 1; }
[ -f "$folder/libpng.a" ] && [ -f "$folder/libjpeg.a" ] && [ -f "$folder/libturbojpeg.a" ] && exit 0
command -v apt-get > /dev/null && command -v dpkg-source > /dev/null ||
  fail "Debian's source packages need apt-get and dpkg-source (package dpkg-dev)"
mkdir -p "$folder/parts" "$folder/lists/partial"
cd "$folder"

# The system's own places, asked for sources instead of packages, with lists of their own.
for place in /etc/apt/sources.list.d/*.sources /etc/apt/sources.list; do
  [ -f "$place" ] || continue
  case $place in
    *.sources) sed 's/^Types:.*/Types: deb-src/' "$place" > "parts/$(basename "$place")" ;;
    *) sed -n 's/^deb /deb-src /p' "$place" > "parts/$(basename "$place")" ;;
  esac
done
apt=(-q -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$PWD/parts" -o "Dir::State::lists=$PWD/lists"
  -o APT::Sandbox::User=root)
apt-get "${apt[@]}" update > update.log 2>&1 || fail "the lists of source packages cannot be read: $PWD/update.log"

# Versions from the newest on: one that has just been replaced may be listed and gone.
fetch() {
  local package=$1 version
  ls -d "$package"-*/ > /dev/null 2>&1 && return
  for version in $(apt-cache "${apt[@]}" showsrc "$package" | sed -n 's/^Version: //p' | sort -rV); do
    apt-get "${apt[@]}" source "$package=$version" > "$package.log" 2>&1 && return
  done
  fail "no version of $package can be had: $PWD/$package.log"
}
fetch libpng1.6
fetch libjpeg-turbo

flags=(-O2 -g1 -fPIC -w -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
  # Shifts and sums that wrap by design of the libraries.
  -fno-sanitize=shift,signed-integer-overflow,pointer-overflow)
compile() {
  local archive=$1 objects=() source
  shift
  mkdir -p "objects/$archive"
  for source in "$@"; do
    objects+=("objects/$archive/$(basename "$source" .c).o")
    "$clang" "${flags[@]}" "${includes[@]}" -c "$source" -o "${objects[-1]}"
  done
  rm -f "$archive"
  ar rcs "$archive" "${objects[@]}"
}

png=$(ls -d "$PWD"/libpng1.6-*/)
cp "$png/scripts/pnglibconf.h.prebuilt" "$png/pnglibconf.h"
includes=(-I"$png" -DPNG_INTEL_SSE_OPT=0 -DPNG_ARM_NEON_OPT=0)
compile libpng.a "$png"/png{,error,get,mem,pread,read,rio,rtran,rutil,set,trans,wio,write,wtran,wutil}.c

jpeg=$(ls -d "$PWD"/libjpeg-turbo-*/)
version=$(sed -n 's/^ *set(VERSION \([0-9.]*\)).*/\1/p' "$jpeg/CMakeLists.txt")
printf '%s\n' '#define JPEG_LIB_VERSION 62' "#define LIBJPEG_TURBO_VERSION $version" \
  '#define LIBJPEG_TURBO_VERSION_NUMBER 2001005' '#define C_ARITH_CODING_SUPPORTED 1' '#define D_ARITH_CODING_SUPPORTED 1' \
  '#define MEM_SRCDST_SUPPORTED 1' '#define BITS_IN_JSAMPLE 8' > "$jpeg/jconfig.h"
printf '%s\n' '#define BUILD "fuzz"' '#define INLINE inline __attribute__((always_inline))' '#define THREAD_LOCAL __thread' \
  '#define PACKAGE_NAME "libjpeg-turbo"' "#define VERSION \"$version\"" '#define SIZEOF_SIZE_T 8' \
  '#define HAVE_BUILTIN_CTZL 1' '#define FALLTHROUGH __attribute__((fallthrough));' > "$jpeg/jconfigint.h"
sed 's/@COPYRIGHT_YEAR@/1991/' "$jpeg/jversion.h.in" > "$jpeg/jversion.h"
includes=(-I"$jpeg")
sources=()
for name in jcapimin jcapistd jccoefct jccolor jcdctmgr jchuff jcicc jcinit jcmainct jcmarker jcmaster jcomapi jcparam jcphuff \
  jcprepct jcsample jctrans jdapimin jdapistd jdatadst jdatasrc jdcoefct jdcolor jddctmgr jdhuff jdicc jdinput jdmainct \
  jdmarker jdmaster jdmerge jdphuff jdpostct jdsample jdtrans jerror jfdctflt jfdctfst jfdctint jidctflt jidctfst jidctint \
  jidctred jquant1 jquant2 jutils jmemmgr jmemnobs jaricom jcarith jdarith jsimd_none; do
  sources+=("$jpeg/$name.c")
done
compile libjpeg.a "${sources[@]}"
compile libturbojpeg.a "${sources[@]}" "$jpeg"/{turbojpeg,transupp,jdatadst-tj,jdatasrc-tj,rdbmp,rdppm,wrbmp,wrppm}.c
echo "fuzz-libraries: $(basename "$png"), $(basename "$jpeg")" >&2
