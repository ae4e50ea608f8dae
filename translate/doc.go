// Package translate turns the body of a call from one wire form into the other: protobuf to Thrift binary or
// compact and back. Bytes in, bytes out: it does no I/O, reads no clock, writes no log.
//
// Compile makes a Method of a matched method of a schema once, at load time; its tables are immutable and
// shared. Each reader goroutine of the proxy owns an Out and runs methods with it, without allocation per
// message. Package bridge of the proxy is the caller.
package translate
