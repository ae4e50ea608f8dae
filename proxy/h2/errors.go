package h2

import (
	"fmt"

	"golang.org/x/net/http2"
)

// ConnectionError ends the connection (RFC 9113, 5.4.1). The peer was told by GOAWAY, where it spoke HTTP/2 at all.
type ConnectionError struct {
	Code   http2.ErrCode
	Reason string
}

func (e ConnectionError) Error() string {
	return fmt.Sprintf("http2 connection error %v: %s", e.Code, e.Reason)
}

// StreamError ends one stream by RST_STREAM (RFC 9113, 5.4.2).
type StreamError struct {
	StreamID uint32
	Code     http2.ErrCode
	Reason   string
}

func (e StreamError) Error() string {
	return fmt.Sprintf("http2 stream %d error %v: %s", e.StreamID, e.Code, e.Reason)
}

func protocolError(reason string) error {
	return ConnectionError{http2.ErrCodeProtocol, reason}
}

// calmError is the answer to a peer that uses up more of us than its calls can be worth.
func calmError(reason string) error {
	return ConnectionError{http2.ErrCodeEnhanceYourCalm, reason}
}
