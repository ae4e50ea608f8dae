// Package bridge carries one exchange from a downstream connection to an upstream one and back: step 7 of a call's path.
// Before a body byte is touched it is decided which of three things happens, by the dialect of the caller and of the
// endpoint that the balancer picked:
//
//   - pass: both speak gRPC: a stream is relayed frame by frame with back-pressure (stream.go);
//   - re-frame: both speak Thrift: the body is copied, or turned from binary into compact or back (unary.go);
//   - translate: the plan of the method turns the body from protobuf into Thrift or back (unary.go).
//
// Who runs it: the reader goroutine of the downstream connection takes a call as far as the upstream connection's
// queue; the reader goroutine of the upstream connection takes the answer as far as the downstream connection's queue.
// The timer wheel's goroutine ends calls whose deadline has passed. An exchange is answered by whoever moves it from open
// to over, exactly once.
package bridge
