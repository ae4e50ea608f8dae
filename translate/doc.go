// Package translate turns the body of a call from one wire form into the other: protobuf to Thrift binary or
// compact and back. Bytes in, bytes out: it does no I/O, reads no clock, writes no log.
//
// The files in reading order: method.go has the calls; plan*.go, compile.go and zero.go make the tables; run_*.go run them.
// From protobuf to Thrift a message is written while it is read where its fields come in order (ordered.go), and else in
// two passes (index.go). From Thrift to protobuf there is one pass, with room left for lengths (gap.go), and a short cut for structs
// whose fields come once (quick.go). Both short cuts run on the steps of step.go.
//
// Compile makes a Method of a matched method of a schema once, at load time; its tables are immutable and
// shared. Each reader goroutine of the proxy owns an Out and runs methods with it, without allocation per
// message. Package bridge of the proxy is the caller.
package translate
