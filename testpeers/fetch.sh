#!/usr/bin/env bash
# Fetches what the tests against real peers use and this system has not: the Thrift compiler, protoc, and Python's
# grpc, thrift and protobuf. Debian packages are unpacked into .cache/peers/root; package testpeers finds them there.
# Needs no root. Always ends with 0: a test whose tool is missing says so and is skipped.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
cache=$top/.cache/peers
root=$cache/root

export PATH=$PATH:$root/usr/bin
export PYTHONPATH=$root/usr/lib/python3/dist-packages${PYTHONPATH:+:$PYTHONPATH}
libs=$root/usr/lib/$(uname -m)-linux-gnu
export LD_LIBRARY_PATH=$libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}

missing() {
  thrift --version >/dev/null 2>&1 || echo thrift-compiler
  protoc --version >/dev/null 2>&1 || echo protobuf-compiler
  /usr/bin/python3 -c 'import grpc; grpc.__version__' 2>/dev/null || echo python3-grpcio
  /usr/bin/python3 -c 'import thrift.Thrift' 2>/dev/null || echo python3-thrift
  /usr/bin/python3 -c 'import google.protobuf.message' 2>/dev/null || echo python3-protobuf
}

want=$(missing | tr '\n' ' ')
[ -n "$want" ] || exit 0
if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
  echo "peers: no apt-get here, not fetched: $want(the tests that use them are skipped)"
  exit 0
fi

echo "peers: fetching $want"
mkdir -p "$cache/apt/lists/partial" "$cache/apt/cache/archives/partial" "$cache/debs" "$root"
apt() {
  apt-get -qq -o Dir::State::Lists="$cache/apt/lists" -o Dir::Cache="$cache/apt/cache" \
    -o APT::Sandbox::User="$(id -un)" -o Debug::NoLocking=1 "$@"
}
unpack() {
  apt update >/dev/null 2>&1 || return 1
  # Each line of --print-uris names one package of the closure that is not installed: 'uri' file size hash.
  local names
  names=$(apt --print-uris --no-install-recommends -y install $want |
    sed -n "s/^'[^']*' \([^_]*\)_.*/\1/p") || return 1
  [ -n "$names" ] || return 1
  (cd "$cache/debs" && apt download $names) || return 1
  for deb in "$cache"/debs/*.deb; do dpkg -x "$deb" "$root" || return 1; done
}
unpack || echo "peers: apt-get could not fetch $want"

left=$(missing | tr '\n' ' ')
[ -z "$left" ] || echo "peers: not to be had: $left(the tests that use them are skipped)"
exit 0
