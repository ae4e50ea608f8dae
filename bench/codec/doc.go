// Package codec measures the translation of one message between protobuf and Thrift: by weft's plans, and as a
// hand-written shim does it, through the generated code of both teams. Both routes run in the same benchmark, so that
// one run compares them: go test -bench . ./bench/codec
package codec
