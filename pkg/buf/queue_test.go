package buf_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"weft/pkg/buf"
)

func content(q *buf.Queue) []byte { return bytes.Join(q.Vec(nil, 1<<30), nil) }

func fill(n int, salt byte) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i) ^ byte(i>>8) ^ salt
	}
	return b
}

func TestQueueRoom(t *testing.T) {
	var q buf.Queue
	room := q.Room(10)
	if len(room) < 10 {
		t.Fatal("no room")
	}
	q.Wrote(copy(room, "hello"))
	if next := q.Room(3); &next[0] != &room[5] {
		t.Error("the second room is not behind the first bytes")
	}
	q.Wrote(0)
	if len(q.Room(2<<20)) < 2<<20 {
		t.Error("no room for 2 MiB")
	}
	q.Wrote(0)
	if n, _ := buf.InUse(); n != 1 {
		t.Errorf("%d segments in use for one piece", n)
	}
	q.Advance(5)
	if n, _ := buf.InUse(); n != 0 || q.Len() != 0 {
		t.Errorf("an empty queue holds %d segments", n)
	}
	q.Room(10)
	q.Reset()
	if n, _ := buf.InUse(); n != 0 {
		t.Error("Reset leaves what Room took")
	}
}

// A long queue is few pieces, so that one vectored write takes much of it.
func TestQueuePieces(t *testing.T) {
	var q buf.Queue
	for range 10_000 {
		q.Append(make([]byte, 100))
	}
	if n := len(q.Vec(nil, 1000)); n > 20 {
		t.Errorf("1 MB in %d pieces", n)
	}
	if n := len(q.Vec(nil, 2)); n != 2 {
		t.Errorf("%d slices, asked for 2 at most", n)
	}
	q.Reset()
}

// Shared bytes stay when their segment's first owner goes, and are not written behind.
func TestQueueShared(t *testing.T) {
	s := buf.Get(100)
	s.B = append(s.B, "hello, world"...)
	var q, other buf.Queue
	q.AppendShared(s, s.B[:5])
	q.AppendShared(s, nil)
	q.Append([]byte("!"))
	s.Free()
	if got := content(&q); string(got) != "hello!" || string(s.B[5:]) != ", world" {
		t.Errorf("queue %q, segment %q", got, s.B)
	}
	q.MoveTo(&other, 3)
	if string(content(&q)) != "lo!" || string(content(&other)) != "hel" {
		t.Errorf("moved: %q, %q", content(&q), content(&other))
	}
	q.Reset()
	other.Reset()
}

// Both queues may grow after long bytes changed hands.
func TestQueueMoveToKeepsApart(t *testing.T) {
	for _, n := range []int{3000, 4999, 5000} {
		var a, b buf.Queue
		data := fill(5000, 0)
		a.Append(data)
		a.MoveTo(&b, n)
		a.Append([]byte("aaaa"))
		b.Append([]byte("bbbb"))
		if got := content(&a); string(got) != string(data[n:])+"aaaa" {
			t.Errorf("%d moved: the first queue is wrong", n)
		}
		if got := content(&b); string(got) != string(data[:n])+"bbbb" {
			t.Errorf("%d moved: the second queue is wrong", n)
		}
		a.Reset()
		b.Reset()
	}
}

// FuzzQueue runs operations on two queues and on two byte slices beside them.
func FuzzQueue(f *testing.F) {
	f.Add([]byte{0, 1, 100, 1, 0, 50, 2, 0, 10, 3, 0, 60, 4, 1, 0})
	f.Add([]byte{0, 0x20, 0, 0, 0x30, 0, 3, 0x28, 0, 0x80, 5, 5, 0x83, 0x10, 0, 0x82, 1, 1})
	f.Fuzz(func(t *testing.T, ops []byte) {
		before, _ := buf.InUse()
		var q [2]buf.Queue
		var model [2][]byte
		for ; len(ops) >= 3; ops = ops[3:] {
			i := int(ops[0] >> 7)
			n := int(binary.BigEndian.Uint16(ops[1:3]))
			step(&q[i], &q[1-i], &model[i], &model[1-i], ops[0]&0x7f%7, n)
			for j := range q {
				if q[j].Len() != len(model[j]) || !bytes.Equal(content(&q[j]), model[j]) {
					t.Fatalf("queue %d differs after operation %d with %d", j, ops[0], n)
				}
			}
		}
		q[0].Reset()
		q[1].Reset()
		if after, _ := buf.InUse(); after != before {
			t.Fatalf("%d segments leaked", after-before)
		}
		buf.CheckFreed()
	})
}

func step(q, other *buf.Queue, model, otherModel *[]byte, op byte, n int) {
	switch op {
	case 0:
		q.Append(fill(n, op))
		*model = append(*model, fill(n, op)...)
	case 1:
		s := buf.Get(n)
		s.B = append(s.B, fill(n, 7)...)
		q.AppendShared(s, s.B[n/3:])
		*model = append(*model, s.B[n/3:]...)
		s.Free()
	case 2:
		n = min(n, q.Len())
		q.Advance(n)
		*model = (*model)[n:]
	case 3:
		n = min(n, q.Len())
		q.MoveTo(other, n)
		*otherModel = append(*otherModel, (*model)[:n]...)
		*model = (*model)[n:]
	case 4:
		wrote := copy(q.Room(n), fill(n/2, 9))
		q.Wrote(wrote)
		*model = append(*model, fill(n/2, 9)...)
	case 5:
		if head := q.Copy(make([]byte, 0, n)); !bytes.Equal(head, (*model)[:min(n, len(*model))]) {
			panic("Copy differs")
		}
	case 6:
		q.Reset()
		*model = nil
	}
}
