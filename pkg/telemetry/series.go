package telemetry

import (
	"sync/atomic"
	"time"

	"weft/pkg/dialect"
)

// Unknown is the label of a method that the schema does not have.
const Unknown = "unknown"

// Shards is the number of copies of each counter. Cores that count on copies of their own do not wait for each other.
const Shards = 8

// bounds are the upper bounds of the duration histogram's buckets; a last one takes the rest.
var bounds = [...]time.Duration{
	100 * time.Microsecond, 250 * time.Microsecond, 500 * time.Microsecond,
	time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond,
	10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2500 * time.Millisecond, 5 * time.Second,
	10 * time.Second, 30 * time.Second,
}

// Method has the counters of one method of a service in one direction. It is looked up when a route is built and lives as long as
// its Metrics.
type Method struct {
	// immutable
	Direction Direction
	Service   string
	Name      string // as the schema has it, or Unknown

	unknownFields atomic.Uint64
	retries       atomic.Uint64
	shards        [Shards]atomic.Pointer[shard]
}

// What follows is made when it is first used, level by level, and never goes away.

// shard is one copy of a method's counters, by downstream dialect.
type shard struct {
	inFlight [dialect.Count]atomic.Int64
	rows     [dialect.Count]atomic.Pointer[row]
}

// row is that of one downstream dialect, by upstream dialect.
type row [dialect.Count]atomic.Pointer[ends]

// ends are the calls between two dialects, by the ways in which they end.
type ends [codes]atomic.Pointer[[outcomes]atomic.Pointer[cell]]

// cell has the sums and the histogram of the calls that ended in one way. Their number is the sum of the buckets.
type cell struct {
	nanos                                          atomic.Uint64
	requestIn, requestOut, responseIn, responseOut atomic.Uint64
	buckets                                        [len(bounds) + 1]atomic.Uint64
}

// shard returns the copy of the counters that a record uses.
func (m *Method) shard(x *Record) *shard { return made(&m.shards[x.Shard%Shards]) }

// made returns what p points to, making it if it is not there.
func made[T any](p *atomic.Pointer[T]) *T {
	if v := p.Load(); v != nil {
		return v
	}
	v := new(T)
	if p.CompareAndSwap(nil, v) {
		return v
	}
	return p.Load()
}

// add counts a call that is over.
func (s *shard) add(x *Record) {
	between := made(&made(&s.rows[x.Downstream.Index()])[x.Upstream.Index()])
	c := made(&made(&between[x.Code.known()])[min(x.Outcome, outcomes-1)])
	d := max(x.Total, 0)
	c.nanos.Add(uint64(d))
	addBytes(&c.requestIn, x.RequestIn)
	addBytes(&c.requestOut, x.RequestOut)
	addBytes(&c.responseIn, x.ResponseIn)
	addBytes(&c.responseOut, x.ResponseOut)
	c.buckets[bucket(d)].Add(1)
}

func addBytes(to *atomic.Uint64, n int64) {
	if n > 0 {
		to.Add(uint64(n))
	}
}

// bucket is the index of the first bound that is not below d.
func bucket(d time.Duration) int {
	low, high := 0, len(bounds)
	for low < high {
		if mid := (low + high) / 2; d <= bounds[mid] {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return low
}

// end is a way in which calls between two dialects end.
type end struct {
	down, up int
	code     Code
	outcome  Outcome
}

// sums is what all copies of a method's counters make together. It is one scrape's own.
type sums struct {
	inFlight [dialect.Count]int64
	used     [dialect.Count]bool // some call had this downstream dialect
	cells    map[end]*cellSum
}

type cellSum struct {
	nanos, requestIn, requestOut, responseIn, responseOut uint64
	buckets                                               [len(bounds) + 1]uint64
}

func (m *Method) sums() *sums {
	t := &sums{cells: map[end]*cellSum{}}
	for i := range m.shards {
		s := m.shards[i].Load()
		if s == nil {
			continue
		}
		for down := range s.rows {
			n := s.inFlight[down].Load()
			t.inFlight[down] += n
			r := s.rows[down].Load()
			t.used[down] = t.used[down] || n != 0 || r != nil
			if r == nil {
				continue
			}
			for up := range r {
				if between := r[up].Load(); between != nil {
					t.add(between, down, up)
				}
			}
		}
	}
	return t
}

func (t *sums) add(between *ends, down, up int) {
	for code := range between {
		byOutcome := between[code].Load()
		if byOutcome == nil {
			continue
		}
		for outcome := range byOutcome {
			c := byOutcome[outcome].Load()
			if c == nil {
				continue
			}
			k := end{down, up, Code(code), Outcome(outcome)}
			if t.cells[k] == nil {
				t.cells[k] = &cellSum{}
			}
			t.cells[k].add(c)
		}
	}
}

func (t *cellSum) add(c *cell) {
	t.nanos += c.nanos.Load()
	t.requestIn += c.requestIn.Load()
	t.requestOut += c.requestOut.Load()
	t.responseIn += c.responseIn.Load()
	t.responseOut += c.responseOut.Load()
	for i := range c.buckets {
		t.buckets[i] += c.buckets[i].Load()
	}
}
