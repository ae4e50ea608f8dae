package bridge

import (
	"errors"

	"weft/pkg/sock"
	"weft/pkg/telemetry"
	"weft/proxy/balance"
	"weft/proxy/route"
	"weft/proxy/upstream"
)

// This file places a unary exchange on a connection, and places it again where it cannot have been executed: its connection took
// nothing any more, none could be made, or the endpoint says by REFUSED_STREAM or GOAWAY that it did not act on the call.

const (
	// mostAttempts is how often a call is placed.
	mostAttempts = 4
	// mostKept is the size in bytes up to which a request is kept until its endpoint has answered.
	mostKept = 64 << 10
)

// isFull reports whether a call got no place because as many wait as may: trying again would only add to it.
func isFull(err error) bool {
	return errors.Is(err, upstream.ErrOverflow) || errors.Is(err, upstream.ErrPending)
}

// another returns an endpoint for a further attempt of a call: one that speaks the same dialect, if possible not the one before, which
// is allowed only where same is set. nil where there is none.
func another(r *route.Rule, before *balance.Endpoint, same bool) *balance.Endpoint {
	if ep := r.Other(before); ep != nil {
		return ep
	}
	if same {
		return before
	}
	return nil
}

func (x *unary) ep() *balance.Endpoint { return x.endpoint.Load() }

// acquire takes a place for a call whose request is kept, or parks it. The upstream side's reference goes with it.
func (x *unary) acquire(b *sock.Batch) {
	x.Ref() // this function's: once it is parked the call may be in other hands
	defer x.Unref()
	c, err := x.ep().Pool.AcquireOrPark(x, x.on)
	switch {
	case err != nil:
		x.Unassigned(err, b)
	case c != nil:
		if !x.Assigned(c, b) {
			c.Release(b)
		}
	case x.over.Load() && upstream.Unpark(x): // given up in between
		x.Unref()
	}
}

// Assigned sends a call that was parked.
func (x *unary) Assigned(c *upstream.Conn, b *sock.Batch) bool {
	if x.over.Load() {
		x.Unref()
		return false
	}
	flat := x.kept.Copy(make([]byte, 0, x.kept.Len()))
	if c.Thrift != nil || len(flat) > mostKept {
		x.kept.Reset()
	}
	x.send(c, &upstream.Payload{B: flat}, b)
	return true
}

// Unassigned is told that there is no connection for the call.
func (x *unary) Unassigned(err error, b *sock.Batch) {
	why := placeError(x.ep(), err)
	if isFull(err) {
		x.fail(why, telemetry.Rejected, b)
		x.Unref()
		return
	}
	x.again(why, telemetry.ConnectFailed, false, b)
}

// send writes the request on c. The upstream side's reference goes with it.
func (x *unary) send(c *upstream.Conn, payload *upstream.Payload, b *sock.Batch) {
	x.Ref() // this function's: the answer may be there before it returns
	defer x.Unref()
	x.conn.Store(c)
	x.upBytes.Store(int64(payload.Len()))
	var sent bool
	if c.Thrift != nil {
		sent = c.Thrift.Send(x, x.name, x.oneway, payload, b)
		if sent { // what is queued there has a limit of its own
			x.in.drop()
		}
	} else {
		if payload.Len() <= mostKept {
			x.keep(payload)
		}
		sent = x.openStream(c, payload, b)
	}
	switch {
	case !sent:
		x.keep(payload)
		c.Refused(b)
		x.again(placeError(x.ep(), upstream.ErrClosed), telemetry.ConnectFailed, true, b)
	case x.oneway && c.Thrift != nil: // Sent follows, and ends it
	case x.over.Load(): // given up in between
		x.abandon(b)
	}
}

// keep holds the request for a further attempt, unless it is held already.
func (x *unary) keep(payload *upstream.Payload) {
	if x.kept.Len() == 0 {
		payload.AppendTo(&x.kept)
	}
}

// again places a call that was not executed once more, at the same endpoint only where same is set, or fails it with why. The upstream
// side's reference goes with it.
func (x *unary) again(why *callError, outcome telemetry.Outcome, same bool, b *sock.Batch) {
	ep := another(x.rule, x.ep(), same)
	if ep == nil || x.over.Load() || x.kept.Len() == 0 || x.attempts.Load() >= mostAttempts {
		x.fail(why, outcome, b)
		x.Unref()
		return
	}
	if ep != x.ep() {
		x.on = nil // it is the other one's
	}
	x.attempts.Add(1)
	x.endpoint.Store(ep)
	x.acquire(b)
}
