package bridge

import (
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"weft/pkg/budget"
	"weft/pkg/telemetry"
	"weft/pkg/wheel"
	"weft/proxy/h2"
	"weft/proxy/thriftio"
	"weft/translate"
)

// Limits of what a downstream peer can make the proxy hold.
type Limits struct {
	Message          int           // bytes of one message that is translated
	ConnectionMemory int64         // bytes of messages that one connection may have the proxy hold
	QueuedBytes      int           // bytes that may wait to be sent before the sender is held back
	BetweenBytes     time.Duration // a message that has begun may wait so long for its next bytes
	Depth            int
	HTTP2            h2.Config
}

// Bridge is what all exchanges of a process share. It is immutable once the first connection is served.
type Bridge struct {
	Log      *zap.Logger
	Wheel    *wheel.Wheel
	Memory   *budget.Budget // of messages that are held whole
	Limits   Limits
	Recorder *telemetry.Recorder

	unaries sync.Pool
	streams sync.Pool
	outs    sync.Pool
	workers chan struct{} // bounds the goroutines that translate large messages
	running sync.WaitGroup
	served  atomic.Uint32 // downstream connections so far
}

// New returns a bridge. Wait must be called after the last connection has ended.
func New(log *zap.Logger, w *wheel.Wheel, memory *budget.Budget, limits Limits, r *telemetry.Recorder) *Bridge {
	br := &Bridge{Log: log, Wheel: w, Memory: memory, Limits: limits, Recorder: r}
	br.workers = make(chan struct{}, maxWorkers)
	br.unaries.New = func() any { return newUnary(br) }
	br.streams.New = func() any { return newStream(br) }
	br.outs.New = func() any { return &translate.Out{RefMin: refMin, Limit: br.Limits.Message * maxGrowth} }
	return br
}

const (
	// Strings from this size on are referenced in a translated message instead of copied.
	refMin = 16 << 10
	// A translated message may be this many times as large as the limit for messages as they arrive.
	maxGrowth = 2
	// Messages from this size on are translated by a goroutine of their own, so that they do not delay the other
	// calls of their connection.
	bigMessage = 256 << 10
	maxWorkers = 4
)

// Wait returns when no translation is under way any more.
func (br *Bridge) Wait() { br.running.Wait() }

// aside runs f on a worker if there is one free, else here. f ends by itself; Wait waits for it.
func (br *Bridge) aside(f func()) {
	select {
	case br.workers <- struct{}{}:
		br.running.Add(1)
		go func() {
			defer func() { <-br.workers; br.running.Done() }()
			f()
		}()
	default:
		f()
	}
}

// shard numbers connections, so that readers that run at the same time count in different places.
func (br *Bridge) shard() uint8 { return uint8(br.served.Add(1)) }

// out lends an Out for one translation.
func (br *Bridge) out() *translate.Out { return br.outs.Get().(*translate.Out) }

func (br *Bridge) putOut(o *translate.Out) { br.outs.Put(o) }

func (br *Bridge) decoder(memory *budget.Budget) *thriftio.Decoder {
	return thriftio.NewDecoder(thriftio.Limits{MaxMessage: br.Limits.Message, MaxDepth: br.Limits.Depth, Budget: memory})
}
