// Package proxy is the data path. A call takes these steps, each in the folder of its name:
//
//  1. accept: a listener takes the connection, up to a cap.
//  2. detect: the first bytes tell the caller's dialect.
//  3. h2, thriftio: frames and envelopes become header lists, messages and bodies.
//  4. route: service and method, by which everything about the call was resolved at load time.
//  5. balance: an endpoint of the service.
//  6. upstream: a place on one of the endpoint's connections, or in the queue for one.
//  7. bridge: the exchange passes, re-frames or translates; the answer comes back the same way.
//
// Who owns which goroutine: each downstream connection has one reader goroutine, which the listener's Serve waits for;
// each upstream connection has one, which its pool waits for; one goroutine runs the timer wheel; one for each service
// watches discovery. A socket that is full gets a writer goroutine until its queue is empty, and large messages are
// translated by a bounded number of goroutines. No goroutine belongs to a call.
//
// Who owns which bytes: what was read lies in a segment of pkg/buf that belongs to the reader of its connection; whoever keeps
// a part of it holds a reference. What waits to be sent belongs to the queue of its connection or stream, under that
// connection's lock. A translated body lives in an Out that the running goroutine has borrowed, until it is queued.
package proxy
