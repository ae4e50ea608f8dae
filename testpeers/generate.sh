#!/usr/bin/env bash
# Makes all generated code of testpeers, demo and bench again: the .proto views of .thrift files by weft itself, Go
# code of .thrift files by Apache's compiler 0.17, Go code of .proto files by protoc and the pinned plugins of tools/.
set -euo pipefail
cd "$(dirname "$0")/.."
top=$PWD
root=$top/.cache/peers/root
export PATH=$PATH:$root/usr/bin
export LD_LIBRARY_PATH=$root/usr/lib/$(uname -m)-linux-gnu${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}

if ! thrift --version | grep -q ' 0\.17\.' || ! protoc --version >/dev/null; then
  echo "generate: needs thrift 0.17 and protoc (make peers)" >&2
  exit 1
fi
plugins=$top/.cache/plugins
mkdir -p "$plugins"
go build -buildvcs=false -o "$plugins/weft" .
(cd tools && GOBIN=$plugins go install google.golang.org/protobuf/cmd/protoc-gen-go google.golang.org/grpc/cmd/protoc-gen-go-grpc)

# derive FILE.thrift: the .proto view beside it. weft prints the views of included files as well, each below a comment
# with its name; those are derived from their own .thrift files.
derive() {
  local name
  name=$(basename "$1" .thrift).proto
  "$plugins/weft" idl proto "$1" 2>/dev/null >"$1.all" || { "$plugins/weft" idl proto "$1" >/dev/null; return 1; }
  awk -v name="$name" '
    /^\/\/ [A-Za-z0-9_]+\.proto$/ { other = ($2 != name); start = 1; next }
    other { next }
    start && /^$/ { start = 0; next }
    { start = 0 }
    /^$/ { blank = blank "\n"; next }
    { printf "%s%s\n", blank, $0; blank = "" }
  ' "$1.all" >"${1%.thrift}.proto"
  rm "$1.all"
}

# thrift_go DIR FILE.thrift: DIR/gen/thrift/<namespace>, with everything that the file includes.
thrift_go() {
  local out=$1/gen/thrift
  rm -rf "$out" && mkdir -p "$out"
  # The compiler has no generator for `namespace proto` and warns of missing field ids, which are there on purpose.
  thrift -r --gen "go:skip_remote,package_prefix=weft/$out/" -out "$out" "$2" 2>&1 |
    grep -vE "^$|No generator named 'proto'|No field key specified|more efficient \"binary\"" || true
  gofmt -w "$out"
}

# proto_go DIR FILE.proto...: DIR/gen/pb/<file>pb, Go messages and gRPC stubs. Derived files name no Go package, so it
# is given here.
proto_go() {
  local dir=$1 out=$1/gen/pb opts=() file base
  shift
  rm -rf "$out" && mkdir -p "$out"
  for file; do
    base=$(basename "$file" .proto)
    opts+=("--go_opt=M$base.proto=weft/$out/${base}pb" "--go-grpc_opt=M$base.proto=weft/$out/${base}pb")
  done
  protoc -I "$dir/idl" --plugin="$plugins/protoc-gen-go" --plugin="$plugins/protoc-gen-go-grpc" \
    --go_out=. --go_opt=module=weft --go-grpc_out=. --go-grpc_opt=module=weft "${opts[@]}" "$@"
}

derive testpeers/idl/base.thrift
derive testpeers/idl/everything.thrift
derive demo/idl/orders.thrift
thrift_go testpeers testpeers/idl/everything.thrift
thrift_go demo demo/idl/orders.thrift
thrift_go bench bench/idl/order.thrift
proto_go testpeers testpeers/idl/base.proto testpeers/idl/everything.proto
proto_go demo demo/idl/orders.proto
proto_go bench bench/idl/order.proto
