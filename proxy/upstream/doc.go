// Package upstream turns an endpoint into live connections: a pool for each endpoint dials, fills each connection to
// its depth before it uses the next, and parks calls in a capped queue while there is no place for them. Nothing here
// ever blocks the goroutine of a caller.
//
// Package bridge is its caller: it asks a pool for a place, writes the call on the connection it gets, and is told
// what became of it through the interfaces Call, ThriftCall and StreamCall.
//
// Lock order: a pool's lock is held alone; a connection's lock is never taken under it.
package upstream
